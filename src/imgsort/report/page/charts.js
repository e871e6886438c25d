// Draws charts as SVG: lines over steps, and the falling curve of oddness with its cut.
import { element, shortNumber, svgElement } from "./dom.js";

const WIDTH = 380;
const HEIGHT = 210;
const EDGE = { left: 42, right: 10, top: 10, bottom: 30 };
const MOST_POINTS = 500;

/** Draw the oddness of all images, falling, and the cut in it. */
export function cutChart(curve, cut) {
  const highest = Math.max(...thinned(curve).map(([, value]) => value ?? 0), cut ?? 0, 1e-9);
  const scale = scaleOf(Math.max(curve.length, 2), 0, highest);
  const parts = [...axes(scale, "images, the oddest first", [1, curve.length])];
  if (cut !== null && cut !== undefined) {
    const over = curve.findIndex((value) => value <= cut);
    const width = scale.x(Math.max(over < 0 ? curve.length : over, 1)) - EDGE.left;
    const y = scale.y(cut);
    parts.push(
      svgElement("rect", { class: "over", x: EDGE.left, y: EDGE.top, width, height: HEIGHT - EDGE.top - EDGE.bottom }),
      svgElement("line", { class: "cut", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y }),
      svgElement("text", { class: "cut-name", x: WIDTH - EDGE.right, y: y - 5, "text-anchor": "end" }, `cut ${shortNumber(cut)}`),
    );
  }
  parts.push(svgElement("path", { class: "line line-0", d: pathOf(curve, scale) }));
  return figureOf("Oddness of all images", parts, []);
}

/** Draw lines over steps: `curve` is a CurveSection. */
export function curveChart(curve) {
  const lines = Object.entries(curve.lines);
  const values = lines.flatMap(([, line]) => line).filter((value) => value !== null);
  const low = Math.min(...values, 0);
  const high = Math.max(...values, low + 1e-9);
  const steps = Math.max(2, ...lines.map(([, line]) => line.length));
  const scale = scaleOf(steps, low, high);
  const ends = [curve.first, curve.first + steps - 1];
  const drawn = lines.map(([, line], index) => svgElement("path", { class: `line line-${index}`, d: pathOf(line, scale) }));
  return figureOf(curve.name, [...axes(scale, curve.step, ends), ...drawn], lines.map(([name]) => name));
}

function figureOf(title, parts, names) {
  const picture = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title }, ...parts);
  const keys = names.map((name, index) => element("span", { class: `key key-${index}` }, name));
  return element("figure", { class: "chart" }, element("figcaption", {}, element("strong", {}, title), ...keys), picture);
}

function scaleOf(count, low, high) {
  const x = (step) => EDGE.left + ((step - 1) / (count - 1)) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value) => HEIGHT - EDGE.bottom - ((value - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  return { x, y, low, high };
}

function axes(scale, label, [first, last]) {
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => scale.low + share * (scale.high - scale.low));
  const bottom = HEIGHT - EDGE.bottom;
  return [
    ...ticks.flatMap((value) => [
      svgElement("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: scale.y(value), y2: scale.y(value) }),
      svgElement("text", { x: EDGE.left - 6, y: scale.y(value) + 3.5, "text-anchor": "end" }, shortNumber(Number(value.toPrecision(2)))),
    ]),
    svgElement("text", { x: EDGE.left, y: bottom + 14 }, first.toLocaleString("en")),
    svgElement("text", { x: WIDTH - EDGE.right, y: bottom + 14, "text-anchor": "end" }, last.toLocaleString("en")),
    svgElement("text", { x: (EDGE.left + WIDTH) / 2, y: bottom + 24, "text-anchor": "middle" }, label),
  ];
}

/** Return [step, value] of at most some hundred points, always with the first and the last one. */
function thinned(values) {
  const every = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  return values.map((value, index) => [index + 1, value]).filter((_, index) => index % every === 0 || index === values.length - 1);
}

/** Return the path through the values. It has gaps where there is none. */
function pathOf(values, scale) {
  let isGap = true;
  return thinned(values)
    .map(([step, value]) => {
      if (value === null) return (isGap = true) && "";
      const command = isGap ? "M" : "L";
      isGap = false;
      return `${command}${scale.x(step).toFixed(1)} ${scale.y(value).toFixed(1)}`;
    })
    .join("");
}
