// The lasso: a line that is drawn around points of the map.
import { svgElement } from "./dom.js";

/** Let a person draw on `stage` while `isOn()`, or with Shift held. `onDone(outline)` gets corners [x, y] in px. */
export function listenToLasso(stage, isOn, onDone) {
  stage.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0 || !(isOn() || event.shiftKey)) return;
      event.stopPropagation(); // the library would move the map
      event.preventDefault();
      drawOutline(stage, event, onDone);
    },
    { capture: true },
  );
}

function drawOutline(stage, start, onDone) {
  const box = stage.getBoundingClientRect();
  const line = svgElement("polygon", {});
  const drawing = svgElement("svg", { class: "lasso", "aria-hidden": "true" }, line);
  const outline = [];
  const finished = new AbortController();
  const add = (event) => {
    outline.push([event.clientX - box.left, event.clientY - box.top]);
    line.setAttribute("points", outline.map((corner) => corner.join(",")).join(" "));
  };
  const end = (event) => {
    finished.abort();
    drawing.remove();
    if (event.type === "pointerup" && outline.length > 2) onDone(outline);
  };
  add(start);
  stage.append(drawing);
  const options = { signal: finished.signal };
  addEventListener("pointermove", add, options);
  addEventListener("pointerup", end, options);
  addEventListener("pointercancel", end, options);
}

/** Return the numbers of the points inside an outline. `positions`: x and y of each point in turn. */
export function imagesInside(outline, positions) {
  const xs = outline.map(([x]) => x);
  const ys = outline.map(([, y]) => y);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found = [];
  for (let number = 0; number < positions.length / 2; number++) {
    const x = positions[2 * number];
    const y = positions[2 * number + 1];
    if (x >= left && x <= right && y >= low && y <= high && isInside(outline, x, y)) found.push(number);
  }
  return found;
}

/** Count how often a ray to the right crosses the outline: an odd number of times from inside. */
function isInside(outline, x, y) {
  let inside = false;
  for (let here = 0, before = outline.length - 1; here < outline.length; before = here++) {
    const [ax, ay] = outline[here];
    const [bx, by] = outline[before];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
