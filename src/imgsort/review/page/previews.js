// Images to look at before something holds: the two halves of a split, and what is most like an image.

import { askName, button, buttonRow, openDialog } from "./dialogs.js";
import { countOf, element } from "./dom.js";
import { fileName, titleOf } from "./model.js";
import { thumbnailElement } from "./thumbnails.js";

const MOST_SHOWN = 120;

/**
 * Show both halves of a group and ask for the name of the smaller. `send(name, numbers)` makes it a category.
 * `shownBy`: {names, thumbnails} of all images.
 */
export async function previewSplit(group, halves, shownBy, send) {
  const [stays, goes] = halves;
  const shown = element(
    "div",
    { class: "halves" },
    half(`${titleOf(group)} keeps ${countOf(stays.length, "image")}`, stays, shownBy),
    half(`The new category gets ${countOf(goes.length, "image")}`, goes, shownBy),
  );
  return askName({
    title: `Split ${titleOf(group)}`,
    label: "Name of the new category",
    value: `${group.kind === "stays" ? "category" : group.name}_b`,
    action: "Split",
    send: (name) => send(name, goes),
    more: [shown],
  });
}

function half(title, numbers, shownBy) {
  const more = numbers.length - MOST_SHOWN;
  return element(
    "section",
    {},
    element("h3", {}, title),
    element(
      "div",
      { class: "preview-grid", tabindex: "0", role: "group", "aria-label": title },
      ...numbers.slice(0, MOST_SHOWN).map((number) => still(number, shownBy)),
    ),
    more > 0 ? element("p", { class: "quiet" }, `and ${countOf(more, "image")} more`) : "",
  );
}

function still(number, { names, thumbnails }) {
  return element("div", { class: "still", title: fileName(names[number]) }, thumbnailElement(thumbnails, number));
}

/**
 * Show the images that are most like one image, each with its group. Return {numbers, to: "move" | "create" | "select"}
 * for those that a person marked, or null.
 */
export function previewLike(number, alike, sorting, thumbnails) {
  const own = sorting.groupOfImage(number);
  const title = `More like ${fileName(sorting.names[number])}`;
  const marked = new Set();
  return openDialog(
    title,
    (close) => {
      const count = element("p", { class: "quiet", role: "status" });
      const answer = (to, kind) => button(LIKE_ACTIONS[to], () => close({ numbers: [...marked], to }), kind);
      const buttons = [answer("select"), answer("create"), answer("move", "primary")];
      const tell = () => {
        count.textContent = `${countOf(marked.size, "image")} marked`;
        for (const each of buttons) each.disabled = marked.size === 0;
      };
      const cells = alike.map((other) => markable(other, { sorting, thumbnails, own, marked, tell }));
      const all = button("Mark all", () => cells.forEach(({ mark }) => mark(true)));
      const none = button("Mark none", () => cells.forEach(({ mark }) => mark(false)));
      const grid = element("div", { class: "preview-grid large" }, ...cells.map(({ cell }) => cell));
      tell();
      const asked = still(number, { names: sorting.names, thumbnails });
      return [element("div", { class: "mark-row" }, asked, count, all, none), grid, buttonRow(...buttons)];
    },
    { wide: true },
  );
}

const LIKE_ACTIONS = { select: "Select them", create: "New category…", move: "Move to…" };

function markable(number, { sorting, thumbnails, own, marked, tell }) {
  const group = sorting.groupOfImage(number);
  const where = group.id === own.id ? "same group" : titleOf(group);
  const name = fileName(sorting.names[number]);
  const cell = element(
    "button",
    { type: "button", class: "still", "aria-pressed": "false", "aria-label": `${name}, ${where}` },
    thumbnailElement(thumbnails, number),
    element("span", { class: "still-where" }, where),
  );
  const mark = (on) => {
    if (on) marked.add(number);
    else marked.delete(number);
    cell.setAttribute("aria-pressed", String(on));
    tell();
  };
  cell.addEventListener("click", () => mark(!marked.has(number)));
  return { cell, mark };
}
