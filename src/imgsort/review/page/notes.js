// What the page tells: a line at the bottom for what was just done, and notes at the top for what stays true.

import { element } from "./dom.js";

const SAID_MS = 7000;

/** Make `say(message, {undo})`; `undoLast` is what its button does. The line goes after some seconds. */
export function createSayer(container, undoLast) {
  let timer = 0;
  const fade = () => {
    // Nobody loses a button that the mouse or the keyboard is on.
    if (container.matches(":hover, :focus-within")) later();
    else container.replaceChildren();
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(fade, SAID_MS);
  };
  return (message, { undo = false } = {}) => {
    const button = element("button", { type: "button", onclick: () => undoLast() }, "Undo");
    container.replaceChildren(element("span", {}, message), ...(undo ? [button] : []));
    later();
  };
}

/** Notes by name: `set(name, ...children)` shows one, `set(name)` takes it away. */
export function createNotes(container) {
  const shown = new Map();
  return {
    set(name, ...children) {
      shown.get(name)?.remove();
      shown.delete(name);
      if (!children.length) return;
      const note = element("div", { class: `note note-${name}` }, ...children);
      shown.set(name, note);
      container.append(note);
    },
  };
}
