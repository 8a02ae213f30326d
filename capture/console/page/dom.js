// Making elements. Text is always set as text, so nothing that a caller or an agent is called becomes markup.
const SVG = "http://www.w3.org/2000/svg";

export const by = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function table(columns, lines) {
  const head = columns.map(([title, kind]) => make("th", { scope: "col", class: kind }, title));
  const rows = lines.map((cells) => make("tr", {}, ...cells.map((cell, at) =>
    make("td", { class: columns[at][1] }, cell instanceof Node ? cell : String(cell ?? "–")))));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};
export const when = (text) => (text ? text.replace("T", " ").replace(/(\.\d+)?Z$/, "") : "–");
export const size = (bytes) => (bytes === null ? "–" : `${(bytes / 1048576).toFixed(bytes < 1048576 ? 2 : 1)} MiB`);
