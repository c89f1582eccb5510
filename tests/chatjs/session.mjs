// amazon-connect-chatjs as it comes from npm, led by lines on stdin: {"id", "do", ...} is answered by {"id", "ok"} or
// {"id", "error"}; what the session tells is {"on", "data"}.
import { createInterface } from "node:readline";
import WebSocket from "ws";

const sockets = new Set();
class Watched extends WebSocket {
  constructor(...words) {
    super(...words);
    sockets.add(this);
    this.on("close", () => sockets.delete(this));
  }
}

globalThis.window = globalThis.self = globalThis;
Object.defineProperty(globalThis, "navigator", { value: { onLine: true, userAgent: "node" }, configurable: true });
globalThis.WebSocket = Watched;
globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
for (const name of ["log", "info", "warn", "debug", "error"]) console[name] = () => {};

await import("amazon-connect-chatjs");
const REGION = "us-east-1";
let session;

const tells = {
  onConnectionEstablished: "established", onConnectionBroken: "broken", onConnectionLost: "lost", onMessage: "message",
  onTyping: "typing", onReadReceipt: "read", onDeliveredReceipt: "delivered", onEnded: "ended",
  onParticipantIdle: "idle", onChatRehydrated: "rehydrated", onDeepHeartbeatFailure: "heartbeat failed",
  onConnectionHealthy: "healthy",
};

const deeds = {
  async create({ url, details }) {
    connect.ChatSession.setGlobalConfig({ region: REGION, endpoint: url });
    session = connect.ChatSession.create({
      type: "CUSTOMER", disableCSM: true, options: { region: REGION }, chatDetails: details,
    });
    for (const [on, name] of Object.entries(tells)) session[on]?.((event) => say({ on: name, data: event?.data ?? null }));
  },
  connect: () => session.connect(),
  send: ({ text, type = "text/plain" }) => session.sendMessage({ contentType: type, message: text }),
  event: ({ kind, content }) => session.sendEvent({ contentType: kind, ...(content ? { content } : {}) }),
  transcript: (asked) => session.getTranscript({ maxResults: 100, sortOrder: "ASCENDING", ...asked.with }),
  attach: ({ name, type, text }) => session.sendAttachment({ attachment: new File([text], name, { type }) }),
  download: async ({ attachment }) => ({ data: await (await session.downloadAttachment({ attachmentId: attachment })).text() }),
  view: ({ token }) => session.describeView({ viewToken: token }),
  disconnect: () => session.disconnectParticipant(),
  drop: () => { for (const each of sockets) each.terminate(); },
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  Promise.resolve().then(() => deeds[asked.do](asked)).then(
    (answer) => say({ id: asked.id, ok: answer?.data ?? null }),
    (error) => say({ id: asked.id, error: { type: error?.type, message: String(error?.message ?? error), status: error?.statusCode } }),
  );
}
process.exit(0);
