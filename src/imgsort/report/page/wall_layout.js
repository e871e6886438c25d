// Says where each group and each image of a wall lies, in CSS pixels. Nothing here touches the document.

const HEAD = 52;
const GAP = 6;
const AFTER = 18;

/** List the images of each group in the order of the wall: the lowest rank first, those without a rank last. */
export function membersOf(state) {
  const members = state.groupList.map(() => []);
  state.groups.forEach((group, number) => members[group]?.push(number));
  const ranks = state.ranks;
  if (ranks?.length) {
    const rank = (number) => ranks[number] ?? Infinity;
    for (const numbers of members) numbers.sort((a, b) => (rank(a) === rank(b) ? a - b : rank(a) - rank(b)));
  }
  return members;
}

/**
 * Lay out a wall of `width` px. A closed group is one row: its first images, and after a gap its last ones.
 *
 * `look` holds `members`, `order` (groups from top to bottom), `isOpen(group)`, `filter` (null or a function that says
 * of an image whether it is shown) and `tile` (the wished side of an image). While there is a filter, all is open.
 */
export function layOut(width, look) {
  const columns = Math.max(2, Math.floor((width + GAP) / (look.tile + GAP)));
  const side = Math.max(1, Math.floor((width - GAP * (columns - 1)) / columns));
  const layout = { columns, side, gap: GAP, head: HEAD, sections: [], height: 0, count: 0 };
  for (const group of look.order) {
    const numbers = look.filter ? look.members[group].filter(look.filter) : look.members[group];
    if (look.filter && numbers.length === 0) continue;
    addSection(layout, group, numbers, look.filter !== null || look.isOpen(group));
  }
  return layout;
}

function addSection(layout, group, numbers, open) {
  const all = open || numbers.length <= layout.columns;
  const tail = layout.columns >= 6 ? 2 : 1;
  const shown = all ? numbers : [...numbers.slice(0, layout.columns - tail), ...numbers.slice(-tail)];
  const rows = Math.ceil(shown.length / layout.columns);
  const body = rows * (layout.side + GAP);
  layout.sections.push({
    group,
    total: numbers.length,
    shown,
    rows,
    open,
    gapBefore: all ? null : layout.columns - tail,
    first: layout.count,
    top: layout.height,
    height: HEAD + body + AFTER,
  });
  layout.count += shown.length;
  layout.height += HEAD + body + AFTER;
}

/** Return the section that covers `y`, or the nearest one, as its place in `layout.sections`. -1 if there is none. */
export function sectionAt(layout, y) {
  return lastWhere(layout.sections, (section) => section.top <= y);
}

/** Return [section, index in it] of the image at a place in the whole wall, counted through all sections, or null. */
export function shownAt(layout, place) {
  if (place < 0 || place >= layout.count) return null;
  const section = layout.sections[lastWhere(layout.sections, (each) => each.first <= place)];
  return [section, place - section.first];
}

/** Return where image `number` lies, counted through all sections, or -1 if it is not shown. */
export function placeOf(layout, number, group) {
  const section = layout.sections.find((each) => each.group === group);
  const index = section ? section.shown.indexOf(number) : -1;
  return index < 0 ? -1 : section.first + index;
}

/** Return the top of a row of images in the wall. */
export function rowTop(layout, section, row) {
  return section.top + layout.head + row * (layout.side + layout.gap);
}

/** Return the place above (`step` -1) or below (`step` 1) `place`, in the same column, or `place` at the wall's end. */
export function placeBelow(layout, place, step) {
  const [section, index] = shownAt(layout, place);
  const column = index % layout.columns;
  const row = Math.floor(index / layout.columns) + step;
  if (row >= 0 && row < section.rows) {
    return section.first + Math.min(row * layout.columns + column, section.shown.length - 1);
  }
  let next = layout.sections.indexOf(section) + step;
  while (layout.sections[next]?.shown.length === 0) next += step;
  const other = layout.sections[next];
  if (!other) return place;
  const start = step > 0 ? 0 : (other.rows - 1) * layout.columns;
  return other.first + Math.min(start + column, other.shown.length - 1);
}

function lastWhere(list, holds) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle])) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, list.length ? 0 : -1);
}
