// Looking for recordings, page by page.
import { ask } from "./api.js";
import { showConversation } from "./conversation.js";
import { by, make, size, table, when } from "./dom.js";

const COLUMNS = [["created (UTC)"], ["agents"], ["queue"], ["customer"], ["from"], ["to"], ["what"], ["size", "number"], ["state"]];
let asked = {};
let found = [];

export function startSearch() {
  const form = by("search-form");
  form.elements.day.value = new Date().toISOString().slice(0, 10);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    asked = Object.fromEntries(new FormData(form));
    found = [];
    more(null);
  });
  by("further").addEventListener("click", () => more(by("further").dataset.after));
}

async function more(after) {
  const began = performance.now();
  by("found").textContent = "Searching…";
  try {
    const page = await ask("search", { ...asked, after });
    const known = new Set(found.map((each) => each.recording_id));
    found.push(...page.findings.filter((each) => !known.has(each.recording_id)));
    by("findings").replaceChildren(found.length ? table(COLUMNS, found.map(line)) : "");
    by("further").hidden = page.after === null;
    by("further").dataset.after = page.after ?? "";
    const seconds = ((performance.now() - began) / 1000).toFixed(2);
    by("found").textContent = `${found.length}${page.after ? " and more" : ""} found in ${seconds} s`;
  } catch (error) {
    by("found").textContent = error.message;
  }
}

function line(each) {
  const key = each.conversation_id ?? `recording-${each.recording_id}`;
  const open = make("button", { type: "button", class: "plain", onclick: () => showConversation(key, each.recording_id) }, when(each.created_on));
  return [open, each.agents.join(", ") || "–", each.queue, each.customer, each.from_phone, each.to_phone,
    each.screen ? "screen" : "call", size(each.size), make("span", { class: each.state === "archived" ? "good" : "bad" },
      each.node ? `${each.state} by ${each.node}` : each.state)];
}
