// What clicks and keys do in a wall.
//
// A click opens an image; while some are selected it selects, as in Google Photos. Ctrl selects one more, Shift a range,
// and so does the round mark in an image's corner, which a finger reaches too. Keys: arrows, Home, End, Enter, Space,
// Shift with arrows, Ctrl+A for a group, Escape.
import { placeBelow, shownAt } from "./wall_layout.js";

export function listenToPointer(wall) {
  wall.container.addEventListener("click", (event) => {
    const head = event.target.closest(".group-actions") ? null : event.target.closest(".group-head");
    const toggle = head?.querySelector(".group-toggle");
    if (toggle) return toggleGroup(wall, toggle);
    const number = numberAt(event.target);
    if (number !== null) clickImage(wall, number, event);
  });
  wall.container.addEventListener("focusin", (event) => {
    const number = numberAt(event.target);
    if (number !== null && number !== wall.active) {
      wall.active = number;
      wall.markAll();
    }
  });
  wall.container.addEventListener("contextmenu", (event) => {
    if (!wall.hooks.onContext || event.target.closest(".group-actions")) return;
    const numbers = imagesUnder(wall, event.target);
    if (numbers === null) return;
    event.preventDefault();
    wall.hooks.onContext(numbers, event);
  });
}

/** Return the image under an element, or null. */
export function numberAt(node) {
  const tile = node.closest?.(".tile");
  return tile ? Number(tile.dataset.number) : null;
}

/** Return the images that an action on an element means: the selection it belongs to, one image, a group; or null. */
export function imagesUnder(wall, node) {
  const number = numberAt(node);
  if (number !== null) return wall.selection.has(number) ? wall.selected() : [number];
  const group = node.closest?.(".group-head")?.parentElement.dataset.group;
  return group === undefined ? null : [...wall.members[Number(group)]];
}

function toggleGroup(wall, toggle) {
  const group = Number(toggle.closest(".group").dataset.group);
  wall.setOpen(group, !wall.isOpen(group));
  wall.drawn.get(group)?.node.querySelector(".group-toggle")?.focus({ preventScroll: true });
}

function clickImage(wall, number, event) {
  if (event.shiftKey) selectRange(wall, number);
  else if (event.ctrlKey || event.metaKey || event.target.closest(".check") || wall.selection.size) toggleImage(wall, number);
  else wall.hooks.onActivate?.(number);
}

function toggleImage(wall, number) {
  const selection = new Set(wall.selection);
  if (!selection.delete(number)) selection.add(number);
  wall.rangeStart = number;
  wall.select(selection);
}

/** Select all images from the one that was touched last to this one: also those that a closed group does not show. */
function selectRange(wall, number) {
  const all = wall.accepted();
  const start = wall.rangeStart ?? wall.active ?? number;
  const [from, to] = [all.indexOf(start), all.indexOf(number)].sort((a, b) => a - b);
  if (from < 0) return toggleImage(wall, number);
  wall.rangeStart = start;
  wall.select([...wall.selection, ...all.slice(from, to + 1)]);
}

export function listenToKeys(wall) {
  wall.container.addEventListener("keydown", (event) => {
    const number = numberAt(event.target);
    if (number === null || event.altKey) return;
    const action = keyAction(wall, event, number);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function keyAction(wall, event, number) {
  const target = targetOf(wall, event.key);
  if (target !== null) return () => walk(wall, number, target, event.shiftKey);
  if (event.key === "Enter") return () => wall.hooks.onActivate?.(number);
  if (event.key === " ") return () => (event.shiftKey ? selectRange(wall, number) : toggleImage(wall, number));
  if (event.key === "Escape" && wall.selection.size) return () => wall.select([]);
  if (event.key === "a" && (event.ctrlKey || event.metaKey)) return () => selectGroup(wall, number);
  return null;
}

/** Return the place in the layout that a key leads to, or null. */
function targetOf(wall, key) {
  const place = wall.activePlace();
  if (place < 0) return null;
  const [section] = shownAt(wall.layout, place);
  const last = wall.layout.count - 1;
  if (key === "ArrowRight") return Math.min(place + 1, last);
  if (key === "ArrowLeft") return Math.max(place - 1, 0);
  if (key === "ArrowDown") return placeBelow(wall.layout, place, 1);
  if (key === "ArrowUp") return placeBelow(wall.layout, place, -1);
  if (key === "Home") return section.first;
  if (key === "End") return section.first + section.shown.length - 1;
  return null;
}

function walk(wall, number, target, isSelecting) {
  if (isSelecting) wall.rangeStart ??= number;
  else wall.rangeStart = null;
  wall.focus(target);
  if (isSelecting) selectRange(wall, wall.active);
}

function selectGroup(wall, number) {
  const numbers = wall.members[wall.state.groups[number]];
  wall.select([...wall.selection, ...(wall.filter ? numbers.filter(wall.filter) : numbers)]);
}
