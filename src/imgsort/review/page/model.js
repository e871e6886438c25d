// The sorting as the page shows it: the server's state, with what follows from it. It knows no elements.

// What a person looks at first comes first; what was set aside comes last.
const RANKS = { unsure: 0, category: 1, class: 1, rejected: 2, outliers: 3, unsorted: 4, stays: 5 };

/** `groups`: [{id, name, kind, silhouette, members}], in the order shown; `groupOf`: for each image its place in it. */
export class Sorting {
  constructor(proposed) {
    this.proposed = proposed; // the columns `images` of the page
    this.names = proposed.names;
    this.arranged = []; // the ids of the groups, in the order shown
    this.arrangements = new Map(); // the ids of groups that were shown together -> the order that they had
    this.groups = [];
    this.groupOf = [];
    this.state = null;
  }

  /** Take the server's newer state. Return the numbers of the images that are in another group than before. */
  take(state) {
    const members = new Map(state.groups.map((group) => [group.id, []]));
    state.images.forEach((id, number) => members.get(id).push(number));
    const moved = this.state ? differing(this.state.images, state.images) : [];
    this.#arrange(state.groups, members);
    const byId = new Map(state.groups.map((group) => [group.id, group]));
    this.groups = this.arranged.map((id) => ({ ...byId.get(id), members: members.get(id) }));
    const places = new Map(this.arranged.map((id, place) => [id, place]));
    this.groupOf = state.images.map((id) => places.get(id));
    this.state = state;
    return moved;
  }

  group(id) {
    return this.groups.find((group) => group.id === id) ?? null;
  }

  groupOfImage(number) {
    return this.groups[this.groupOf[number]];
  }

  /** The one group of a kind that is there once, for example `unsorted`, or null. */
  ofKind(kind) {
    return this.groups.find((group) => group.kind === kind) ?? null;
  }

  /** How odd each image is in its group; null where nobody knows. The proposal's hold for groups that it has as well. */
  distances() {
    if (this.state.distances) return this.state.distances;
    const { distances, groups } = this.proposed;
    const isProposed = this.groups.map(({ members }) => {
      const group = groups[members[0]];
      return members.every((number) => groups[number] === group) && members.length === countIn(groups, group);
    });
    return distances.map((distance, number) => (isProposed[this.groupOf[number]] ? distance : null));
  }

  /** The numbers of the images whose file name holds `words`, whatever the case. */
  named(words) {
    const wanted = plain(words);
    return this.names.flatMap((name, number) => (plain(name).includes(wanted) ? [number] : []));
  }

  /**
   * Groups stay where they are while a person works: those that were shown together before stand as they did then, and
   * a group with another id (after `Go on`) stands where the one stood that its images were in. New ones find their
   * place by size, and so do all after a new grouping.
   */
  #arrange(groups, members) {
    const together = groups.map((group) => group.id).sort((a, b) => a - b);
    const key = together.join(" ");
    if (!this.arrangements.has(key)) this.arrangements.set(key, this.#newArrangement(groups, members));
    this.arranged = this.arrangements.get(key);
  }

  #newArrangement(groups, members) {
    const rank = (group) => RANKS[group.kind];
    const place = new Map(this.arranged.map((id, number) => [id, number]));
    const ids = new Set(groups.map((group) => group.id));
    const before = new Map(
      groups.map((group) => [group.id, place.get(group.id) ?? place.get(this.#goneBefore(members.get(group.id), ids))]),
    );
    const keeps = groups.some((group) => isCategory(group) && place.has(group.id));
    const placed = (group) => (keeps ? (before.get(group.id) ?? Infinity) : 0);
    const order = (a, b) =>
      rank(a) - rank(b) ||
      compare(placed(a), placed(b)) ||
      members.get(b.id).length - members.get(a.id).length ||
      a.id - b.id;
    return [...groups].sort(order).map((group) => group.id);
  }

  /** The group that is gone and that most of these images were in, or null. */
  #goneBefore(numbers, ids) {
    const counts = new Map();
    for (const number of this.state ? numbers : []) {
      const id = this.state.images[number];
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const [id, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [null, 0];
    return id !== null && !ids.has(id) && 2 * count > numbers.length ? id : null;
  }
}

/** Whether a group is a folder with a name of its own, which a person may rename, split or merge. */
export function isCategory(group) {
  return group.kind === "category" || group.kind === "class";
}

/** What a person calls a group. */
export function titleOf(group) {
  return group.kind === "stays" ? "Stay where they are" : group.name;
}

/** The last part of a path. */
export function fileName(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

function differing(before, after) {
  return after.flatMap((group, number) => (before[number] === group ? [] : [number]));
}

function countIn(list, wanted) {
  return list.reduce((count, each) => count + (each === wanted), 0);
}

function compare(a, b) {
  return a === b ? 0 : a < b ? -1 : 1;
}

function plain(words) {
  return words.normalize("NFC").toLowerCase();
}
