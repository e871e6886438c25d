// The larger view of one image, over the page. Arrow keys go to its neighbours, Escape closes it.
import { element } from "./dom.js";
import { thumbnailElement } from "./thumbnails.js";

/**
 * Open the larger view at image `number`. `numbers`: the images that the arrow keys lead through.
 *
 * `look` holds `names`, `thumbnails`, `describe(number)` (lines of text about an image), and optionally
 * `beside(number)` ([{number, words}] of images to compare it with), `actions(number, close)`, which makes buttons, and
 * `onClose(number)`.
 */
export function openViewer(numbers, number, look) {
  let place = numbers.indexOf(number);
  const picture = element("div", { class: "viewer-picture" });
  const words = element("div", { class: "viewer-words", "aria-live": "polite" });
  const beside = element("div", { class: "viewer-beside" });
  const actions = element("div", { class: "viewer-actions" });
  const step = (by) => {
    place = Math.min(Math.max(place + by, 0), numbers.length - 1);
    show();
  };
  const back = plainButton("‹", "Previous image", () => step(-1));
  const on = plainButton("›", "Next image", () => step(1));
  const close = plainButton("×", "Close", () => dialog.close());
  const dialog = element("dialog", { class: "viewer", "aria-label": "Larger view" }, picture, words, beside, actions, back, on, close);
  const show = () => {
    const current = numbers[place];
    const [name, ...lines] = [look.names[current], ...look.describe(current)];
    picture.replaceChildren(thumbnailElement(look.thumbnails, current, true));
    words.replaceChildren(element("strong", {}, name), ...lines.map((line) => element("span", {}, line)));
    beside.replaceChildren(...(look.beside?.(current) ?? []).map((other) => otherFigure(look, other)));
    actions.replaceChildren(...(look.actions?.(current, () => dialog.close()) ?? []));
    back.disabled = place === 0;
    on.disabled = place === numbers.length - 1;
  };
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (by) step(by);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    look.onClose?.(numbers[place]);
  });
  back.classList.add("viewer-back");
  on.classList.add("viewer-on");
  close.classList.add("viewer-close");
  show();
  document.body.append(dialog);
  dialog.showModal();
}

function otherFigure(look, { number, words }) {
  const picture = element("div", { class: "viewer-other" }, thumbnailElement(look.thumbnails, number));
  return element("figure", {}, picture, element("figcaption", {}, element("span", {}, words), element("span", {}, look.names[number])));
}

/** Make a button with a sign on it, and the words that a screen reader says. */
export function plainButton(sign, label, action) {
  return element("button", { type: "button", class: "plain", "aria-label": label, title: label, onclick: action }, sign);
}
