// One conversation: what is known of it, its time line, and its recordings with the player.
import { ask } from "./api.js";
import { by, make, size, table, when } from "./dom.js";
import { play } from "./player.js";
import { drawTimeline } from "./timeline.js";

export async function showConversation(key, recordingId) {
  const section = by("conversation");
  section.hidden = false;
  by("about").textContent = "Reading…";
  for (const id of ["timeline", "player", "screens", "parts"]) by(id).replaceChildren();
  try {
    const view = await ask(`conversations/${encodeURIComponent(key)}`);
    by("about").replaceChildren(about(view));
    const line = drawTimeline(view);
    by("timeline").replaceChildren(line.element);
    by("parts").replaceChildren(make("h3", {}, "Sessions"), sessions(view), make("h3", {}, "Recordings"), recordings(view, line));
    const audio = view.recordings.filter((each) => !each.screen && each.state === "archived");
    const first = audio.find((each) => each.id === recordingId) ?? audio[0];
    if (first) play(view, first, line);
    else by("player").textContent = "No call audio of this conversation is archived.";
  } catch (error) {
    by("about").textContent = error.message;
  }
  section.focus();
  section.scrollIntoView({ block: "start" });
}

function about(view) {
  const talk = view.conversation;
  if (!talk) return make("p", {}, `Nothing but the recordings is known of ${view.key}.`);
  const said = [`${talk.outbound ? "to" : "from"} ${talk.customer ?? "somebody unknown"}`, talk.queue && `queue ${talk.queue}`,
    talk.from_phone && `${talk.from_phone} → ${talk.to_phone ?? "?"}`, `${when(talk.started_on)} to ${when(talk.closed_on)} UTC`];
  return make("p", {}, said.filter(Boolean).join(" · "), make("br"), make("code", {}, talk.id));
}

const sessions = (view) => table([["agent"], ["accepted"], ["closed"], ["closed because"], ["with"], ["holds and transfers"]],
  view.sessions.map((each) => [each.agent, when(each.accepted_on), when(each.closed_on), each.closure_reason,
    each.participants.filter((one) => one.agent !== each.agent).map((one) => `${one.agent} (${one.mode})`).join(", ") || "–",
    each.marks.map((mark) => `${mark.kind} ${when(mark.begun_at).slice(11)}–${when(mark.ended_at).slice(11)}`).join(", ") || "–"]));

function recordings(view, line) {
  return table([["created (UTC)"], ["what"], ["size", "number"], ["archived by"], ["integrity"], ["SHA-256"]], view.recordings.map((each) => {
    const label = each.screen ? `screen of ${each.screen.agent}` : "call audio";
    const start = each.state === "archived" && !each.screen
      ? make("button", { type: "button", class: "plain", onclick: () => play(view, each, line) }, `Play ${when(each.created_on).slice(11)}`)
      : when(each.created_on);
    const copies = each.copies.map((copy) => `${copy.node} ${when(copy.archived_at)}`).join(", ");
    return [start, label, size(each.size), copies || each.reason || each.state,
      make("span", { id: `integrity-${each.id}`, class: "faint" }, each.sha256 ? "not checked yet" : "–"),
      make("code", {}, each.sha256?.slice(0, 16) ?? "–")];
  }));
}
