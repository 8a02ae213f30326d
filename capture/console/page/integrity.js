// Whether what was archived is still what was archived: the latest verification, and the sealed log.
import { ask } from "./api.js";
import { by, make, when } from "./dom.js";

const EVERY = 10000;

export async function watchIntegrity() {
  for (;;) {
    if (!document.hidden) await show();
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

async function show() {
  try {
    const said = await ask("integrity");
    by("integrity").replaceChildren(make("li", {}, ...verification(said)),
      ...[...said.blocks, ...said.objects].map((each) => make("li", { class: "bad" }, make("code", {}, each.id), ` ${each.why} (${each.outcome})`)),
      make("li", {}, `The log: ${said.chains.map(chain).join("; ")}`));
  } catch (error) {
    by("integrity").replaceChildren(make("li", { class: "faint" },
      error.status === 404 ? "Verification is not available on this version." : error.message));
  }
}

function verification({ verification: last, blocks, chains }) {
  if (!last) return ["Nothing has been verified yet."];
  const about = `${last.compared} recordings${last.sample ? ` of a sample of ${last.sample}` : ""}`;
  const state = last.ended ? `ended ${when(last.ended)}` : last.status;
  const log = blocks.length ? "the log is broken" : !chains.some((each) => each.blocks) ? "no block of the log is sealed yet"
    : last.sample ? "the latest blocks of the log are whole" : "the log is whole";
  const [kind, verdict] = last.detected ? ["bad", `${last.detected} found; ${log}`]
    : last.ended ? ["good", `nothing is wrong; ${log}`] : ["faint", "nothing found so far"];
  return [`Verification ${last.id}, ${state}, ${about}: `, make("span", { class: kind }, verdict)];
}

const chain = (each) => `${each.node} has ${each.blocks} sealed ${each.blocks === 1 ? "block" : "blocks"}${each.last ? `, the last of ${when(each.last)}` : ""}`;
