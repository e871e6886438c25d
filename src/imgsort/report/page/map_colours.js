// The colours of the map, and the legend that explains them.
import { countOf, element, setStyles } from "./dom.js";

// Colours that people with any kind of colour vision tell apart, on light and on dark ground.
// Source: M. A. Petroff, "Accessible Color Sequences for Data Visualization" (2021), arXiv:2107.02270.
// Its two greys are left out: grey means that an image stays where it is.
const SEQUENCE = ["3f90da", "ffa90e", "bd1f01", "832db6", "a96b59", "e76300", "b9ac70", "92dadd"];
const STAYS = "8a8f96";

/** Return [red, green, blue] of a group, 0 to 255. After eight groups the colours repeat; what stays is always grey. */
export function colourOf(groupList, group) {
  const hex = groupList[group].kind === "stays" ? STAYS : SEQUENCE[group % SEQUENCE.length];
  return [0, 2, 4].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** Make the legend: a button for each group that has images. `choose(group)` is called by a click. */
export function legendElement(state, chosen, choose) {
  const counts = new Map();
  for (const group of state.groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  const order = (state.order ?? state.groupList.map((_, group) => group)).filter((group) => counts.has(group));
  const buttons = order.map((group) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    setStyles(swatch, { background: `rgb(${colourOf(state.groupList, group).join(" ")})` });
    const { name } = state.groupList[group];
    const label = `${name}: ${countOf(counts.get(group), "image")}`;
    const attributes = { type: "button", "aria-pressed": String(group === chosen), title: label, "data-group": group };
    return element("button", { ...attributes, onclick: () => choose(group) }, swatch, element("span", {}, name));
  });
  if (order.length <= SEQUENCE.length) return buttons;
  return [...buttons, element("p", {}, "Colours repeat after eight groups. Press a name to see that group alone.")];
}
