// The customer's side of a chat, through amazon-connect-chatjs. Everything shown comes from the transcript and the
// socket; nothing is shown as HTML.
const MESSAGE = "application/vnd.amazonaws.connect.message.";
const EVENT = "application/vnd.amazonaws.connect.event.";
const KEPT = "offhook-chat";
const REGION = "us-east-1";
const TOLD = {
  "participant.joined": (name) => `${name} joined`,
  "participant.left": (name) => `${name} left`,
  "participant.idle": (name) => `${name} is idle`,
  "participant.returned": (name) => `${name} is back`,
  "participant.autodisconnection": (name) => `${name} was idle for too long`,
  "transfer.succeeded": () => "You were transferred",
  "transfer.failed": () => "The transfer failed",
  "chat.ended": () => "The chat has ended",
  "chat.rehydrated": () => "The earlier chat goes on",
};

const at = (id) => document.getElementById(id);
const shown = new Map();
let session = null;
let me = "";
let typingTimer = 0;
let comingBack = 0;
let isOver = false;

function say(text, state = "") {
  at("status").textContent = text;
  at("status").dataset.state = state;
}

function made(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

// --- what is shown ---

function show(item) {
  if (shown.has(item.Id)) return;
  const kind = (item.ContentType || "").replace(EVENT, "");
  if (item.Type === "EVENT") {
    const told = TOLD[kind];
    if (!told) return;
    append(item, made("li", "event", told(item.DisplayName || "Somebody")));
  } else if (item.Type === "MESSAGE" || item.Type === "ATTACHMENT") {
    append(item, message(item));
    receipts(item);
  }
}

function append(item, node) {
  const time = new Date(item.AbsoluteTime);
  node.title = Number.isNaN(time.getTime()) ? "" : time.toLocaleTimeString();
  shown.set(item.Id, node);
  const log = at("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.append(node);
  if (isAtEnd || node.classList.contains("mine")) log.scrollTop = log.scrollHeight;
}

function message(item) {
  const isMine = item.ParticipantId === me;
  const node = made("li", isMine ? "mine" : "theirs");
  const name = item.ParticipantRole === "SYSTEM" && item.DisplayName === "SYSTEM_MESSAGE" ? "Flow" : item.DisplayName;
  node.append(made("p", "who", isMine ? "You" : name || item.ParticipantRole || ""));
  const bubble = made("div", "bubble");
  if (item.Type === "ATTACHMENT") {
    for (const each of item.Attachments || []) bubble.append(file(each));
  } else if (item.ContentType === `${MESSAGE}interactive`) {
    interactive(bubble, item.Content);
  } else if (item.ContentType === `${MESSAGE}interactive.response`) {
    bubble.textContent = chosen(item.Content);
  } else {
    bubble.textContent = item.Content || "";
  }
  node.append(bubble);
  if (isMine) node.append(made("p", "receipt"));
  return node;
}

function file(attachment) {
  const button = made("button", "quiet", attachment.AttachmentName);
  button.type = "button";
  button.addEventListener("click", async () => {
    const blob = await session.downloadAttachment({ attachmentId: attachment.AttachmentId });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = attachment.AttachmentName;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  return button;
}

function parsed(text) {
  try {
    const found = JSON.parse(text);
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

function interactive(bubble, text) {
  const found = parsed(text);
  const content = (found.data && found.data.content) || {};
  bubble.append(made("div", "", content.title || content.Heading || `View ${(found.data || {}).view || ""}`));
  if (content.subtitle) bubble.append(made("div", "hint", content.subtitle));
  const choices = made("div", "choices");
  for (const each of options(found, content)) {
    const button = made("button", "", each.title);
    button.type = "button";
    button.addEventListener("click", () => {
      for (const other of choices.children) other.disabled = true;
      send(each.content, each.type);
    });
    choices.append(button);
  }
  bubble.append(choices);
}

function options(found, content) {
  if (found.templateType === "ViewResource") {
    const actions = found.data.actions || Object.keys(content).filter((key) => typeof content[key] === "string");
    return actions.map((name) => ({
      title: name, type: `${MESSAGE}interactive.response`,
      content: JSON.stringify({ templateType: "ViewResource", version: "1.0", action: name, data: { content: {} } }),
    }));
  }
  const elements = content.elements || content.timeslots || (content.event && content.event.timeslots) || [];
  return elements.map((each) => {
    const title = each.title || each.date || "";
    return { title, content: each.date || title, type: "text/plain" };
  });
}

function chosen(text) {
  const found = parsed(text);
  const content = (found.data && found.data.content) || {};
  return found.action || content.title || text;
}

function receipts(item) {
  const node = shown.get(item.Id || (item.MessageMetadata || {}).MessageId);
  const line = node && node.querySelector(".receipt");
  const all = (item.MessageMetadata || {}).Receipts || [];
  if (!line || !all.length) return;
  if (all.some((each) => each.ReadTimestamp)) line.textContent = "Read";
  else if (line.textContent !== "Read") line.textContent = "Delivered";
}

// --- the chat ---

async function begin(details) {
  me = details.ParticipantId;
  window.connect.ChatSession.setGlobalConfig({ region: REGION, endpoint: location.origin });
  session = window.connect.ChatSession.create({
    type: "CUSTOMER", disableCSM: true, options: { region: REGION }, chatDetails: details,
  });
  session.onMessage(({ data }) => hear(data));
  session.onTyping(({ data }) => typing(data));
  for (const on of ["onParticipantIdle", "onParticipantReturned", "onAutoDisconnection", "onChatRehydrated"]) {
    if (session[on]) session[on](({ data }) => show(data));
  }
  session.onReadReceipt(({ data }) => receipts({ ...data, Id: data.MessageMetadata.MessageId }));
  session.onDeliveredReceipt(({ data }) => receipts({ ...data, Id: data.MessageMetadata.MessageId }));
  session.onConnectionEstablished(() => { say("Connected", "on"); catchUp(); });
  session.onConnectionBroken(() => comeBack(details));
  session.onEnded(over);
  say("Connecting");
  await session.connect();
  at("start").hidden = true;
  at("chat").hidden = at("end").hidden = false;
  at("text").focus();
}

// The client gives up for good when the server is away for a second or two; a new session of the same chat goes on.
function comeBack(details) {
  if (isOver) return;
  say("Connection lost, trying again", "lost");
  clearTimeout(comingBack);
  comingBack = setTimeout(() => begin(details).catch((error) => {
    if (error && error.statusCode === 403) over();
    else comeBack(details);
  }), 2_000);
}

function hear(item) {
  show(item);
  if (item.ContentType === `${EVENT}chat.ended`) over();
  if (item.Type === "MESSAGE" && item.ParticipantId !== me && item.ParticipantRole !== "SYSTEM" && !document.hidden) {
    session.sendEvent({ contentType: `${EVENT}message.read`, content: JSON.stringify({ messageId: item.Id }) })
      .catch(() => {});
  }
  if (item.ParticipantId !== me) at("typing").textContent = "";
}

async function catchUp() {
  let nextToken;
  const pages = [];
  do {
    const { data } = await session.getTranscript({
      maxResults: 100, scanDirection: "BACKWARD", sortOrder: "ASCENDING", ...(nextToken ? { nextToken } : {}),
    });
    pages.unshift(data.Transcript);
    nextToken = data.NextToken;
  } while (nextToken);
  pages.flat().forEach(show);
}

function typing(item) {
  if (item.ParticipantId === me) return;
  at("typing").textContent = `${item.DisplayName} is typing`;
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => { at("typing").textContent = ""; }, 12_000);
}

function over() {
  isOver = true;
  sessionStorage.removeItem(KEPT);
  say("The chat has ended");
  at("write").hidden = at("end").hidden = true;
  at("again").hidden = false;
  at("typing").textContent = "";
}

async function send(message, contentType = "text/plain") {
  try {
    await session.sendMessage({ contentType, message });
    return true;
  } catch (error) {
    append({ Id: crypto.randomUUID(), AbsoluteTime: "" }, made("li", "event", `Not sent: ${reason(error)}`));
    return false;
  }
}

function reason(error) {
  return (error && (error.message || (error.data && error.data.Message))) || "no answer from the server";
}

// --- the forms ---

function attributes(text) {
  const found = {};
  for (const line of text.split("\n")) {
    const cut = line.indexOf("=");
    if (cut > 0) found[line.slice(0, cut).trim()] = line.slice(cut + 1).trim();
  }
  return found;
}

async function fill() {
  const reply = await fetch("flows.json");
  if (!reply.ok) throw new Error(await reply.text());
  const wanted = new URLSearchParams(location.search);
  const instances = await reply.json();
  for (const instance of instances) {
    const group = document.createElement("optgroup");
    group.label = instance.alias;
    for (const flow of instance.flows) {
      const option = new Option(flow.name, JSON.stringify([instance.id, flow.id]));
      option.selected = flow.id === wanted.get("flow") || flow.name === wanted.get("flow");
      group.append(option);
    }
    if (instance.flows.length) at("flow").append(group);
  }
  if (!at("flow").options.length) at("problem").textContent = "No inbound flow is published yet.";
  if (wanted.get("name")) at("name").value = wanted.get("name");
}

at("start").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("problem").textContent = "";
  const [InstanceId, ContactFlowId] = JSON.parse(at("flow").value);
  const asked = {
    InstanceId, ContactFlowId, ParticipantDetails: { DisplayName: at("name").value },
    Attributes: attributes(at("attributes").value),
    SupportedMessagingContentTypes: [
      "text/plain", "text/markdown", "application/json", `${MESSAGE}interactive`, `${MESSAGE}interactive.response`,
    ],
  };
  try {
    const reply = await fetch("/offhook/chat", {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(asked),
    });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(answer.message);
    sessionStorage.setItem(KEPT, JSON.stringify(answer.data.startChatResult));
    await begin(answer.data.startChatResult);
  } catch (error) {
    say("Not connected");
    at("problem").textContent = reason(error);
  }
});

at("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text) return;
  at("text").value = "";
  if (!await send(text)) at("text").value = text;
  at("text").focus();
});

at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at("write").requestSubmit();
  }
});
at("text").addEventListener("input", () => {
  session.sendEvent({ contentType: `${EVENT}typing` }).catch(() => {});
});

at("file").addEventListener("change", async () => {
  const [attachment] = at("file").files;
  at("file").value = "";
  if (!attachment) return;
  try {
    await session.sendAttachment({ attachment });
  } catch (error) {
    append({ Id: crypto.randomUUID(), AbsoluteTime: "" }, made("li", "event", `Not sent: ${reason(error)}`));
  }
});

at("end").addEventListener("click", () => session.disconnectParticipant());
at("again").addEventListener("click", () => location.reload());

const kept = sessionStorage.getItem(KEPT);
try {
  await fill();
  if (kept) await begin(JSON.parse(kept));
} catch (error) {
  sessionStorage.removeItem(KEPT);
  at("start").hidden = false;
  say("Not connected");
  if (!kept) at("problem").textContent = reason(error);
}
