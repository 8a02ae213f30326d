// Days with their compliance figure, and what is missing.
import { ask } from "./api.js";
import { by, make, table, when } from "./dom.js";

const COLUMNS = [["day"], ["completed", "number"], ["with recording", "number"], ["archived", "number"], ["pending", "number"],
  ["parked", "number"], ["without recording", "number"], ["too short", "number"], ["compliance", "number"],
  ["in Dynamics", "number"], ["in the ledger", "number"], ["read at (UTC)"], ["what is wrong"]];

const EVERY = 60000;

export async function watchDays() {
  for (;;) {
    if (!document.hidden) await show();
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

async function show() {
  try {
    const days = await ask("verification", { days: "7" });
    by("days").replaceChildren(days.length ? table(COLUMNS, days.map(line)) : "No day has been read yet.");
  } catch (error) {
    by("days").replaceChildren(make("p", { class: "faint" },
      error.status === 404 ? "Verification is not available on this version." : error.message));
  }
}

function line(day) {
  const whole = day.compliance === null ? "–" : `${(day.compliance * 100).toFixed(2)} %`;
  const closing = day.incident && day.closed
    ? `; ${day.open ? "worse than when it was closed" : "closed"} by ${day.closed.by}: ${day.closed.note}` : "";
  const wrong = `${day.incident ?? ""}${closing}`;
  return [day.day, day.completed, day.with_recording, day.archived, day.pending, day.parked, day.without_recording, day.too_short,
    make("span", { class: day.open ? "bad" : "good" }, whole), day.in_dynamics, day.in_ledger, when(day.read_at), wrong];
}
