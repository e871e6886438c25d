// The report: reads the data that the file holds, and shows its parts, one at a time.
import { knowledgeOf } from "./describe.js";
import { countOf, element, oncePerFrame, setStyles } from "./dom.js";
import { evaluationSection } from "./evaluation.js";
import { createMap } from "./map.js";
import { rankingOf } from "./ranking.js";
import { curveSubjects, curvesSection, findingsSection, madeSection, outliersSection, tablesSection } from "./sections.js";
import { openViewer, plainButton } from "./viewer.js";
import { createWall } from "./wall.js";

const OWN_FOLDER = ["category", "class"]; // the other kinds of groups come after these
const DONE = { planned: "planned, nothing was moved yet", checked: "checked, nothing was moved" };

startReport();

function startReport() {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const thumbnails = JSON.parse(document.getElementById("page-thumbnails").textContent);
  const { names, groups, distances } = page.images;
  const known = knowledgeOf(page);
  const describe = (number) => known.lines(number, page.groups[groups[number]]?.name, distances[number] ?? null);
  const look = { page, thumbnails, names, describe, beside: known.beside };
  look.open = (numbers, number) => openViewer(numbers, number, look);
  const main = document.querySelector("main");
  const views = viewsOf(look);
  document.querySelector("header.title").append(...titleOf(page));
  const bar = document.querySelector(".bar");
  const show = (view) => showView(main, bar, views, view);
  bar.append(navElement(views, show));
  keepBarHeight(bar);
  show(views[0]);
}

/** List the parts that this page has. What the command is for comes first. */
function viewsOf(look) {
  const { page } = look;
  const views = [];
  const add = (id, name, make) => views.push({ id, name, make, node: null, tools: null });
  if (page.outliers) add("outliers", "Outliers", () => outliersSection(look));
  if (page.findings) add("findings", "Findings", () => findingsSection(look));
  if (page.evaluation) add("evaluation", "Evaluation", () => evaluationSection(look));
  if (page.tables.length) add("tables", page.tables.length === 1 ? page.tables[0].title : "Tables", () => tablesSection(look));
  if (page.curves.length) add("curves", curveSubjects(page.curves).join(", "), () => curvesSection(look));
  const wall = ["groups", page.command === "categorize" ? "Categories" : "Groups", () => wallView(look, views)];
  if (page.images.names.length && page.groups.length) add(...wall);
  if (page.command === "categorize") views.sort((a, b) => Number(b.id === "groups") - Number(a.id === "groups"));
  add("made", "How it was made", () => madeSection(look));
  return views;
}

function titleOf(page) {
  const counts = [countOf(page.images.names.length, "image")];
  const folders = page.groups.filter((group) => OWN_FOLDER.includes(group.kind)).length;
  if (folders) counts.push(page.groups.some((group) => group.kind === "class") ? countOf(folders, "class", "classes") : countOf(folders, "category", "categories"));
  if (page.outliers) counts.push(countOf(page.outliers.rows.length, "outlier"));
  const facts = [page.command, DONE[page.status] ?? page.status, ...counts, page.run && `run ${page.run}`];
  return [element("h1", {}, page.title), element("p", {}, facts.filter(Boolean).join(" · "))];
}

function navElement(views, show) {
  const buttons = views.map((view) => element("button", { type: "button", "data-view": view.id, onclick: () => show(view) }, view.name));
  return element("nav", { "aria-label": "Parts of this report" }, buttons);
}

function showView(main, bar, views, view) {
  view.node ??= view.make();
  for (const each of views) {
    if (each.node) each.node.hidden = each !== view;
    if (each.tools) each.tools.hidden = each !== view;
    bar.querySelector(`[data-view="${each.id}"]`)?.setAttribute("aria-current", each === view ? "page" : "false");
  }
  const changed = !view.node.isConnected || main.dataset.view !== view.id;
  if (!view.node.isConnected) main.append(view.node);
  if (view.tools && !view.tools.isConnected) bar.append(view.tools);
  main.dataset.view = view.id;
  if (changed) scrollTo(0, 0);
}

/** Tell the style sheet how high the bar is, so that heads of groups stick right below it. */
function keepBarHeight(bar) {
  const tell = () => setStyles(document.documentElement, { "--bar": `${bar.offsetHeight}px` });
  new ResizeObserver(tell).observe(bar);
  tell();
}

