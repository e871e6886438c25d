// The bar at the top: find by file name, the number of categories, undo and redo, and what is done with the sorting.

import { countOf, setStyles } from "./dom.js";

const REST_MS = 150;

/**
 * Bring the bar to life. `hooks`: find(words) -> the numbers found or null, selectFound(numbers), regroup(count) ->
 * a promise, undo(), redo(), apply(), showMap(on), menu(button).
 */
export function createBar(hooks) {
  const part = (id) => document.getElementById(id);
  part("undo").addEventListener("click", () => hooks.undo());
  part("redo").addEventListener("click", () => hooks.redo());
  part("apply").addEventListener("click", () => hooks.apply());
  part("more").addEventListener("click", () => hooks.menu(part("more")));
  part("map-button").addEventListener("click", () => {
    const on = part("map-button").getAttribute("aria-pressed") !== "true";
    part("map-button").setAttribute("aria-pressed", String(on));
    hooks.showMap(on);
  });
  const showGroups = listenToGroups(part("groups-button"), part("folders"));
  const slider = listenToSlider(part("clusters-slider"), part("clusters-count"), hooks.regroup);
  const finder = listenToFinder(part("find"), part("found"), hooks);

  keepBarHeight(part("bar"));

  function update(state) {
    const fixed = Boolean(state.applied);
    part("undo").disabled = fixed || !state.can_undo;
    part("redo").disabled = fixed || !state.can_redo;
    part("undo").title = state.can_undo && state.last ? `Undo: ${state.last}` : "Undo";
    part("apply").disabled = fixed;
    part("clusters").hidden = !state.clusters_range;
    slider.disabled = fixed;
    if (state.clusters_range && !slider.busy()) slider.set(state.clusters_range, state.clusters);
  }

  return { update, showGroups, clearFind: finder.clear, focusFind: () => part("find").focus() };
}

/** Where the window is too narrow for the list of groups, a button opens it over the wall. Return show(isOpen). */
function listenToGroups(button, folders) {
  const isOpen = () => button.getAttribute("aria-expanded") === "true";
  const show = (on) => {
    button.setAttribute("aria-expanded", String(on));
    document.body.classList.toggle("with-folders", on);
  };
  button.addEventListener("click", () => show(!isOpen()));
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen() || document.querySelector("dialog[open], .menu")) return;
    show(false);
    if (folders.contains(document.activeElement)) button.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (isOpen() && !event.target.closest("#folders, #groups-button, .menu, dialog")) show(false);
  });
  return show;
}

/** Tell the style sheet how high the bar is, so that what sticks below it does not lie under it. */
function keepBarHeight(bar) {
  const tell = () => setStyles(document.documentElement, { "--bar": `${bar.offsetHeight}px` });
  new ResizeObserver(tell).observe(bar);
  tell();
}

/** Regroup when the slider rests; while the server works on one number, only the latest other one waits. */
function listenToSlider(range, output, regroup) {
  let timer = 0;
  let working = false;
  let wanted = null;
  const send = async () => {
    if (working || wanted === null) return;
    working = true;
    const count = wanted;
    wanted = null;
    range.setAttribute("aria-busy", "true");
    try {
      await regroup(count);
    } finally {
      working = false;
      range.removeAttribute("aria-busy");
      send();
    }
  };
  range.addEventListener("input", () => {
    output.textContent = range.value;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      wanted = Number(range.value);
      send();
    }, REST_MS);
  });
  return {
    set disabled(off) {
      range.disabled = off;
    },
    busy: () => working || wanted !== null || timer !== 0,
    set([least, most], count) {
      [range.min, range.max, range.value] = [least, most, count ?? least];
      output.textContent = count ?? "";
    },
  };
}

function listenToFinder(field, found, hooks) {
  let numbers = null;
  let timer = 0;
  const show = () => {
    numbers = hooks.find(field.value.trim());
    found.hidden = numbers === null;
    found.disabled = !numbers?.length;
    found.textContent = numbers?.length ? `Select ${countOf(numbers.length, "found image")}` : "Nothing found";
  };
  const clear = () => {
    if (!field.value) return;
    field.value = "";
    show();
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, REST_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
  });
  found.addEventListener("click", () => hooks.selectFound(numbers));
  return { clear };
}
