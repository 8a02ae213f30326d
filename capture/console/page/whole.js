// Reads a whole recording piece by piece and its SHA-256. Calls of more than 64 MiB are played without.
const MOST = 64 * 1024 * 1024;

export async function readWhole(address, size, signal) {
  if (size > MOST) throw new Error("This recording is too long for a waveform; it plays all the same.");
  const bytes = new Uint8Array(size);
  let at = 0;
  for (let total = size; at < total;) {
    const answer = await fetch(address, { headers: { range: `bytes=${at}-` }, signal });
    if (answer.status !== 206) throw new Error(`The audio cannot be read: the node answered ${answer.status}.`);
    total = Number(answer.headers.get("content-range").split("/")[1]);
    const piece = new Uint8Array(await answer.arrayBuffer());
    if (at + piece.length > size) return { bytes, sha256: "longer than the ledger says" };
    bytes.set(piece, at);
    at += piece.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, at)));
  return { bytes: bytes.slice(0, at), sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}
