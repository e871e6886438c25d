// Questions that need more than a click: a name, a group, a yes. Each returns a promise of the answer, or of null.

import { countOf, element } from "./dom.js";
import { rememberFocus } from "./focus.js";
import { titleOf } from "./model.js";

let dialogs = 0;

/**
 * Show a modal dialog. `fill(close, hold)` returns its content; `close(answer)` ends it. The promise is of the answer,
 * or of null if a person leaves it by Escape, the cross or a click beside it. `hold(true)` lets nobody leave it until
 * `hold(false)`. Where the focus was, it comes back to.
 */
export function openDialog(title, fill, { wide = false } = {}) {
  const giveFocusBack = rememberFocus();
  dialogs += 1;
  const heading = element("h2", { id: `dialog-title-${dialogs}` }, title);
  const dialog = element("dialog", { class: wide ? "wide" : "", "aria-labelledby": heading.id });
  return new Promise((resolve) => {
    let answer = null;
    const close = (given = null) => {
      answer = given;
      dialog.close();
    };
    const cross = element("button", { type: "button", class: "cross", "aria-label": "Close" }, "×");
    cross.addEventListener("click", () => close());
    const hold = (on) => {
      cross.hidden = on;
    };
    dialog.append(element("div", { class: "dialog-head" }, heading, cross), ...[fill(close, hold)].flat());
    dialog.addEventListener("pointerdown", (event) => {
      if (event.target === dialog && !cross.hidden) close();
    });
    dialog.addEventListener("cancel", (event) => {
      if (cross.hidden) event.preventDefault();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      giveFocusBack();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    // Otherwise the cross would have the focus, and Enter would leave the dialog.
    dialog.querySelector("[autofocus], .primary:not(:disabled), button.still")?.focus();
  });
}

/** A row of buttons at the end of a dialog; the last is what Enter does. */
export function buttonRow(...buttons) {
  return element("div", { class: "button-row" }, ...buttons);
}

/** A button that does something; `kind`: "" or "primary". */
export function button(label, run, kind = "") {
  const made = element("button", { type: "button", class: kind }, label);
  made.addEventListener("click", run);
  return made;
}

/**
 * Ask for a name. `send(name)` uses it; if that throws, what it says stands under the field and the dialog stays open.
 * Return whether it was used.
 */
export function askName({ title, label = "Name", value = "", action, send, more = [] }) {
  return openDialog(title, (close) => {
    const { form, field } = nameForm(label, value, action, send, close);
    queueMicrotask(() => field.select());
    return [...more, form];
  });
}

/** A field for a name with its button, for a dialog. */
export function nameForm(label, value, action, send, close) {
  const wrong = element("p", { class: "wrong", role: "alert", id: "name-wrong" });
  const field = element("input", { type: "text", value, required: "", autocomplete: "off", spellcheck: "false" });
  field.setAttribute("aria-describedby", wrong.id);
  field.autofocus = true;
  const submit = element("button", { type: "submit", class: "primary" }, action);
  const form = element(
    "form",
    { class: "name-form" },
    element("label", {}, element("span", {}, label), field),
    wrong,
    buttonRow(
      button("Cancel", () => close()),
      submit,
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      close(await send(field.value.trim()));
    } catch (error) {
      wrong.textContent = error.message;
      field.setAttribute("aria-invalid", "true");
      field.focus();
    } finally {
      submit.disabled = false;
    }
  });
  return { form, field };
}

/**
 * Let a person choose a group, by typing a part of its name, by arrows or by a click. Return {group}, or {name} for a
 * new category with the words that were typed (if `mayBeNew`).
 */
export function chooseGroup({ title, groups, mayBeNew = false }) {
  return openDialog(title, (close) => {
    const list = element("ul", { role: "listbox", id: "group-choices", class: "choices", "aria-label": "Groups" });
    const field = element("input", {
      type: "text",
      role: "combobox",
      "aria-label": mayBeNew ? "Name of a group, or of a new one" : "Name of a group",
      placeholder: mayBeNew ? "Find a group, or type a new name" : "Find a group",
      "aria-expanded": "true",
      "aria-controls": list.id,
      "aria-autocomplete": "list",
      autocomplete: "off",
    });
    field.autofocus = true;
    let choices = [];
    let active = 0;
    const activate = (place) => {
      active = Math.max(0, Math.min(place, choices.length - 1));
      choices.forEach(({ row }, number) => row.setAttribute("aria-selected", String(number === active)));
      field.setAttribute("aria-activedescendant", choices[active]?.row.id ?? "");
      choices[active]?.row.scrollIntoView({ block: "nearest" });
    };
    const show = () => {
      choices = choicesFor(field.value.trim(), groups, mayBeNew);
      choices.forEach(({ row, answer }) => row.addEventListener("click", () => close(answer)));
      list.replaceChildren(...choices.map(({ row }) => row));
      activate(0);
    };
    field.addEventListener("input", show);
    field.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
      if (step) activate(active + step);
      else if (event.key === "Enter" && choices[active]) close(choices[active].answer);
      else return;
      event.preventDefault();
    });
    show();
    return [field, list];
  });
}

function choicesFor(words, groups, mayBeNew) {
  const wanted = words.toLowerCase();
  const found = groups.filter((group) => titleOf(group).toLowerCase().includes(wanted));
  const rows = found.map((group) => ({
    answer: { group },
    texts: [titleOf(group), countOf(group.members.length, "image")],
  }));
  const exact = groups.some((group) => titleOf(group) === words);
  if (mayBeNew && words && !exact) rows.push({ answer: { name: words }, texts: [words, "new category"] });
  return rows.map(({ answer, texts }, number) => ({
    answer,
    row: element(
      "li",
      { role: "option", id: `group-choice-${number}` },
      element("span", { class: "choice-name" }, texts[0]),
      element("span", { class: "quiet" }, texts[1]),
    ),
  }));
}

/**
 * Ask whether to do something that is described by `body` (elements). Return true for `action`, false for `otherwise`,
 * and null if a person leaves the question.
 */
export function confirmed({ title, body, action, otherwise = "Cancel" }) {
  return openDialog(title, (close) => [
    ...body,
    buttonRow(
      button(otherwise, () => close(false)),
      button(action, () => close(true), "primary"),
    ),
  ]);
}
