// Dragging with the mouse: one image, the selected ones, or a whole group by its header, onto another group.
// Whoever has no mouse uses the menus.

import { countOf, element } from "./dom.js";
import { thumbnailElement } from "./thumbnails.js";

const BEGINS_AFTER_PX = 6;
const EDGE_PX = 64;
const FASTEST_PX = 24;

/**
 * Let a person drag inside of `area`. `hooks`:
 *   mayDrag() -> whether corrections are possible now;
 *   source(element) -> {numbers, group} of what is under the mouse when it goes down, or null; `group` only for a head;
 *   target(element) -> what a drop there means, or null; equal targets are the same object or string;
 *   thumbnails: what thumbnailElement takes;
 *   mark(element or null) shows where a drop would go; drop(source, target) does it.
 */
export function enableDrag(area, hooks) {
  let drag = null;
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType !== "mouse" || event.shiftKey || event.ctrlKey || event.metaKey) return;
    if (!hooks.mayDrag()) return;
    const source = hooks.source(event.target);
    if (!source) return;
    drag = { source, x: event.clientX, y: event.clientY, ghost: null, target: null, pointer: event.pointerId };
  });
  addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (!drag.ghost && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < BEGINS_AFTER_PX) return;
    if (!drag.ghost) begin(drag);
    [drag.x, drag.y] = [event.clientX, event.clientY];
    follow(drag, hooks);
  });
  addEventListener("pointerup", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { source, target, ghost } = drag;
    end();
    if (!ghost) return;
    swallowClick();
    if (target) hooks.drop(source, target.means);
  });
  addEventListener("pointercancel", () => end());
  addEventListener("blur", () => end());
  addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !drag?.ghost) return;
      event.stopPropagation();
      end();
      swallowClick();
    },
    true,
  );
  area.addEventListener("dragstart", (event) => event.preventDefault());

  function end() {
    if (!drag) return;
    drag.ghost?.remove();
    cancelAnimationFrame(drag.frame);
    document.documentElement.classList.remove("dragging");
    hooks.mark(null);
    drag = null;
  }

  function begin(begun) {
    begun.ghost = ghostOf(begun.source.numbers, hooks.thumbnails);
    document.body.append(begun.ghost);
    document.documentElement.classList.add("dragging");
    getSelection()?.removeAllRanges();
    const step = () => {
      if (scrollNearEdge(begun.x, begun.y)) follow(begun, hooks);
      begun.frame = requestAnimationFrame(step);
    };
    begun.frame = requestAnimationFrame(step);
  }
}

function follow(drag, hooks) {
  drag.ghost.style.transform = `translate(${drag.x + 12}px, ${drag.y + 12}px)`;
  const under = document.elementFromPoint(drag.x, drag.y);
  drag.target = under && hooks.target(under, drag.source);
  hooks.mark(drag.target?.element ?? null);
}

function ghostOf(numbers, thumbnails) {
  const pile = element("div", { class: "drag-ghost", "aria-hidden": "true" });
  pile.append(...numbers.slice(0, 3).map((number) => thumbnailElement(thumbnails, number)));
  if (numbers.length > 1) pile.append(element("span", { class: "badge" }, countOf(numbers.length, "image")));
  return pile;
}

/** Scroll what is under the pointer if the pointer is near its upper or lower edge. Return whether it scrolled. */
function scrollNearEdge(x, y) {
  const scroller = scrollerAt(x, y);
  const isPage = scroller === document.scrollingElement;
  const box = isPage ? { top: 0, bottom: innerHeight } : scroller.getBoundingClientRect();
  const [above, below] = [box.top + EDGE_PX - y, y - (box.bottom - EDGE_PX)];
  const speed = above > 0 ? -above : below > 0 ? below : 0;
  if (!speed) return false;
  const before = scroller.scrollTop;
  scroller.scrollTop += Math.sign(speed) * Math.min(FASTEST_PX, Math.ceil(Math.abs(speed) / 3));
  return scroller.scrollTop !== before;
}

function scrollerAt(x, y) {
  let under = document.elementFromPoint(x, Math.max(0, Math.min(y, innerHeight - 1)));
  for (; under; under = under.parentElement) {
    const scrolls = under.scrollHeight > under.clientHeight + 1;
    if (scrolls && /auto|scroll/.test(getComputedStyle(under).overflowY)) return under;
  }
  return document.scrollingElement;
}

/** A drag ends with a click on what is under the mouse, which a person did not mean. */
function swallowClick() {
  const swallow = (event) => {
    event.stopPropagation();
    event.preventDefault();
  };
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
}
