// The keyboard: one key for each correction, and the dialog that lists them.

import { openDialog } from "./dialogs.js";
import { element } from "./dom.js";

const KEYS = [
  ["Move about", "← → ↑ ↓"],
  ["Select, or not any more", "Space"],
  ["Select a range", "Shift + ← → ↑ ↓"],
  ["Select all of a group", "Ctrl + A"],
  ["Select nothing", "Esc"],
  ["Look at it large", "Enter"],
  ["Menu", "Shift + F10"],
  ["Move to…", "M"],
  ["New category…", "N"],
  ["Set aside to Unsorted", "U"],
  ["Set aside to Outlayers", "O"],
  ["Leave where it is", "L"],
  ["More like this…", "K"],
  ["Rename the group…", "R"],
  ["Merge the group with…", "G"],
  ["Split the group in two…", "S"],
  ["Find by file name", "/"],
  ["Undo", "Ctrl + Z"],
  ["Redo", "Ctrl + Shift + Z"],
  ["These keys", "?"],
];

/**
 * Listen to the keys. `context()` returns {numbers, group} that a key means now: the selected images, or the one with
 * the focus; and the group with the focus, or null.
 */
export function listenToShortcuts({ actions, corrections, context, focusFind }) {
  const plainKeys = {
    m: ({ numbers }) => actions.moveTo(numbers),
    n: ({ numbers }) => actions.newCategory(numbers),
    u: ({ numbers }) => actions.setAside(numbers, "unsorted"),
    o: ({ numbers }) => actions.setAside(numbers, "outliers"),
    l: ({ numbers }) => actions.setAside(numbers, "stays"),
    k: ({ numbers }) => numbers.length === 1 && actions.moreLike(numbers[0]),
    r: ({ group }) => group && actions.rename(group),
    g: ({ group }) => group && actions.merge(group),
    s: ({ group }) => group && group.members.length > 1 && actions.split(group),
    "/": () => focusFind(),
    "?": () => showKeys(),
    escape: () => actions.clear(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || isBusy(event.target)) return;
    const key = event.key.toLowerCase();
    const run = event.ctrlKey || event.metaKey ? undoKey(key, event.shiftKey, corrections) : plainKeys[key];
    if (!run) return;
    event.preventDefault();
    run(context());
  });
}

function undoKey(key, shift, corrections) {
  if (key === "z") return () => (shift ? corrections.redo() : corrections.undo());
  return key === "y" ? () => corrections.redo() : null;
}

/** Whether keys belong to something else: a field, a dialog or a menu. */
function isBusy(target) {
  return document.querySelector("dialog[open]") || target.closest?.("input:not([type=range]), textarea, [role=menu]");
}

/** Show which key does what. */
export function showKeys() {
  const rows = KEYS.map(([what, key]) =>
    element("div", {}, element("dt", {}, what), element("dd", {}, element("kbd", {}, key))),
  );
  return openDialog("Keys", () => [
    element("p", { class: "quiet" }, "They mean the selected images, or the image that has the focus, and its group."),
    element("dl", { class: "keys" }, ...rows),
  ]);
}
