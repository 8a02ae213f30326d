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

function verification({ verification: last, blocks, objects }) {
  if (!last) return ["Nothing has been verified yet."];
  const about = `${last.compared} recordings${last.sample ? ` of a sample of ${last.sample}` : ""}`;
  const state = last.ended ? `ended ${when(last.ended)}` : last.status;
  const [kind, verdict] = last.detected ? ["bad", `${last.detected} found: ${blocks.length ? "the log is broken" : "the log is whole"}`]
    : last.ended ? ["good", "nothing is wrong, the log is whole"] : ["faint", "nothing found so far"];
  return [`Verification ${last.id}, ${state}, ${about}: `, make("span", { class: kind }, verdict)];
}

const chain = (each) => `${each.node} has ${each.blocks} sealed blocks${each.last ? `, the last of ${when(each.last)}` : ""}`;
