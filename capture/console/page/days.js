// Days with their compliance figure, and what is missing.
import { ask } from "./api.js";
import { by, make, table } from "./dom.js";

const COLUMNS = [["day"], ["completed", "number"], ["with recording", "number"], ["archived", "number"], ["pending", "number"],
  ["parked", "number"], ["without recording", "number"], ["too short", "number"], ["compliance", "number"]];

export async function showDays() {
  try {
    const days = await ask("verification", { days: "7" });
    by("days").replaceChildren(make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Days" }, table(COLUMNS, days.map(line))));
  } catch (error) {
    by("days").replaceChildren(make("p", { class: "faint" },
      error.status === 404 ? "Verification is not available on this version." : error.message));
  }
}

function line(day) {
  const whole = day.compliance === null ? "–" : `${(day.compliance <= 1 ? day.compliance * 100 : day.compliance).toFixed(2)} %`;
  const missing = day.pending + day.parked > 0;
  return [day.day, day.completed, day.with_recording, day.archived, day.pending, day.parked, day.without_recording, day.too_short,
    make("span", { class: missing ? "bad" : "good" }, whole)];
}
