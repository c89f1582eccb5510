// The hosted page in headless Chromium: a chat from the form to its end. One JSON object on stdout.
import { chromium } from "playwright-core";

const [url, flow, file, picture, browserPath] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: browserPath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
const found = { errors: [], foreign: [] };
try {
  const page = await browser.newPage({ viewport: { width: 900, height: 760 } });
  page.on("pageerror", (error) => found.errors.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") found.errors.push(message.text()); });
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(url)) found.foreign.push(request.url());
  });
  await page.goto(`${url}/offhook/chat/?flow=${flow}&name=Wanda`);
  await page.getByLabel("Attributes").fill("name = Wanda");
  if (picture) await page.screenshot({ path: `${picture}-form.png` });
  await page.getByRole("button", { name: "Start chat" }).click();
  await page.getByText("Hello Wanda").waitFor();
  await page.getByLabel("Message", { exact: true }).fill("Is <b>anybody</b> there?");
  await page.keyboard.press("Enter");
  await page.getByText("I hear you").waitFor();
  await page.locator("#file").setInputFiles(file);
  await page.getByRole("button", { name: "note.txt" }).waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "note.txt" }).click();
  found.download = (await download).suggestedFilename();
  await page.reload();
  await page.getByText("Hello Wanda").waitFor();
  found.status = await page.locator("#status").textContent();
  found.bubbles = await page.locator("#log .bubble").allTextContents();
  if (picture) await page.screenshot({ path: `${picture}-chat.png` });
  await page.getByRole("button", { name: "End chat" }).click();
  await page.getByText("The chat has ended").first().waitFor();
  found.events = await page.locator("#log .event").allTextContents();
  if (picture) {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: `${picture}-dark.png` });
  }
} catch (error) {
  found.failed = String(error);
} finally {
  await browser.close();
}
process.stdout.write(`${JSON.stringify(found)}\n`);
