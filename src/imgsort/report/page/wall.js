// The wall: groups of thumbnails, one below the other. Only what is near the window is in the document.
//
// `state` is a plain object:
//   names      string[]: the path of each image
//   groups     number[]: for each image the place of its group in `groupList`
//   groupList  {name, kind, silhouette, id}[]: `id` is needed only if names change; open groups are known by it
//   order      number[] (optional): groups from top to bottom. Without it: as in `groupList`, the empty ones too
//   ranks      (number | null)[] (optional): within a group, the lowest comes first
//   notes      (string | null)[] (optional): what is to be said of an image, such as why it cannot be shown
//   ends       ([string, string] | null)[] (optional): for each group what its first and its last images are called
//   thumbnails see thumbnails.js
//
// `hooks` are functions, all of them optional:
//   onActivate(number)              a click or Enter on an image
//   onSelect(numbers)               the selection changed
//   onContext(numbers, event)       a right click, a long press or the menu key on an image; also of a group's head
//   groupActions(group)             elements for the right end of a group's head
//   onFilter(filter)                `reveal` had to drop a filter
import { oncePerFrame, setStyles } from "./dom.js";
import { layOut, membersOf, placeOf, rowTop, sectionAt, shownAt } from "./wall_layout.js";
import { drawSection, markTile } from "./wall_drawing.js";
import { listenToKeys, listenToPointer } from "./wall_input.js";

const TILE = 148;
const SMALL_TILE = 104;
const NARROW = 640;

/** Build a wall in `container`. The whole page scrolls; the wall has its full height from the start. */
export function createWall(container, state, hooks = {}) {
  const wall = new Wall(container, hooks);
  wall.update(state);
  return wall;
}

class Wall {
  constructor(container, hooks) {
    this.container = container;
    this.hooks = hooks;
    this.opened = new Set();
    this.selection = new Set();
    this.filter = null;
    this.wishedTile = null;
    this.active = null; // the image that has, or last had, the keyboard's focus
    this.pictures = new Map(); // number -> the thumbnail of a tile that was taken out and may come back: it would blink
    this.drawn = new Map(); // group -> {node, rows: Map of row -> node}
    container.classList.add("wall");
    const redraw = oncePerFrame(() => this.draw());
    addEventListener("scroll", redraw, { passive: true });
    new ResizeObserver(oncePerFrame(() => this.arrange())).observe(container);
    listenToPointer(this);
    listenToKeys(this);
  }

  /** Show another state. What is open, selected and in the window stays, where the images are still there. */
  update(state) {
    const anchor = this.layout && this.anchor(); // by the names of now: places of groups may change
    this.state = state;
    this.members = membersOf(state);
    this.order = state.order ?? state.groupList.map((_, group) => group);
    this.selection = new Set([...this.selection].filter((number) => number < state.names.length));
    if (this.active >= state.names.length) this.active = null;
    const hadFocus = this.container.contains(document.activeElement);
    this.forget();
    this.arrange(anchor);
    if (hadFocus && this.active !== null) this.tileOf(this.active)?.focus({ preventScroll: true });
  }

  /** Show only the images that `filter` accepts; null shows all. */
  show(filter) {
    this.filter = filter;
    this.forget();
    this.arrange();
  }

  /** Return the images that are shown now, or would be if their groups were open. */
  accepted() {
    const all = this.order.flatMap((group) => this.members[group]);
    return this.filter ? all.filter(this.filter) : all;
  }

  /** Set the wished side of an image in px; null is the usual one. */
  setTileSize(side) {
    this.wishedTile = side;
    this.forget();
    this.arrange();
  }

  isOpen(group) {
    return this.opened.has(this.keyOf(group));
  }

  setOpen(group, open) {
    if (open) this.opened.add(this.keyOf(group));
    else this.opened.delete(this.keyOf(group));
    this.forget(group);
    this.arrange();
  }

  /** Select exactly these images. */
  select(numbers) {
    this.selection = new Set(numbers);
    this.markAll();
    this.hooks.onSelect?.(this.selected());
  }

  /** Return the selected images, in ascending order. */
  selected() {
    return [...this.selection].sort((a, b) => a - b);
  }

  /** Scroll to an image, open its group if need be, and give it the focus. */
  reveal(number) {
    if (this.filter && !this.filter(number)) {
      this.filter = null;
      this.forget();
      this.hooks.onFilter?.(null);
    }
    const group = this.state.groups[number];
    this.opened.add(this.keyOf(group));
    this.forget(group);
    this.arrange();
    const place = placeOf(this.layout, number, group);
    if (place < 0) return;
    this.focus(place, "center");
    const tile = this.tileOf(number);
    tile?.classList.add("found");
    setTimeout(() => tile?.classList.remove("found"), 1600);
  }

