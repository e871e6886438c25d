// The parts of a page beside the wall and the map. Each function makes one part from the page's data.
//
// `look` holds `page` (the data), `thumbnails`, and `open(numbers, number)`, which shows an image larger.
import { curveChart, cutChart } from "./charts.js";
import { countOf, element, percent, shortNumber } from "./dom.js";
import { thumbnailElement } from "./thumbnails.js";

const AT_ONCE = 60;
const SHARES = ["accuracy", "macro F1"]; // columns whose numbers are parts of 1
const NUMBER = /^-?[\d.,]+ ?%?$/;

/** Make a button that shows image `number` with lines of text below it. */
export function imageCard(look, numbers, number, lines, mark = null) {
  const name = look.page.images.names[number];
  return element(
    "button",
    { type: "button", class: "card", title: name, onclick: () => look.open(numbers, number) },
    element("span", { class: "card-picture" }, thumbnailElement(look.thumbnails, number), mark && element("span", { class: "mark" }, mark)),
    element("span", { class: "card-name" }, name),
    ...lines.filter(Boolean).map((line) => element("span", { class: "card-line" }, line)),
  );
}

/** Make a list that shows some items at first and more by a button. */
export function pagedList(items, make, label) {
  const list = element("ul", { class: "cards", "aria-label": label });
  const more = element("button", { type: "button", class: "more", onclick: () => add() });
  let shown = 0;
  const add = () => {
    const next = items.slice(shown, shown + AT_ONCE).map((item) => element("li", {}, make(item)));
    list.append(...next);
    shown += next.length;
    more.hidden = shown >= items.length;
    more.textContent = `Show more (${(items.length - shown).toLocaleString("en")} left)`;
  };
  add();
  return element("div", { class: "paged" }, list, more);
}

/** Make the part about outliers: the curve of oddness, then the oddest first, each beside its nearest normal image. */
export function outliersSection(look) {
  const { rows, curve, cut } = look.page.outliers;
  const numbers = rows.map((row) => row.image);
  const make = (row) => {
    const lines = [`distance ${shortNumber(row.distance)}`, row.score !== null && `score ${shortNumber(row.score)}`];
    const pair = [imageCard(look, numbers, row.image, [...lines, row.farthest && `far from ${row.farthest}`], `${row.rank}`)];
    if (row.nearest !== null) pair.push(imageCard(look, [row.nearest], row.nearest, ["nearest normal image"]));
    return element("div", { class: "pair" }, ...pair);
  };
  return element(
    "section",
    {},
    element("h2", {}, countOf(rows.length, "outlier")),
    curve.length ? element("div", { class: "charts" }, cutChart(curve, cut)) : null,
    rows.length ? pagedList(rows, make, "Outliers, the oddest first") : element("p", {}, "No image stands out."),
  );
}

/** Make the part about what `check` found. */
export function findingsSection(look) {
  const { reasons, duplicates } = look.page.findings;
  const parts = Object.entries(reasons).map(([reason, rows]) => {
    const numbers = rows.map((row) => row.image).filter((number) => number !== null);
    return [element("h3", {}, `${reason} (${rows.length})`), pagedList(rows, (row) => findingCard(look, numbers, row), reason)];
  });
  if (duplicates.length) {
    parts.push([
      element("h3", {}, `duplicates (${countOf(duplicates.length, "group")})`),
      pagedList(duplicates, (group) => duplicatesCard(look, group), "Groups of duplicates"),
    ]);
  }
  const nothing = parts.length ? null : element("p", {}, "Nothing was found.");
  return element("section", {}, element("h2", {}, "Findings"), nothing, ...parts.flat());
}

