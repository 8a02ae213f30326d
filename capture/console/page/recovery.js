// Recovery requests: what there is, what one has found, start, stop.
import { ask, tell } from "./api.js";
import { by, make, table, when } from "./dom.js";

const COLUMNS = [["id"], ["what"], ["mode"], ["from"], ["to"], ["status"], ["detected", "number"], ["recovered", "number"], ["failed", "number"],
  ["started"], ["ended"], [""]];
const FOUND = [["recording or block"], ["created (UTC)"], ["why"], ["outcome"], ["reason"]];
const EVERY = 3000;
let opened = null;

export async function watchRecovery() {
  const form = by("recovery-form");
  form.addEventListener("submit", (event) => { event.preventDefault(); start(form); });
  for (;;) {
    if (!document.hidden && !(await show())) return;
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

async function show() {
  try {
    const requests = await ask("recovery");
    const focused = document.activeElement?.dataset?.request;
    by("requests").replaceChildren(requests.length ? table(COLUMNS, requests.map(line)) : "No request yet.");
    if (focused) document.querySelector(`[data-request="${CSS.escape(focused)}"]`)?.focus();
    if (opened) await showFound();
  } catch (error) {
    if (error.status === 404) {
      by("requests").textContent = "Recovery is not available on this version.";
      for (const element of by("recovery-form").elements) element.disabled = true;
      return false;
    }
    by("recovery-said").textContent = error.message;
  }
  return true;
}

function line(each) {
  const [word, title] = each.status === "stopped" ? ["resume", "Resume"] : ["stop", "Stop"];
  const button = each.ended ? "" : make("button", { type: "button", class: "plain", "data-request": each.id,
    "aria-label": `${title} request ${each.id}`, onclick: () => act({ [word]: each.id }) }, title);
  const what = each.kind === "verify" ? "verify" : each.dry_run ? "report only" : "recover";
  const name = make("button", { type: "button", class: "plain", "data-request": `found ${each.id}`, "aria-label": `What request ${each.id} has found`,
    onclick: () => { opened = each.id; show(); } }, make("code", {}, each.id));
  return [name, what, each.mode, when(each.from), when(each.to), each.status, each.detected, each.recovered,
    each.failed, when(each.started), when(each.ended), button];
}

async function showFound() {
  const said = await ask(`recovery/${encodeURIComponent(opened)}`);
  const left = said.detected > said.items.length ? `the first ${said.items.length} of ${said.detected}` : `${said.items.length}`;
  by("request").replaceChildren(make("h3", {}, `Found by ${said.id}: ${left}`), said.items.length
    ? table(FOUND, said.items.map((item) => [make("code", {}, item.id), when(item.created_on), item.why, item.outcome, item.reason]))
    : make("p", {}, "Nothing so far."));
  by("request").hidden = false;
}

function start(form) {
  const said = Object.fromEntries(new FormData(form));
  const ids = said.ids.split(/[\s,;]+/).filter(Boolean);
  const dry = { dry_run: form.elements.dry_run.checked };
  if (ids.length) return act({ ids, ...dry });
  if (!said.from || !said.to) { by("recovery-said").textContent = "Give a period in UTC, or ids."; return null; }
  return act({ from: `${said.from}:00Z`, to: `${said.to}:00Z`, ...dry });
}

async function act(document) {
  try {
    const answer = await tell("recovery", document);
    by("recovery-said").textContent = answer?.id ? `Request ${answer.id}: ${answer.status ?? "taken"}` : "Taken.";
  } catch (error) {
    by("recovery-said").textContent = error.message;
  }
  await show();
}
