// What menus, keys and the toolbar start: a correction, with the question that it needs first.

import { askName, chooseGroup } from "./dialogs.js";
import { countOf } from "./dom.js";
import { isCategory } from "./model.js";
import { previewLike, previewSplit } from "./previews.js";

const ASIDE = [
  aside("unsorted", "U", "Unsorted", "Set aside to Unsorted", "Set all aside to Unsorted"),
  aside("outliers", "O", "Outlayers", "Set aside to Outlayers", "Set all aside to Outlayers"),
  aside("stays", "L", "Leave", "Leave where it is", "Leave all where they are"),
];

/**
 * `wall`: a WorkWall; `look(number)` shows an image large; `say` as for the corrections; `whyNotAlike`: why this review
 * cannot compare images, or null.
 */
export class Actions {
  constructor({ corrections, sorting, wall, thumbnails, look, say, whyNotAlike }) {
    Object.assign(this, { corrections, sorting, wall, thumbnails, look, say, whyNotAlike });
  }

  /** The groups to set images aside in that this sorting has. */
  asideKinds() {
    return ASIDE.filter(({ kind }) => this.sorting.ofKind(kind));
  }

  selected() {
    return this.wall.selected();
  }

  clear() {
    this.wall.clear();
  }

  /** Ask for a group, also a new one, and put the images there. */
  async moveTo(numbers) {
    if (!numbers.length) return;
    const title = `Move ${countOf(numbers.length, "image")} to`;
    const isElsewhere = (group) => numbers.some((number) => this.sorting.groupOfImage(number) !== group);
    const others = this.sorting.groups.filter(isElsewhere);
    const answer = await chooseGroup({ title, groups: others, mayBeNew: true });
    if (answer?.group) await this.move(numbers, answer.group.id);
    else if (answer) await this.newCategory(numbers, answer.name);
  }

  async move(numbers, id) {
    await this.#gone(numbers, () => this.corrections.move(numbers, id));
  }

  async setAside(numbers, kind) {
    if (numbers.length) await this.#gone(numbers, () => this.corrections.setAside(numbers, kind));
  }

  /** Ask for a name, and make a category of the images. */
  async newCategory(numbers, value = "") {
    const ask = {
      title: numbers.length ? `New category of ${countOf(numbers.length, "image")}` : "New category",
      value,
      action: "Make",
      send: (name) => this.corrections.create(name, numbers),
    };
    await this.#gone(numbers, () => askName(ask));
  }

  async rename(group) {
    if (!isCategory(group)) return;
    await askName({
      title: `Rename ${group.name}`,
      value: group.name,
      action: "Rename",
      send: (name) => this.corrections.rename(group.id, name),
    });
  }

  async merge(group) {
    if (!isCategory(group)) return;
    const others = this.sorting.groups.filter((other) => isCategory(other) && other.id !== group.id);
    const answer = await chooseGroup({ title: `Merge ${group.name} with`, groups: others });
    const done = answer && (await this.corrections.merge(group.id, answer.group.id));
    if (done) this.wall.focusGroup(answer.group.id);
  }

  /** Show both halves of a group; if a person likes them, the smaller becomes a category. */
  async split(group) {
    const halves = await this.#asked(() => this.corrections.halves(group.id));
    if (!halves) return;
    if (!halves[1].length) {
      this.say("These images differ too little to be split.");
      return;
    }
    const shownBy = { names: this.sorting.names, thumbnails: this.thumbnails };
    await previewSplit(group, halves, shownBy, (name, numbers) => this.corrections.create(name, numbers));
  }

  async moreLike(number) {
    const alike = await this.#asked(() => this.corrections.like(number));
    const answer = alike && (await previewLike(number, alike, this.sorting, this.thumbnails));
    if (answer?.to === "move") await this.moveTo(answer.numbers);
    if (answer?.to === "create") await this.newCategory(answer.numbers);
    if (answer?.to === "select") {
      this.wall.select(answer.numbers);
      this.wall.reveal(answer.numbers[0]);
    }
  }

  selectGroupOf(number) {
    this.selectAll(this.sorting.groupOfImage(number));
  }

  selectAll(group) {
    this.wall.toggleAll(group.members);
  }

  /** Do what a drop means: `source` {numbers, group}, `target` {id} or {create: true}. */
  async drop(source, target) {
    if (target.create) await this.newCategory(source.numbers);
    else if (source.group) await this.corrections.merge(source.group.id, target.id);
    else await this.move(source.numbers, target.id);
  }

  /** Images leave the place where they were: the focus goes to their neighbour, and the selection is done with. */
  async #gone(numbers, correct) {
    const refocus = this.wall.focusAfter(numbers);
    const done = await correct();
    if (done) {
      this.wall.clear();
      refocus();
    }
    return done;
  }

  async #asked(ask) {
    if (this.whyNotAlike) {
      this.say(this.whyNotAlike);
      return null;
    }
    try {
      return await ask();
    } catch (error) {
      if (error.status === undefined) throw error;
      this.say(error.message);
      return null;
    }
  }
}

function aside(kind, key, short, label, allLabel) {
  return { kind, key, short, label, allLabel };
}
