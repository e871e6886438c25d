// The wall of the review: the report's wall, with menus, marks of what just moved, and a selection to work with.

import { element } from "./dom.js";
import { rememberFocus } from "./focus.js";
import { belowOf } from "./menus.js";
import { titleOf } from "./model.js";
import { rankingOf } from "./ranking.js";
import { createWall } from "./wall.js";

const ARRIVED_MS = 150;

/**
 * Build the wall. `hooks`: onSelect(numbers), onLook(number), onImageMenu(numbers, point), onGroupMenu(group, point),
 * onFilter(filter).
 */
export class WorkWall {
  constructor(container, sorting, { thumbnails, confidences, notes }, hooks) {
    this.container = container;
    container.tabIndex = -1; // it takes the focus if an image that had it is gone
    this.sorting = sorting;
    this.confidences = confidences;
    this.fixed = { names: sorting.names, thumbnails, notes };
    this.wall = createWall(container, this.state(), {
      onActivate: hooks.onLook,
      onSelect: hooks.onSelect,
      onFilter: hooks.onFilter,
      onContext: (numbers, event) => this.#context(numbers, event, hooks),
      groupActions: (place) => [menuButton(this.sorting.groups[place], hooks)],
    });
  }

  /** Show the sorting as it is now. Images that just moved (`numbers`) fade in. */
  update(numbers) {
    const giveFocusBack = this.container.contains(document.activeElement) ? rememberFocus() : () => true;
    this.wall.update(this.state());
    const moved = new Set(numbers);
    for (const tile of this.#tiles()) tile.classList.toggle("arrived", moved.has(Number(tile.dataset.number)));
    setTimeout(() => this.#tiles().forEach((tile) => tile.classList.remove("arrived")), ARRIVED_MS);
    if (!giveFocusBack()) this.container.focus({ preventScroll: true });
  }

  selected() {
    return this.wall.selected();
  }

  select(numbers) {
    this.wall.select(numbers);
  }

  /** Select all of these too; or none of them, if all are selected. */
  toggleAll(numbers) {
    const now = new Set(this.wall.selected());
    const all = numbers.every((number) => now.has(number));
    for (const number of numbers) {
      if (all) now.delete(number);
      else now.add(number);
    }
    this.wall.select(now);
  }

  clear() {
    if (this.wall.selected().length) this.wall.select([]);
  }

  reveal(number) {
    this.wall.reveal(number);
  }

  /** Go to a group's head. */
  revealGroup(place) {
    this.wall.revealGroup(place);
  }

  /** Give the menu button of a group the focus. */
  focusGroup(id) {
    document.getElementById(`menu-of-${id}`)?.focus({ preventScroll: true });
  }

  /** Open all groups to all their images, or close them. */
  openAll(open) {
    this.sorting.groups.forEach((_, place) => this.wall.setOpen(place, open));
  }

  /** The images of the group that an image is in, in the order of the wall. */
  besides(number) {
    return this.wall.members[this.wall.state.groups[number]];
  }

  /** Show only these images; null shows all. */
  filter(numbers) {
    const shown = numbers && new Set(numbers);
    this.wall.show(shown && ((number) => shown.has(number)));
  }

  /** Give an image the focus if it is in the document, or else the image that had it last. */
  focus(number) {
    this.#refocus(number) || this.#refocus(this.wall.active);
  }

  /** The image that has the focus, or null. */
  focused() {
    const tile = document.activeElement?.closest?.(".tile");
    return tile ? Number(tile.dataset.number) : null;
  }

  /**
   * Images are about to leave. Return a function that gives the focus to the image after the one that has it now, once
   * they left. It does nothing if no image of the wall has the focus.
   */
  focusAfter(numbers) {
    const leaving = new Set(numbers);
    const tiles = this.#tiles();
    const at = tiles.findIndex((tile) => Number(tile.dataset.number) === this.focused());
    if (at < 0) return () => {};
    const staying = (tile) => !leaving.has(Number(tile.dataset.number));
    const next = tiles.slice(at).find(staying) ?? tiles.slice(0, at).reverse().find(staying);
    return () => next && this.#refocus(Number(next.dataset.number));
  }

  #refocus(number) {
    const tile = this.container.querySelector(`.tile[data-number="${number}"]`);
    tile?.focus({ preventScroll: true });
    return Boolean(tile);
  }

  #tiles() {
    return [...this.container.querySelectorAll(".tile")];
  }

  /** The sorting in the form that the wall and the map take. */
  state() {
    const groupList = this.sorting.groups.map((group) => ({ ...group, name: titleOf(group) }));
    const state = { ...this.fixed, groups: this.sorting.groupOf, groupList };
    return { ...state, ...rankingOf(state, { distances: this.sorting.distances(), confidences: this.confidences }) };
  }

  #context(numbers, event, hooks) {
    const tile = event.target.closest(".tile");
    const section = event.target.closest(".group");
    const point = pointOf(event, tile ?? section);
    if (tile) hooks.onImageMenu(numbers, point);
    else if (section) hooks.onGroupMenu(this.sorting.groups[Number(section.dataset.group)], point);
  }
}

function menuButton(group, hooks) {
  const open = () => hooks.onGroupMenu(group, pointOf(null, button));
  const label = `Menu of ${titleOf(group)}`;
  const facts = { id: `menu-of-${group.id}`, class: "dots", "aria-haspopup": "menu", "aria-label": label };
  const button = element("button", { type: "button", ...facts, onclick: open }, "⋯");
  return button;
}

/** Where a menu opens: at the mouse, or under the element if it was asked for by a key. */
function pointOf(event, anchor) {
  return event && (event.clientX || event.clientY) ? { x: event.clientX, y: event.clientY } : belowOf(anchor);
}
