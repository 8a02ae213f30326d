// Small charts as SVG: reigns on a time line, bars by hour, lines of samples. Each has its meaning as text, too.
import { draw, when } from "./dom.js";

const WIDE = 400;
const HIGH = 90;
const frame = (label, high = HIGH) => draw("svg", { viewBox: `0 0 ${WIDE} ${high}`, role: "img", "aria-label": label });
const tint = (names, name) => (name === names[0] ? "main" : name === names[1] ? "peer" : "other");

export function reignChart(reigns, names, now) {
  const end = Date.parse(now);
  const shown = reigns.slice(-8);
  const changes = reigns.slice(1).filter((reign, at) => reign.node !== reigns[at].node).length;
  const last = shown.at(-1);
  const svg = frame(last
    ? `${last.node} is ACTIVE since ${when(last.began_at)} in epoch ${last.epoch}; ${changes} changes of the role are on record`
    : "No reign is on record");
  if (!last) return svg;
  const begin = Date.parse(shown[0].began_at);
  const x = (time) => 4 + ((time - begin) / Math.max(1, end - begin)) * (WIDE - 8);
  shown.forEach((reign, at) => {
    const from = x(Date.parse(reign.began_at));
    const to = shown[at + 1] ? x(Date.parse(shown[at + 1].began_at)) : x(end);
    const row = names.indexOf(reign.node) === 1 ? 38 : 10;
    svg.append(draw("rect", { x: from, y: row, width: Math.max(2, to - from), height: 20, rx: 2, class: `f-${tint(names, reign.node)}` }));
    if (at) svg.append(draw("line", { x1: from, x2: from, y1: 4, y2: 64, class: "s-axis" }));
    if (to - from > 24) svg.append(draw("text", { x: from + 4, y: row + 14, class: "over" }, String(reign.epoch)));
  });
  svg.append(draw("text", { x: 4, y: 82 }, when(shown[0].began_at)), draw("text", { x: WIDE - 4, y: 82, "text-anchor": "end" }, when(now)));
  return svg;
}

export function barChart(hours, names) {
  const total = (hour) => names.reduce((sum, name) => sum + (hour[name] ?? 0), 0);
  const most = Math.max(1, ...hours.map(total));
  const sums = names.map((name) => `${name} ${hours.reduce((sum, hour) => sum + (hour[name] ?? 0), 0)}`);
  const svg = frame(`In 24 hours: ${sums.join(", ")}; at most ${most} an hour`);
  const step = (WIDE - 8) / Math.max(1, hours.length);
  hours.forEach((hour, at) => {
    let top = 72;
    names.forEach((name) => {
      const high = ((hour[name] ?? 0) / most) * 60;
      top -= high;
      svg.append(draw("rect", { x: 4 + at * step + 1, y: top, width: step - 2, height: high, class: `f-${tint(names, name)}` }));
    });
  });
  svg.append(draw("line", { x1: 4, x2: WIDE - 4, y1: 72.5, y2: 72.5, class: "s-axis" }), draw("text", { x: 4, y: 10 }, `${most}/h`),
    draw("text", { x: 4, y: 86 }, when(hours[0]?.hour ?? "")), draw("text", { x: WIDE - 4, y: 86, "text-anchor": "end" }, "now"));
  return svg;
}

export function lineChart(samples, names) {
  const values = samples.flatMap((sample) => names.map((name) => sample[name])).filter(Number.isFinite);
  const most = Math.max(10, ...values);
  const last = samples.at(-1) ?? {};
  const svg = frame(names.map((name) => `${name}: ${Number.isFinite(last[name]) ? `${last[name]} s` : "unknown"}`).join(", "));
  names.forEach((name) => {
    const points = samples.flatMap((sample, at) => Number.isFinite(sample[name])
      ? [`${4 + (at / Math.max(1, samples.length - 1)) * (WIDE - 8)},${72 - (sample[name] / most) * 60}`] : []);
    svg.append(draw("polyline", { points: points.join(" "), class: `line s-${tint(names, name)}` }));
  });
  svg.append(draw("line", { x1: 4, x2: WIDE - 4, y1: 72.5, y2: 72.5, class: "s-axis" }), draw("text", { x: 4, y: 10 }, `${most} s`),
    draw("text", { x: WIDE - 4, y: 86, "text-anchor": "end" }, "now"));
  return svg;
}
