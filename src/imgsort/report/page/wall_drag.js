// Dragging images of a wall from group to group. `hooks.isEditable` says whether it is possible, `onDrop` does it.
import { countOf, element } from "./dom.js";
import { imagesUnder } from "./wall_input.js";

export function listenToDrags(wall) {
  let dragged = null;
  wall.container.addEventListener("dragstart", (event) => {
    dragged = wall.hooks.isEditable?.() ? imagesUnder(wall, event.target) : null;
    if (!dragged?.length) return event.preventDefault();
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", countOf(dragged.length, "image"));
    showCount(event, dragged.length);
  });
  wall.container.addEventListener("dragover", (event) => {
    const target = dragged && event.target.closest(".group");
    mark(wall, target);
    if (!target) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
  });
  wall.container.addEventListener("drop", (event) => {
    const target = dragged && event.target.closest(".group");
    if (!target) return;
    event.preventDefault();
    const numbers = dragged;
    dragged = null;
    mark(wall, null);
    wall.hooks.onDrop?.(numbers, Number(target.dataset.group));
  });
  addEventListener("dragend", () => {
    dragged = null;
    mark(wall, null);
  });
}

function mark(wall, target) {
  for (const { node } of wall.drawn.values()) node.classList.toggle("drop-target", node === target);
}

/** Let the pointer carry a small plate with the number of images. */
function showCount(event, count) {
  const plate = element("div", { class: "drag-plate" }, countOf(count, "image"));
  document.body.append(plate);
  event.dataTransfer.setDragImage(plate, -12, -12);
  setTimeout(() => plate.remove());
}
