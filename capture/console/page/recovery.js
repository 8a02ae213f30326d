// Recovery requests: what there is, start, stop.
import { ask, tell } from "./api.js";
import { by, make, table, when } from "./dom.js";

const COLUMNS = [["id"], ["what"], ["mode"], ["from"], ["to"], ["status"], ["detected", "number"], ["recovered", "number"], ["failed", "number"],
  ["started"], ["ended"], [""]];
const EVERY = 3000;

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
  return [make("code", {}, each.id), what, each.mode, when(each.from), when(each.to), each.status, each.detected, each.recovered,
    each.failed, when(each.started), when(each.ended), button];
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