  /** Give the image at a place in the layout the focus, and bring it into the window. */
  focus(place, where = "nearest") {
    const found = shownAt(this.layout, place);
    if (!found) return;
    const [section, index] = found;
    this.active = section.shown[index];
    this.scrollTo(rowTop(this.layout, section, Math.floor(index / this.layout.columns)), where);
    this.draw();
    this.markAll();
    this.tileOf(this.active)?.focus({ preventScroll: true });
  }

  /** Scroll to the head of a group, and give its first image the focus. */
  revealGroup(group) {
    const section = this.layout.sections.find((each) => each.group === group);
    if (!section) return;
    const bar = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
    scrollBy(0, this.container.getBoundingClientRect().top + section.top - bar);
    if (section.shown.length) this.focus(section.first);
  }

  /** Give an image the focus, if it is shown. */
  focusOn(number) {
    this.focus(placeOf(this.layout, number, this.state.groups[number]));
  }

  /** Return the place of the active image in the layout, or -1. */
  activePlace() {
    return this.active === null ? -1 : placeOf(this.layout, this.active, this.state.groups[this.active]);
  }

  keyOf(group) {
    const { id, name, kind } = this.state.groupList[group];
    return id ?? `${kind}/${name}`;
  }

  tileOf(number) {
    return this.container.querySelector(`[data-number="${number}"]`);
  }

  scrollTo(top, where) {
    const start = this.container.getBoundingClientRect().top + top;
    const bar = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
    const highest = bar + this.layout.head;
    const lowest = innerHeight - this.layout.side - this.layout.gap;
    if (where === "center") scrollBy(0, start - Math.max(highest, (innerHeight - this.layout.side) / 2));
    else if (start < highest) scrollBy(0, start - highest);
    else if (start > lowest) scrollBy(0, start - lowest);
  }

  /** Compute where everything lies, and keep the group at the window's top where it is. */
  arrange(anchor = this.layout && this.anchor()) {
    const width = this.container.clientWidth;
    if (!width) return;
    const tile = this.wishedTile ?? (width < NARROW ? SMALL_TILE : TILE);
    const look = { members: this.members, order: this.order, filter: this.filter, tile };
    const before = this.layout;
    this.layout = layOut(width, { ...look, isOpen: (group) => this.isOpen(group) });
    if (before && (before.side !== this.layout.side || before.columns !== this.layout.columns)) this.forget();
    setStyles(this.container, { height: `${this.layout.height}px`, "--side": `${this.layout.side}px` });
    if (anchor) this.restore(anchor);
    this.draw();
  }

  anchor() {
    const top = this.container.getBoundingClientRect().top;
    const section = top < 0 ? this.layout.sections[sectionAt(this.layout, -top)] : null;
    return section && { key: this.keyOf(section.group), offset: section.top + top };
  }

  restore({ key, offset }) {
    const section = this.layout.sections.find((each) => this.keyOf(each.group) === key);
    if (section) scrollBy(0, this.container.getBoundingClientRect().top + section.top - Math.max(offset, -section.height));
  }

  /** Put what is near the window into the document, and take out the rest. */
  draw() {
    if (!this.layout || !this.container.clientWidth) return;
    const top = -this.container.getBoundingClientRect().top;
    const near = { from: top - 0.75 * innerHeight, to: top + 1.75 * innerHeight };
    const active = this.active === null ? null : this.state.groups[this.active];
    const wanted = new Set();
    for (let place = Math.max(0, sectionAt(this.layout, near.from)); place < this.layout.sections.length; place++) {
      const section = this.layout.sections[place];
      if (section.top > near.to) break;
      wanted.add(section.group);
      drawSection(this, section, near);
    }
    for (const [group, { node }] of this.drawn) {
      if (wanted.has(group) || (group === active && node.contains(document.activeElement))) continue;
      node.remove();
      this.drawn.delete(group);
    }
    this.pictures.clear();
    if (!this.container.querySelector('.tile[tabindex="0"]')) this.letTabReach(top);
  }

  /** Let the Tab key reach the first image in the window, if the active one is elsewhere. */
  letTabReach(top) {
    const section = this.layout.sections[sectionAt(this.layout, top)];
    const step = this.layout.side + this.layout.gap;
    const row = section && Math.max(0, Math.ceil((top - rowTop(this.layout, section, 0)) / step));
    const first = this.drawn.get(section?.group)?.rows.get(row)?.firstChild ?? this.container.querySelector(".tile");
    if (first) first.tabIndex = 0;
  }

  /** Draw a group, or all of them, anew at the next drawing. */
  forget(only = null) {
    for (const [group, { node }] of this.drawn) {
      if (only !== null && group !== only) continue;
      for (const tile of node.querySelectorAll(".tile")) this.pictures.set(Number(tile.dataset.number), tile.firstChild);
      node.remove();
      this.drawn.delete(group);
    }
  }

  markAll() {
    for (const { node } of this.drawn.values()) for (const tile of node.querySelectorAll(".tile")) markTile(this, tile);
  }
}
