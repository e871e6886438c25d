// What leaves the page: the files are moved, moved back, or a classifier learns from the sorting; the plan as a file.

import { button, buttonRow, confirmed, openDialog } from "./dialogs.js";
import { countOf, element, percent } from "./dom.js";
import { titleOf } from "./model.js";

/** Show what will move, ask, move, and say what came of it. */
export async function apply(server, sorting) {
  const body = summary(sorting);
  if (!(await confirmed({ title: "Move the files?", body, action: "Move the files" }))) return;
  await shownWork(server, "/api/apply", "Moving the files", (result) => movedWords(result));
}

/** Bring the files of the applied run back. */
export async function takeBack(server) {
  await shownWork(server, "/api/take_back", "Bringing the files back", (result) => [
    element("p", {}, `${countOf(result?.moves ?? 0, "file")} brought back.`),
    ...refusedList(result?.refused ?? []),
  ]);
}

/** Let a classifier learn from the sorting as it is on the page. */
export async function train(server) {
  const body = [
    element("p", {}, "A classifier learns from these categories."),
    element("p", {}, "Later, imgsort classify files new images the same way."),
  ];
  if (!(await confirmed({ title: "Train a classifier?", body, action: "Train" }))) return;
  await shownWork(server, "/api/train", "Training a classifier", (result) => [
    element("p", {}, `The classifier is kept: ${result.classifier}`),
    result.accuracy == null
      ? ""
      : element("p", {}, `It files ${percent(result.accuracy)} of images that it had not seen as you would.`),
  ]);
}

/** Save the plan as a file that `imgsort apply` takes. */
export async function savePlan(server, title) {
  const address = URL.createObjectURL(await server.download("/api/plan.csv"));
  const link = element("a", { href: address, download: `${title.replace(/[^\p{L}\p{N} ._-]/gu, "_")} plan.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Show work that runs already, for example when the page is opened again while files are moved. */
export async function followWork(server) {
  const progress = await server.get("/api/progress");
  if (progress.state !== "working") return;
  await shownWork(server, null, progress.task ?? "Working", (result) => movedWords(result));
}

function summary(sorting) {
  const goes = sorting.groups.filter((group) => group.kind !== "stays" && group.members.length);
  const stays = sorting.ofKind("stays")?.members.length ?? 0;
  const moving = goes.reduce((sum, group) => sum + group.members.length, 0);
  const rows = goes.map((group) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, titleOf(group)),
      element("td", {}, countOf(group.members.length, "image")),
    ),
  );
  return [
    element("p", {}, `${countOf(moving, "image")} will be in ${countOf(goes.length, "folder")}. You can undo this.`),
    element(
      "div",
      { class: "scrolls", tabindex: "0", role: "group", "aria-label": "Folders" },
      element("table", { class: "summary" }, element("tbody", {}, ...rows)),
    ),
    stays ? element("p", { class: "quiet" }, `${countOf(stays, "image")} will stay in place.`) : "",
  ];
}

function movedWords(result) {
  const run = result?.run ? ` This is run ${result.run}.` : "";
  const refused = result?.refused ?? [];
  return [element("p", {}, `${countOf(result?.moves ?? 0, "file")} moved.${run}`), ...refusedList(refused)];
}

function refusedList(refused) {
  if (!refused.length) return [];
  const rows = refused.map(({ path, reason }) => element("li", {}, element("b", {}, path), ` ${reason}`));
  return [
    element("p", {}, `${countOf(refused.length, "file")} stayed in place:`),
    element("ul", { class: "scrolls", tabindex: "0", "aria-label": "Files that stayed in place" }, ...rows),
  ];
}

/** Do work of the server (or follow what runs, if `path` is null), with its progress, and show what came of it. */
function shownWork(server, path, title, resultWords) {
  return openDialog(title, (close, hold) => {
    const bar = element("progress", { "aria-label": title });
    const words = element("p", { class: "quiet", role: "status" });
    const content = element("div", { class: "work" }, bar, words);
    hold(true);
    const finished = (...elements) => {
      hold(false);
      const ok = button("Close", () => close(true), "primary");
      content.replaceChildren(...elements, buttonRow(ok));
      ok.focus();
    };
    const onProgress = ({ done, total, task }) => {
      if (total) [bar.max, bar.value] = [total, done];
      words.textContent = total ? `${done.toLocaleString("en")} of ${total.toLocaleString("en")}` : (task ?? "");
    };
    const work = path ? server.work(path, onProgress) : server.follow(onProgress);
    work.then(
      (result) => finished(...resultWords(result)),
      (error) => finished(element("p", { class: "wrong", role: "alert" }, error.message)),
    );
    return content;
  });
}
