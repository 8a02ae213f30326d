// The segments of a conversation on a time line: sessions with their agents, holds and transfers, recordings, the head.
import { draw, when } from "./dom.js";

const WIDE = 1000;
const LEFT = 150;
const ROW = 24;
const at = (text) => (text ? Date.parse(text) : NaN);

export function drawTimeline(view) {
  const rows = [...view.sessions.map(ofSession), ...view.recordings.filter((each) => each.state === "archived").map(ofRecording)];
  const times = [at(view.conversation?.started_on), at(view.conversation?.closed_on),
    ...rows.flatMap((row) => [row.from, row.to])].filter(Number.isFinite);
  const begin = Math.min(...times);
  const end = Math.max(...times, begin + 1000);
  const x = (time) => LEFT + ((Math.min(Math.max(time, begin), end) - begin) / (end - begin)) * (WIDE - LEFT - 8);
  const high = rows.length * ROW + 26;
  const svg = draw("svg", { viewBox: `0 0 ${WIDE} ${high}`, role: "img", "aria-label": `Time line from ${when(new Date(begin).toISOString())}; the same is in the tables below` });
  const bars = new Map();
  rows.forEach((row, number) => {
    const top = number * ROW;
    svg.append(draw("text", { x: 4, y: top + 15, class: "strong" }, row.label.slice(0, 24)));
    const bar = draw("rect", { x: x(row.from), y: top + 3, width: Math.max(3, x(row.to) - x(row.from)), height: ROW - 8, rx: 3, class: row.tint });
    svg.append(bar);
    if (row.id) bars.set(row.id, bar);
    for (const mark of row.marks) {
      const from = at(mark.begun_at ?? mark.ended_at);
      const to = at(mark.ended_at ?? mark.begun_at);
      if (Number.isFinite(from)) svg.append(draw("rect", { x: x(from), y: top + 3, width: Math.max(3, x(to) - x(from)), height: ROW - 8, class: "hold" }, draw("title", {}, mark.kind)));
    }
  });
  const head = draw("line", { x1: LEFT, x2: LEFT, y1: 0, y2: high - 22, class: "playhead" });
  svg.append(head, draw("text", { x: LEFT, y: high - 8 }, when(new Date(begin).toISOString())),
    draw("text", { x: WIDE - 8, y: high - 8, "text-anchor": "end" }, when(new Date(end).toISOString())));
  return {
    element: svg,
    move(time) { head.setAttribute("x1", x(time)); head.setAttribute("x2", x(time)); },
    place(id, from, to) {
      bars.get(id)?.setAttribute("x", x(from));
      bars.get(id)?.setAttribute("width", Math.max(3, x(to) - x(from)));
    },
    onPick(pick) {
      svg.onclick = (event) => {
        const box = svg.getBoundingClientRect();
        const along = ((event.clientX - box.left) / box.width) * WIDE;
        if (along >= LEFT) pick(begin + ((along - LEFT) / (WIDE - LEFT - 8)) * (end - begin));
      };
    },
  };
}

function ofSession(session) {
  const from = at(session.accepted_on ?? session.assigned_on);
  return { label: session.agent ?? "nobody", from, to: at(session.closed_on) || from, tint: "f-bar", marks: session.marks };
}

function ofRecording(recording) {
  if (recording.screen) {
    return { id: recording.id, label: `screen ${recording.screen.agent}`, from: at(recording.screen.started_at),
      to: at(recording.screen.ended_at), tint: "f-peer", marks: recording.screen.marks };
  }
  return { id: recording.id, label: "call audio", from: at(recording.created_on), to: at(recording.created_on), tint: "f-main", marks: [] };
}

// Dynamics does not say when a recording begins. One for each accepted session: with it; else it ends when it was created.
export function beginning(view, recording, seconds) {
  const audio = view.recordings.filter((each) => !each.screen);
  const accepted = view.sessions.map((each) => at(each.accepted_on)).filter(Number.isFinite).sort((one, other) => one - other);
  const place = audio.findIndex((each) => each.id === recording.id);
  return accepted.length === audio.length ? accepted[place] : at(recording.created_on) - 1000 * seconds;
}
