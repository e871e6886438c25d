// The review: a page on this machine where a person looks at a sorting, corrects it, and applies it.

import { Actions } from "./actions.js";
import { ReviewServer, takeToken } from "./api.js";
import { apply, followWork, savePlan, takeBack, train } from "./applying.js";
import { createBar } from "./bar.js";
import { Corrections } from "./corrections.js";
import { button, confirmed, openDialog } from "./dialogs.js";
import { knowledgeOf } from "./describe.js";
import { countOf, element } from "./dom.js";
import { enableDrag } from "./drag.js";
import { createFolders } from "./folders.js";
import { colourOf } from "./map_colours.js";
import { createMap } from "./map.js";
import { listenToShortcuts, showKeys } from "./keys.js";
import { belowOf, groupItems, imageItems, openMenu, selectionBar } from "./menus.js";
import { Sorting, titleOf } from "./model.js";
import { madeParts } from "./sections.js";
import { createNotes, createSayer } from "./notes.js";
import { openViewer } from "./viewer.js";
import { numberAt } from "./wall_input.js";
import { WorkWall } from "./workwall.js";

const part = (id) => document.getElementById(id);

/** The whole page, put together. */
class Review {
  constructor(token) {
    this.notes = createNotes(part("notes"));
    this.say = createSayer(part("said"), () => this.corrections.undo());
    this.server = new ReviewServer(token, {
      onState: (state) => this.show(state),
      onLost: () => this.tell("lost", "imgsort does not answer. Your corrections are kept. Trying again…"),
      onFound: () => this.notes.set("lost"),
      onStranger: () => this.tell("stranger", "This window is of an earlier review. Open the address of the new one."),
    });
  }

  tell(name, words) {
    this.notes.set(name, element("p", {}, words));
  }

  /** Fetch all, build the page, and offer what was kept of an earlier review. */
  async open() {
    const { page, thumbnails, state } = await this.server.open();
    this.page = page;
    this.hasMap = page.can_compare;
    this.whyNotAlike = this.hasMap ? null : "No model looked at these images";
    this.places = null;
    this.thumbnails = thumbnails;
    this.sorting = new Sorting(page.images);
    this.known = knowledgeOf(page);
    this.sorting.take(state);
    this.corrections = new Corrections(this.server, this.sorting, this.say);
    document.title = `${page.title} – imgsort review`;
    part("title").textContent = page.title;
    this.build();
    this.show(state);
    await this.offer();
    await followWork(this.server);
  }

  build() {
    const { confidences, notes } = this.page.images;
    const shownBy = { thumbnails: this.thumbnails, confidences, notes };
    this.wall = new WorkWall(part("wall"), this.sorting, shownBy, {
      onSelect: (numbers) => this.selectionChanged(numbers),
      onLook: (number) => this.look(number),
      onImageMenu: (numbers, point) =>
        openMenu(countOf(numbers.length, "image"), imageItems(this.actions, numbers), point),
      onGroupMenu: (group, point) => this.groupMenu(group, point),
      onFilter: () => this.bar.clearFind(),
    });
    this.actions = new Actions({ ...this, look: (number) => this.look(number) });
    this.selectionBar = selectionBar(this.actions);
    document.body.append(this.selectionBar.bar);
    this.bar = createBar({
      find: (words) => this.find(words),
      selectFound: (numbers) => this.wall.select(numbers),
      regroup: (count) => this.corrections.regroup(count),
      undo: () => this.corrections.undo(),
      redo: () => this.corrections.redo(),
      apply: () => apply(this.server, this.sorting),
      showMap: (on) => this.showMap(on),
      menu: (anchor) => openMenu("More", this.moreItems(), belowOf(anchor)),
    });
    this.folders = createFolders(part("folders"), {
      reveal: (group) => {
        this.bar.showGroups(false);
        this.wall.revealGroup(this.sorting.groups.indexOf(this.sorting.group(group.id)));
      },
      menu: (group, anchor, point) => this.groupMenu(group, point ?? belowOf(anchor)),
      create: () => this.actions.newCategory(this.wall.selected()),
      colourOf: (place) => (this.hasMap ? `rgb(${colourOf(this.sorting.groups, place).join(" ")})` : null),
    });
    part("map-button").hidden = !this.hasMap;
    listenToShortcuts({
      actions: this.actions,
      corrections: this.corrections,
      context: () => this.context(),
      focusFind: () => this.bar.focusFind(),
    });
    enableDrag(document.body, this.dragHooks());
  }

  groupMenu(group, point) {
    openMenu(titleOf(group), groupItems(this.actions, group), point);
  }

  selectionChanged(numbers) {
    this.selectionBar?.show(numbers.length);
    this.map?.select(numbers);
  }

  /** Show a state of the server: of our own correction, or of another window's. */
  show(state) {
    if (!this.folders) return;
    const moved = this.sorting.take(state);
    this.wall.update(moved);
    this.map?.update(this.mapState());
    this.folders.update(this.sorting.groups);
    this.bar.update(state);
    const unread = this.page.made.unreadable.length;
    part("total").textContent = countOf(state.images.length, "image") + (unread ? `, ${unread} not readable` : "");
    const { applied } = state;
    if (!applied) return this.notes.set("applied");
    const words = element("p", {}, `${countOf(applied.moves, "file")} moved.`);
    return this.notes.set("applied", words, button("Take back", () => takeBack(this.server)));
  }