function findingCard(look, numbers, row) {
  const measure = row.value === null ? null : shortNumber(row.value);
  const limit = row.threshold === null ? "" : ` (limit ${shortNumber(row.threshold)})`;
  const lines = [measure && `${measure}${limit}`, row.detail];
  if (row.image !== null) return imageCard(look, numbers, row.image, lines);
  return element(
    "div",
    { class: "card" },
    element("span", { class: "card-picture" }, element("span", { class: "thumbnail missing" })),
    element("span", { class: "card-name" }, row.name),
    ...lines.filter(Boolean).map((line) => element("span", { class: "card-line" }, line)),
  );
}

function duplicatesCard(look, group) {
  const numbers = [group.kept, ...group.others];
  return element(
    "div",
    { class: "pair" },
    imageCard(look, numbers, group.kept, [], "stays"),
    ...group.others.map((number) => imageCard(look, numbers, number, [])),
  );
}

/** Make the part that shows the curves, under a heading for each thing that they are about. */
export function curvesSection(look) {
  const parts = curveSubjects(look.page.curves).map((subject) => {
    const charts = look.page.curves.filter((curve) => subjectOf(curve) === subject).map((curve) => curveChart(curve));
    return [element("h2", {}, subject), element("div", { class: "charts" }, ...charts)];
  });
  return element("section", {}, ...parts.flat());
}

/** Name what the curves are about: "Training", "Confidence". */
export function curveSubjects(curves) {
  return [...new Set(curves.map(subjectOf))];
}

function subjectOf({ step }) {
  return step.startsWith("confidence") ? "Confidence" : "Training";
}

/** Make the part that shows tables. */
export function tablesSection(look) {
  const tables = look.page.tables.flatMap(({ title, columns, rows }) => [element("h2", {}, title), tableElement(columns, rows)]);
  return element("section", {}, ...tables);
}

/** Make a table. Numbers stand at the right. What stands in a column without a name gets a line of its own. */
export function tableElement(columns, rows) {
  const named = columns.filter(Boolean);
  const cells = rows.map((row) => row.filter((_, place) => columns[place]).map((value, place) => cellText(value, named[place])));
  const kind = (text) => (NUMBER.test(text) ? "number" : null);
  const kinds = named.map((_, place) => (place && cells.some((row) => kind(row[place])) ? "number" : null));
  const head = named.map((name, place) => element("th", { scope: "col", class: kinds[place] }, name));
  const body = cells.flatMap(([name, ...others], number) => {
    const notes = rows[number].filter((value, place) => value && !columns[place]);
    const tail = others.map((text) => element("td", { class: kind(text) }, text));
    return [element("tr", {}, element("th", { scope: "row" }, name), tail), ...notes.map((note) => noteRow(note, named.length))];
  });
  return element(
    "div",
    { class: "scrolling", tabindex: "0", role: "region", "aria-label": `Table: ${named.join(", ")}` },
    element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, body)),
  );
}

function cellText(value, column) {
  return SHARES.includes(column) && typeof value === "number" ? percent(value) : shortNumber(value);
}

function noteRow(note, columns) {
  return element("tr", { class: "table-note" }, element("td", { colspan: columns }, element("div", {}, note)));
}

/** Make the part that says how the result was made. */
export function madeSection(look) {
  return element("section", { class: "made" }, element("h2", {}, "How it was made"), madeParts(look.page.made));
}

/** Make what `made` says, for a part of a page or for a dialog. */
export function madeParts({ command_line: line, facts, seconds, unreadable, notices }) {
  const pairs = (list) => list.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]);
  const parts = [element("pre", { tabindex: "0" }, line), element("dl", {}, pairs(facts))];
  if (notices.length) parts.push(element("h3", {}, "Notices"), element("ul", {}, notices.map((text) => element("li", {}, text))));
  if (seconds.length) {
    parts.push(element("h3", {}, "Seconds per stage"), element("dl", {}, pairs(seconds.map(([name, value]) => [name, shortNumber(value)]))));
  }
  if (unreadable.length) {
    parts.push(element("h3", {}, countOf(unreadable.length, "file that could not be read", "files that could not be read")));
    parts.push(tableElement(["file", "reason"], unreadable));
  }
  return parts;
}
