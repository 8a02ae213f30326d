// Asking the node. Everything is below /api/console on the same host; nothing else is ever asked.
const ROOT = "/api/console/";

export class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

export async function ask(path, query = {}) {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return read(await fetch(`${ROOT}${path}${words.size ? `?${words}` : ""}`, { signal: AbortSignal.timeout(15000) }));
}

export async function tell(path, document) {
  const headers = { "content-type": "application/json", "x-capture-console": "1" };
  return read(await fetch(`${ROOT}${path}`, { method: "POST", headers, body: JSON.stringify(document) }));
}

export const mediaAddress = (recording) =>
  `${ROOT}media/${encodeURIComponent(recording.id)}?at=${encodeURIComponent(recording.created_on)}`;

async function read(answer) {
  const text = await answer.text();
  let document = null;
  try { document = text ? JSON.parse(text) : null; } catch { /* an error page of whoever stands in front */ }
  if (!answer.ok) throw new Refused(answer.status, document?.error ?? `the node answered ${answer.status}`);
  return document;
}