  /** Ask what shall become of the corrections that an earlier review kept. */
  async offer() {
    const { offered } = this.sorting.state;
    if (!offered) return;
    const take = await confirmed({
      title: "Go on where you were?",
      body: [element("p", {}, `From ${offered.saved}, ${countOf(offered.corrections, "correction was", "corrections were")} kept.`)],
      action: "Go on",
      otherwise: "Begin anew",
    });
    if (take === true) await this.corrections.takeOffered();
    if (take === false && (await this.corrections.dropOffered())) await this.offer(); // an older one may be kept too
  }

  find(words) {
    const numbers = words ? this.sorting.named(words) : null;
    this.wall.filter(numbers);
    return numbers;
  }

  moreItems() {
    const { can_train: canTrain, applied } = this.sorting.state;
    return [
      { label: "Open all groups", run: () => this.wall.openAll(true) },
      { label: "Close all groups", run: () => this.wall.openAll(false) },
      null,
      { label: "Save plan", run: () => this.save() },
      { label: "Train a classifier…", disabled: !canTrain, run: () => train(this.server) },
      { label: "New category…", key: "N", disabled: Boolean(applied), run: () => this.actions.newCategory([]) },
      null,
      { label: "How it was made…", run: () => this.showMade() },
      { label: "Keys…", key: "?", run: () => showKeys() },
    ];
  }

  showMade() {
    const made = () => element("div", { class: "made" }, madeParts(this.page.made));
    return openDialog("How it was made", made, { wide: true });
  }

  async save() {
    try {
      await savePlan(this.server, this.page.title);
    } catch (error) {
      if (error.status === undefined) throw error;
      this.say(error.message);
    }
  }

  /** What a key means now. */
  context() {
    const focused = this.wall.focused();
    const selected = this.wall.selected();
    const place = document.activeElement?.closest?.("[data-group]")?.dataset.group;
    return {
      numbers: selected.length ? selected : focused === null ? [] : [focused],
      group: place === undefined ? null : this.sorting.groups[Number(place)],
    };
  }

  /** Show an image large; the arrows lead through its group. */
  look(number) {
    const { names } = this.sorting;
    const distances = this.sorting.distances();
    openViewer(this.wall.besides(number), number, {
      names,
      thumbnails: this.thumbnails,
      describe: (current) =>
        this.known.lines(current, titleOf(this.sorting.groupOfImage(current)), distances[current] ?? null),
      beside: this.known.beside,
      actions: (current, close) => this.viewerButtons(current, close),
      onClose: (last) => this.wall.focus(last),
    });
  }

  viewerButtons(number, close) {
    const after = (run) => () => {
      close();
      run();
    };
    const like = button("More like this…", after(() => this.actions.moreLike(number)));
    like.disabled = this.whyNotAlike !== null;
    like.title = this.whyNotAlike ?? "";
    return [button("Move to…", after(() => this.actions.moveTo([number])), "primary"), like];
  }

  /** Show the map, or hide it. Where the points lie is computed when it is asked for first. */
  async showMap(on) {
    const box = part("map");
    box.hidden = !on;
    document.body.classList.toggle("with-map", on);
    if (!on || this.places !== null) return;
    this.places = [];
    box.replaceChildren(element("p", { class: "quiet", role: "status" }, "Drawing the map…"));
    try {
      this.places = (await this.server.get("/api/map")).places;
    } catch (error) {
      this.places = null;
      box.replaceChildren(element("p", { class: "wrong", role: "alert" }, error.message));
      return;
    }
    box.replaceChildren();
    this.map = createMap(box, this.mapState(), {
      onPick: (number) => this.wall.reveal(number),
      onSelect: (numbers) => this.wall.select(numbers),
    });
    this.map.select(this.wall.selected());
  }

  mapState() {
    return { ...this.wall.state(), places: this.places };
  }

  dragHooks() {
    const groupAt = (under) => {
      const place = under.closest("[data-group]")?.dataset.group;
      return place === undefined ? null : this.sorting.groups[Number(place)];
    };
    return {
      thumbnails: this.thumbnails,
      mayDrag: () => !this.sorting.state.applied,
      source: (under) => {
        const number = numberAt(under);
        const selected = this.wall.selected();
        if (number !== null) return { numbers: selected.includes(number) ? selected : [number], group: null };
        if (!under.closest(".group-head, .folder") || under.closest(".dots, .new")) return null;
        const group = groupAt(under);
        return group?.members.length ? { numbers: group.members, group } : null;
      },
      target: (under, source) => {
        const fresh = under.closest("[data-new]");
        if (fresh) return { element: fresh, means: { create: true } };
        const group = groupAt(under);
        if (!group || group.id === source.group?.id) return null;
        return { element: under.closest("[data-group]"), means: { id: group.id } };
      },
      mark: (target) => {
        document.querySelector(".drop-target")?.classList.remove("drop-target");
        target?.classList.add("drop-target");
      },
      drop: (source, means) => this.actions.drop(source, means),
    };
  }
}

async function begin() {
  // The same page, opened with the token of a newer review: only the fragment changes, so nothing would be loaded.
  addEventListener("hashchange", () => {
    takeToken();
    location.reload();
  });
  const token = takeToken();
  const review = new Review(token);
  if (!token) {
    review.tell("stranger", "Open the address that imgsort review printed: it carries the key to this page.");
    return;
  }
  await review.open();
}

begin();
