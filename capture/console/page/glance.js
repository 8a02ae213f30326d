// The pair at a glance, asked for every two seconds while somebody looks.
import { ask } from "./api.js";
import { barChart, lineChart, reignChart } from "./charts.js";
import { by, make, when } from "./dom.js";

const EVERY = 2000;
const KEPT = 300;
const samples = JSON.parse(sessionStorage.getItem("lag") ?? "[]");
let active;

export async function watchPair() {
  for (;;) {
    if (!document.hidden) {
      try {
        show(await ask("pair"));
      } catch (error) {
        by("seen").textContent = `This node does not answer (${error.message}). The other node serves the same page.`;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

function show(pair) {
  const names = pair.nodes.map((node) => node.node);
  by("source").textContent = `· ${pair.source}`;
  by("seen").textContent = `seen from ${pair.node} at ${when(pair.at)} UTC`;
  by("nodes").replaceChildren(...pair.nodes.map((node, at) => card(node, at)));
  by("reigns").replaceChildren(reignChart(pair.reigns, names, pair.at));
  by("throughput").replaceChildren(barChart(pair.hours, names));
  samples.push(Object.fromEntries(pair.nodes.map((node) => [node.node, node.lag_seconds])));
  samples.splice(0, samples.length - KEPT);
  sessionStorage.setItem("lag", JSON.stringify(samples));
  by("lag").replaceChildren(lineChart(samples, names));
  by("alarms").replaceChildren(...(pair.alarms.length ? pair.alarms.map(alarm) : [make("li", {}, "None")]));
  if (active !== undefined && active !== pair.active) {
    by("news").textContent = pair.active ? `${pair.active} is ACTIVE now` : "No node is ACTIVE";
  }
  active = pair.active;
}

function card(node, at) {
  const lines = {
    epoch: node.epoch,
    heartbeat: node.age_seconds === null || node.age_seconds === undefined ? "none" : `${node.age_seconds} s ago`,
    lag: node.lag_seconds === null ? "unknown" : `${node.lag_seconds} s`,
    "archived in 24 h": node.archived,
    queued: node.queued ?? "unknown",
  };
  return make("div", { class: `card ${at ? "peer" : "main"}`, "data-node": node.node, "data-role": node.role },
    make("h3", {}, node.node, make("span", { class: `role ${node.role}` }, node.role)),
    make("dl", {}, ...Object.entries(lines).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))])));
}

const alarm = (each) => make("li", { class: "alarm" }, make("strong", {}, each.name.replaceAll("_", " ")), ` ${each.text} `,
  make("time", { datetime: each.at }, when(each.at)));
