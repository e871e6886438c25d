// Menus and the toolbar of the selection: everything that can be done, without a drag.

import { element } from "./dom.js";
import { rememberFocus } from "./focus.js";

/**
 * Open a menu at a point of the window. `items`: [{label, key, run, disabled, title}] or null for a line between them.
 * `key` is the shortcut that does the same. Where the focus was, it comes back to before an item runs.
 */
export function openMenu(label, items, { x, y }) {
  closeMenu();
  const giveFocusBack = rememberFocus();
  const menu = element("div", { role: "menu", class: "menu", "aria-label": label, popover: "auto", tabindex: "-1" });
  const entries = items.map((item) => (item ? menuItem(item) : element("hr", { role: "separator" })));
  menu.append(...entries);
  const leave = () => {
    menu.remove();
    giveFocusBack();
  };
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "closed" && menu.isConnected) leave();
  });
  menu.addEventListener("click", (event) => {
    const place = entries.indexOf(event.target.closest("[role=menuitem]"));
    if (place < 0 || items[place].disabled) return;
    leave();
    items[place].run();
  });
  menu.addEventListener("keydown", (event) => walkMenu(menu, event));
  menu.addEventListener("contextmenu", (event) => event.preventDefault());
  document.body.append(menu);
  menu.showPopover();
  placeMenu(menu, x, y);
  (usable(menu)[0] ?? menu).focus();
}

/** The point for a menu under an element, for example the button that belongs to it. */
export function belowOf(anchor) {
  const { left, bottom } = anchor.getBoundingClientRect();
  return { x: left, y: bottom + 4 };
}

/** Close the menu that is open, if there is one. */
export function closeMenu() {
  document.querySelector(".menu")?.hidePopover();
}

function menuItem({ label, key, disabled, title }) {
  const facts = { type: "button", role: "menuitem", tabindex: "-1", title };
  const made = element("button", facts, element("span", {}, label));
  if (disabled) made.setAttribute("aria-disabled", "true");
  if (key) made.append(element("kbd", { "aria-hidden": "true" }, key));
  if (key) made.setAttribute("aria-keyshortcuts", key.replace("Ctrl", "Control"));
  return made;
}

function usable(menu) {
  return [...menu.querySelectorAll("[role=menuitem]:not([aria-disabled])")];
}

function walkMenu(menu, event) {
  const items = usable(menu);
  const now = items.indexOf(document.activeElement);
  const last = items.length - 1;
  const steps = { ArrowDown: now === last ? 0 : now + 1, ArrowUp: now <= 0 ? last : now - 1, Home: 0, End: last };
  if (event.key in steps) items[steps[event.key]]?.focus();
  else if (event.key === "Tab") closeMenu();
  else if (event.key.length === 1 && event.key !== " ") focusByLetter(items, now, event.key);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function focusByLetter(items, now, letter) {
  const turned = [...items.slice(now + 1), ...items.slice(0, now + 1)];
  turned.find((item) => item.textContent.toLowerCase().startsWith(letter.toLowerCase()))?.focus();
}

function placeMenu(menu, x, y) {
  const { width, height } = menu.getBoundingClientRect();
  const margin = 8;
  menu.style.left = `${Math.max(margin, Math.min(x, innerWidth - width - margin))}px`;
  menu.style.top = `${Math.max(margin, Math.min(y, innerHeight - height - margin))}px`;
}

/** The items for the selected images; `actions` is what `actions.js` offers. */
export function imageItems(actions, numbers) {
  const many = numbers.length > 1;
  return [
    { label: "Move to…", key: "M", run: () => actions.moveTo(numbers) },
    { label: "New category…", key: "N", run: () => actions.newCategory(numbers) },
    null,
    ...asideItems(actions, numbers),
    null,
    alike(actions, { label: "More like this…", key: "K", disabled: many, run: () => actions.moreLike(numbers[0]) }),
    { label: "Look at it large", key: "Enter", disabled: many, run: () => actions.look(numbers[0]) },
    { label: "Select all of its group", key: "Ctrl+A", disabled: many, run: () => actions.selectGroupOf(numbers[0]) },
  ];
}

/** The items of a group's menu. */
export function groupItems(actions, group) {
  const own = group.kind === "category" || group.kind === "class";
  const empty = group.members.length === 0;
  const isSmall = group.members.length < 2;
  return [
    { label: "Select all its images", disabled: empty, run: () => actions.selectAll(group) },
    null,
    { label: "Rename…", key: "R", disabled: !own, run: () => actions.rename(group) },
    { label: "Merge with…", key: "G", disabled: !own, run: () => actions.merge(group) },
    alike(actions, { label: "Split in two…", key: "S", disabled: isSmall, run: () => actions.split(group) }),
    null,
    { label: "Move all to…", disabled: empty, run: () => actions.moveTo(group.members) },
    ...asideItems(actions, group.members, "allLabel").filter((item) => item.kind !== group.kind),
  ];
}

/** An item that compares images: it says why, where this review cannot. */
function alike(actions, item) {
  const why = actions.whyNotAlike;
  return why ? { ...item, disabled: true, title: why } : item;
}

function asideItems(actions, numbers, words = "label") {
  return actions.asideKinds().map((aside) => ({
    kind: aside.kind,
    label: aside[words],
    key: words === "label" ? aside.key : undefined,
    disabled: numbers.length === 0,
    run: () => actions.setAside(numbers, aside.kind),
  }));
}

/** The toolbar that stands at the bottom while images are selected. */
export function selectionBar(actions) {
  const count = element("span", { class: "selected-count" });
  const act = (label, run, extra = "") => {
    const made = element("button", { type: "button", class: extra }, label);
    made.addEventListener("click", () => run(actions.selected(), made));
    return made;
  };
  const clear = act("×", () => actions.clear(), "cross");
  clear.setAttribute("aria-label", "Select nothing");
  const like = act("More like this…", ([number]) => actions.moreLike(number), "roomy");
  if (actions.whyNotAlike) like.title = actions.whyNotAlike;
  const aside = actions.asideKinds().map(({ kind, short, label }) => {
    const made = act(short, (numbers) => actions.setAside(numbers, kind), "roomy");
    made.title = label;
    return made;
  });
  const bar = element(
    "div",
    { role: "toolbar", class: "selection-bar", "aria-label": "Selected images", hidden: "" },
    clear,
    count,
    act("Move to…", (numbers) => actions.moveTo(numbers), "primary"),
    act("New category…", (numbers) => actions.newCategory(numbers), "wide-only"),
    ...aside,
    like,
    act("More…", (some, made) => openMenu("Selected images", imageItems(actions, some), belowOf(made)), "narrow"),
  );
  return {
    bar,
    show(size) {
      bar.hidden = size === 0;
      count.textContent = `${size.toLocaleString("en")} selected`;
      like.disabled = size !== 1 || actions.whyNotAlike !== null;
    },
  };
}
