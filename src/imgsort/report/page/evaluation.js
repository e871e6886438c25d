// The part of a page about how good a classifier is: a confusion matrix that opens the images behind it, and mistakes.
import { countOf, element, percent, setStyles } from "./dom.js";
import { imageCard, pagedList, tableElement } from "./sections.js";
import { thumbnailElement } from "./thumbnails.js";

/** Make the part about the evaluation of a classifier. `look` as in sections.js. */
export function evaluationSection(look) {
  const { classes, cells, figures, accuracy, mistakes } = look.page.evaluation;
  const behind = element("div", { class: "behind", "aria-live": "polite" });
  const rows = figures.map((each) => [each.name, percent(each.precision), percent(each.recall), percent(each.f1), each.support]);
  const parts = [
    element("h2", {}, `${percent(accuracy)} of the images were recognised`),
    element("p", { class: "hint" }, "Rows: what an image is. Columns: what it was taken for. A cell opens the images behind it."),
    matrixElement(classes, cells, (row, column) => showBehind(look, behind, row, column)),
    behind,
    element("h2", {}, "Each class"),
    tableElement(["class", "precision", "recall", "F1", "images"], rows),
  ];
  if (mistakes.length) {
    const numbers = mistakes.map((row) => row.image);
    parts.push(element("h2", {}, "Worst mistakes"), pagedList(mistakes, (row) => mistakeCard(look, numbers, row), "Worst mistakes"));
  }
  return element("section", {}, ...parts);
}

function matrixElement(classes, cells, open) {
  const head = element("tr", {}, element("td", {}), classes.map((name) => element("th", { scope: "col", title: name }, element("span", {}, name))));
  const body = classes.map((name, row) => {
    const total = cells[row].reduce((sum, numbers) => sum + numbers.length, 0);
    const filled = classes.map((other, column) => {
      const count = cells[row][column].length;
      // The root of the share is shown, so that a few mistakes among many images are seen.
      const share = count / Math.max(total, 1);
      const label = `${countOf(count, "image")} of ${name} taken for ${other}`;
      const press = () => open(row, column);
      const inner = count ? element("button", { type: "button", "aria-label": label, title: label, onclick: press }, count.toLocaleString("en")) : "";
      const cell = element("td", { class: `${row === column ? "right" : "wrong"}${share > 0.5 ? " full" : ""}` }, inner);
      return setStyles(cell, { "--share": `${Math.round(100 * Math.sqrt(share))}%` });
    });
    return element("tr", {}, element("th", { scope: "row", title: name }, name), filled);
  });
  const table = element("table", { class: "matrix" }, element("thead", {}, head), element("tbody", {}, body));
  return element("div", { class: "scrolling", tabindex: "0", role: "region", "aria-label": "Confusion matrix" }, table);
}

function showBehind(look, behind, row, column) {
  const { classes, cells } = look.page.evaluation;
  const numbers = cells[row][column];
  const title = row === column ? `${classes[row]}, recognised` : `${classes[row]}, taken for ${classes[column]}`;
  behind.replaceChildren(
    element("h3", {}, `${title}: ${countOf(numbers.length, "image")}`),
    pagedList(numbers, (number) => imageCard(look, numbers, number, []), title),
  );
  behind.scrollIntoView({ block: "nearest" });
}

function mistakeCard(look, numbers, row) {
  const lines = [`${row.true} taken for ${row.predicted}`, percent(row.probability)];
  const card = imageCard(look, numbers, row.image, lines);
  if (row.heat === null) return card;
  const heat = element("span", { class: "card-picture" }, thumbnailElement(look.thumbnails, row.heat));
  const shows = element("span", { class: "card-line" }, "what it looked at");
  return element("div", { class: "pair" }, card, element("div", { class: "card" }, heat, shows));
}
