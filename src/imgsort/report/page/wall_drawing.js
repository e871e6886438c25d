// Draws the parts of a wall that are near the window: heads of groups, rows, and images in them.
import { countOf, element, setStyles, shortNumber } from "./dom.js";
import { thumbnailElement } from "./thumbnails.js";
import { rowTop } from "./wall_layout.js";

/** Draw the rows of a group between `near.from` and `near.to` px, and remove its other rows. */
export function drawSection(wall, section, near) {
  const drawn = wall.drawn.get(section.group) ?? addGroup(wall, section);
  setStyles(drawn.node, { top: `${section.top}px`, height: `${section.height}px` });
  const step = wall.layout.side + wall.layout.gap;
  const start = rowTop(wall.layout, section, 0);
  const from = Math.max(0, Math.floor((near.from - start) / step));
  const to = Math.min(section.rows - 1, Math.floor((near.to - start) / step));
  for (const [row, node] of drawn.rows) {
    if ((row >= from && row <= to) || node.contains(document.activeElement)) continue;
    node.remove();
    drawn.rows.delete(row);
  }
  for (let row = from; row <= to; row++) {
    if (drawn.rows.has(row)) continue;
    const node = rowElement(wall, section, row);
    drawn.rows.set(row, node);
    putInOrder(drawn, row, node);
  }
}

/** Show on a tile whether its image is selected, and whether the Tab key reaches it. */
export function markTile(wall, tile) {
  const number = Number(tile.dataset.number);
  tile.setAttribute("aria-selected", String(wall.selection.has(number)));
  tile.tabIndex = number === wall.active ? 0 : -1;
}

function addGroup(wall, section) {
  const group = wall.state.groupList[section.group];
  const images = element("div", {
    class: "group-images",
    role: section.shown.length ? "listbox" : null,
    "aria-multiselectable": section.shown.length ? "true" : null,
    "aria-label": section.shown.length ? `Images in ${group.name}` : null,
  });
  const node = element("section", { class: `group kind-${group.kind}`, "data-group": section.group }, groupHead(wall, section, group), images);
  node.setAttribute("aria-label", group.name);
  const drawn = { node, images, rows: new Map() };
  const place = (group) => wall.layout.sections.findIndex((each) => each.group === group);
  const after = [...wall.container.children].find((each) => place(Number(each.dataset.group)) > place(section.group));
  wall.drawn.set(section.group, drawn);
  wall.container.insertBefore(node, after ?? null); // the order in the document is the order for Tab and for ears
  return drawn;
}

function groupHead(wall, section, group) {
  const total = wall.members[section.group].length;
  const count = section.total === total ? countOf(total, "image") : `${section.total.toLocaleString("en")} of ${countOf(total, "image")}`;
  const isLong = total > wall.layout.columns && !wall.filter;
  const toggle = isLong
    ? element(
        "button",
        { class: "group-toggle", type: "button", "aria-expanded": String(section.open) },
        element("span", { class: "chevron", "aria-hidden": "true" }),
        element("span", { class: "group-name" }, group.name),
      )
    : element("span", { class: "group-name" }, group.name);
  const silhouette = group.silhouette === null || group.silhouette === undefined ? null : `silhouette ${shortNumber(group.silhouette)}`;
  return element(
    "header",
    { class: "group-head" },
    element("h2", {}, toggle),
    element("span", { class: "group-facts" }, count),
    silhouette &&
      element("span", { class: "group-facts", title: "How well the images hang together: from -1 to 1" }, silhouette),
    isLong && !section.open ? endsNote(wall.state.ends?.[section.group]) : null,
    element("span", { class: "group-actions" }, wall.hooks.groupActions?.(section.group) ?? []),
  );
}

function endsNote(ends) {
  return ends ? element("span", { class: "group-ends" }, `${ends[0]} … ${ends[1]}`) : null;
}

function rowElement(wall, section, row) {
  const { columns, side, gap } = wall.layout;
  const node = element("div", { class: "row", role: "presentation" });
  setStyles(node, { top: `${row * (side + gap)}px` });
  const end = Math.min((row + 1) * columns, section.shown.length);
  for (let index = row * columns; index < end; index++) node.append(tileElement(wall, section, index));
  return node;
}

function tileElement(wall, section, index) {
  const number = section.shown[index];
  const note = wall.state.notes?.[number];
  const label = note ? `${wall.state.names[number]}: ${note}` : wall.state.names[number];
  const isAfterGap = section.gapBefore !== null && index >= section.gapBefore;
  const tile = element(
    "div",
    {
      class: isAfterGap && index === section.gapBefore ? "tile after-gap" : "tile",
      role: "option",
      "aria-label": label,
      "aria-posinset": isAfterGap ? section.total - section.shown.length + index + 1 : index + 1,
      "aria-setsize": section.total,
      "data-number": number,
      title: label,
    },
    wall.pictures.get(number) ?? thumbnailElement(wall.state.thumbnails, number),
    element("span", { class: "check", "aria-hidden": "true" }),
  );
  markTile(wall, tile);
  return tile;
}

function putInOrder(drawn, row, node) {
  let next = null;
  let nearest = Infinity;
  for (const [other, each] of drawn.rows) {
    if (other > row && other < nearest && each !== node) [nearest, next] = [other, each];
  }
  drawn.images.insertBefore(node, next);
}
