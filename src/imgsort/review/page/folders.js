// The list of groups beside the wall: it shows the way, and images can be dropped on it.

import { countOf, element } from "./dom.js";
import { titleOf } from "./model.js";

/**
 * Make the list in `container`. `hooks`: reveal(group) goes to a group; menu(group, element, point) opens its menu;
 * create() asks for a new category; colourOf(place) is its colour on the map, or null.
 */
export function createFolders(container, hooks) {
  const list = element("ul", {});
  const facts = { type: "button", class: "folder new", "data-new": true };
  const create = element("button", { ...facts, onclick: () => hooks.create() }, "New category…");
  container.append(list, create);
  const rows = new Map();

  function update(groups) {
    for (const [id, row] of rows) {
      if (!groups.some((group) => group.id === id)) {
        row.item.remove();
        rows.delete(id);
      }
    }
    groups.forEach((group, place) => {
      const row = rows.get(group.id) ?? makeRow(group.id);
      row.group = group;
      row.item.dataset.group = place;
      row.item.classList.toggle("aside", group.kind !== "category" && group.kind !== "class");
      row.name.textContent = titleOf(group);
      row.name.title = titleOf(group);
      row.count.textContent = group.members.length.toLocaleString("en");
      row.go.setAttribute("aria-label", `${titleOf(group)}, ${countOf(group.members.length, "image")}`);
      row.dot.style.backgroundColor = hooks.colourOf(place) ?? "transparent";
      row.menu.setAttribute("aria-label", `Menu of ${titleOf(group)}`);
      if (list.children[place] !== row.item) list.insertBefore(row.item, list.children[place] ?? null);
    });
  }

  function makeRow(id) {
    const row = { group: null };
    row.dot = element("span", { class: "dot", "aria-hidden": "true" });
    row.name = element("span", { class: "folder-name" });
    row.count = element("span", { class: "quiet" });
    const reveal = () => hooks.reveal(row.group);
    const menu = () => hooks.menu(row.group, row.menu);
    row.go = element("button", { type: "button", class: "folder", onclick: reveal }, row.dot, row.name, row.count);
    row.menu = element("button", { type: "button", class: "dots", "aria-haspopup": "menu", onclick: menu }, "⋯");
    row.item = element("li", {}, row.go, row.menu);
    row.item.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      hooks.menu(row.group, row.go, { x: event.clientX, y: event.clientY });
    });
    rows.set(id, row);
    return row;
  }

  return { update };
}
