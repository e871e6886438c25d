// What a person can do to the sorting: each correction is one method. Nothing here moves a file.

import { countOf } from "./dom.js";
import { isNewer } from "./api.js";
import { isCategory, titleOf } from "./model.js";

/**
 * `say(message, {undo})` tells what was done, with a button that undoes it. Each method returns whether it was done.
 * `create` and `rename` throw what the server has against a name, so that the dialog which asked for it can say it.
 */
export class Corrections {
  constructor(server, sorting, say) {
    this.server = server;
    this.sorting = sorting;
    this.say = say;
  }

  /** Put images into a group. */
  move(numbers, id) {
    const group = this.sorting.group(id);
    const moving = numbers.filter((number) => this.sorting.groupOfImage(number).id !== id);
    if (!moving.length) return this.#nothing(`Already there: ${titleOf(group)}`);
    const where = group.kind === "stays" ? "stay where they are" : `moved to ${group.name}`;
    return this.#send({ do: "move", images: moving, to: id }, `${countOf(moving.length, "image")} ${where}`);
  }

  /** Put images into the group of a kind: `unsorted`, `outliers` or `stays`. */
  setAside(numbers, kind) {
    return this.move(numbers, this.sorting.ofKind(kind).id);
  }

  /** Make a category of images. It may be empty: then it is a place to move images to. */
  create(name, numbers) {
    const done = `${name}: ${countOf(numbers.length, "image")}`;
    return this.#send({ do: "create", name, images: numbers }, done, { isName: true });
  }

  rename(id, name) {
    const before = this.sorting.group(id).name;
    if (name === before) return this.#nothing(`Still ${name}`);
    return this.#send({ do: "rename", group: id, name }, `${before} is now ${name}`, { isName: true });
  }

  /** Put all images of one group into another, and let the first go. A group that always is there is only emptied. */
  merge(id, into) {
    const [from, to] = [this.sorting.group(id), this.sorting.group(into)];
    if (!isCategory(from) || !isCategory(to)) return this.move(from.members, into);
    return this.#send({ do: "merge", groups: [id], into }, `${from.name} is now part of ${to.name}`);
  }

  /** Return two halves of a group, the larger first; nothing is changed. */
  async halves(id) {
    const { halves } = await this.server.post("/api/split", { group: id });
    return [...halves].sort((a, b) => b.length - a.length);
  }

  /** Return the images that are most like one image, the most alike first; nothing is changed. */
  async like(number, most = 50) {
    const { images } = await this.server.post("/api/like", { image: number, most });
    return images.filter((other) => other !== number);
  }

  /** Group all images anew into a number of categories. */
  regroup(clusters) {
    return this.#send({ do: "regroup", clusters }, countOf(clusters, "category", "categories"));
  }

  undo() {
    if (!this.sorting.state.can_undo) return this.#nothing("There is nothing to undo");
    const last = this.sorting.state.last;
    return this.#send({ do: "undo" }, last ? `Undone: ${last}` : "Undone", { undo: false });
  }

  redo() {
    if (!this.sorting.state.can_redo) return this.#nothing("There is nothing to redo");
    return this.#send({ do: "redo" }, "Done again");
  }

  takeOffered() {
    return this.#send({ do: "take_offered" }, "Your corrections are back");
  }

  dropOffered() {
    return this.#send({ do: "drop_offered" }, "The earlier corrections are kept for another time", { undo: false });
  }

  async #nothing(message) {
    this.say(message);
    return false;
  }

  async #send(correction, done, { undo = true, isName = false } = {}) {
    try {
      await this.server.correct(correction);
    } catch (error) {
      if (isName && error.status === 422) throw error;
      return this.#refused(error);
    }
    this.say(done, { undo: undo && this.sorting.state.can_undo });
    return true;
  }

  #refused(error) {
    if (error.status === undefined) throw error;
    const words = error.status === 0 ? "Not done: imgsort does not answer." : error.message;
    this.say(isNewer(error.body) ? "The sorting was changed in another window. Look at it, and do this again." : words);
    return false;
  }
}