/** Order groups: what was looked for, or what a classifier is unsure of, first; then the largest; other folders last. */
function orderOf(page) {
  const counts = page.groups.map(() => 0);
  for (const group of page.images.groups) counts[group] += 1;
  const isFirst = (group) => ["unsure", "query"].includes(page.groups[group].kind);
  const isLast = (group) => !isFirst(group) && !OWN_FOLDER.includes(page.groups[group].kind);
  const key = (group) => (isFirst(group) ? 0 : isLast(group) ? 2 : 1);
  const filled = page.groups.map((_, group) => group).filter((group) => counts[group]);
  return filled.sort((a, b) => key(a) - key(b) || counts[b] - counts[a] || a - b);
}

function wallState(page, thumbnails) {
  const { names, groups, distances, confidences, places, notes } = page.images;
  const state = { names, groups, groupList: page.groups, order: orderOf(page), thumbnails, places, notes };
  return { ...state, ...rankingOf(state, { distances, confidences }) };
}

/** Make the wall, with the map beside it and the tools above it. */
function wallView(look, views) {
  const state = wallState(look.page, look.thumbnails);
  const box = element("div");
  const mapBox = element("aside", { class: "map-box", "aria-label": "Map", hidden: true });
  const node = element("div", { class: "groups-view" }, box, mapBox);
  const filter = filterOf(state.names);
  const chosen = element("div", { class: "chosen", hidden: true, role: "status" });
  let map = null;
  const wall = createWall(box, state, {
    onActivate: (number) => openViewer(wall.accepted(), number, { ...look, onClose: (last) => wall.focusOn(last) }),
    onSelect: (numbers) => {
      if (numbers.length === 0 && filter.some) filter.only(null);
      chosen.replaceChildren(...selectionTools(wall, filter, numbers));
      chosen.hidden = numbers.length === 0;
      map?.select(numbers);
    },
    onFilter: () => filter.clear(),
  });
  filter.onChange = (accepts) => {
    wall.show(accepts);
    map?.emphasise(accepts);
  };
  const toggle = element("button", { type: "button", "aria-pressed": "false", onclick: () => toggleMap() }, "Map");
  const toggleMap = () => {
    mapBox.hidden = !mapBox.hidden;
    node.classList.toggle("with-map", !mapBox.hidden);
    toggle.setAttribute("aria-pressed", String(!mapBox.hidden));
    map ??= createMap(mapBox, state, { onPick: (number) => wall.reveal(number), onSelect: (numbers) => wall.select(numbers) });
    if (!mapBox.hidden) mapBox.scrollIntoView({ block: "nearest" }); // on a narrow screen it lies above the wall
  };
  const tools = element("div", { class: "tools", role: "search" }, filter.nodes, sizeSlider(wall), state.places.length ? toggle : null, chosen);
  views.find((view) => view.id === "groups").tools = tools;
  return node;
}

/** Make the field that finds images by name. `only(numbers)` narrows to some images besides. */
function filterOf(names) {
  const lower = names.map((name) => name.toLowerCase());
  const field = element("input", { type: "search", placeholder: "Find by file name", "aria-label": "Find by file name", autocomplete: "off", spellcheck: "false" });
  const found = element("span", { class: "found-count", role: "status" });
  const filter = { nodes: [field, found], onChange: null, some: null };
  const apply = () => {
    const words = field.value.trim().toLowerCase();
    const isOn = words !== "" || filter.some !== null;
    const accepted = lower.map((name, number) => name.includes(words) && (!filter.some || filter.some.has(number)));
    found.textContent = isOn ? `${accepted.filter(Boolean).length.toLocaleString("en")} found` : "";
    filter.onChange?.(isOn ? (number) => accepted[number] : null);
  };
  filter.only = (numbers) => {
    filter.some = numbers && new Set(numbers);
    apply();
  };
  filter.clear = () => {
    field.value = "";
    filter.only(null);
  };
  field.addEventListener("input", oncePerFrame(apply));
  return filter;
}

function selectionTools(wall, filter, numbers) {
  const narrow = () => {
    filter.only(filter.some ? null : numbers);
    wall.select(numbers);
  };
  return [
    element("span", {}, `${numbers.length.toLocaleString("en")} selected`),
    element("button", { type: "button", onclick: narrow }, filter.some ? "Show all" : "Show only these"),
    plainButton("×", "Clear the selection", () => wall.select([])),
  ];
}

function sizeSlider(wall) {
  const resize = oncePerFrame(() => wall.setTileSize(Number(slider.value)));
  const slider = element("input", { type: "range", min: 72, max: 240, step: 4, value: 148, "aria-label": "Size of the images", title: "Size of the images", oninput: resize });
  return slider;
}
