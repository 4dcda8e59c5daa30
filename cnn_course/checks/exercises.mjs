// Exercises, marked where they are read. The data of one stands below its code cell, see answers.py.
// Answers are kept in this browser, see book/_static/progress.js, and nothing is sent anywhere.
import { mark } from "./marking.mjs";

/* What a reader fills in. Each of these returns the elements, and `fields`: path -> input. */

const made = (tag, attributes = {}, ...inside) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
};

function field(control, label, path, fields) {
  fields.set(JSON.stringify(path), control);
  return made("label", {}, made("span", {}, label), control);
}

function typed(label, path, fields, right) {
  const positive = flat(right).every((value) => typeof value === "number" && value >= 0);
  return field(
    made("input", {
      type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      ...(positive && { inputmode: "decimal" }),
    }),
    label, path, fields
  );
}

function chosen(options, label, path, fields) {
  const texts = options.map((option) => made("option", { value: option }, option));
  return field(made("select", {}, made("option", { value: "" }, "choose"), ...texts), label, path, fields);
}

function grid({ right, labels }, label, path, fields) {
  const rows = Array.isArray(right[0]) ? right : [right];
  const cells = rows.flatMap((row, r) =>
    row.map((value, c) => {
      const where = row === right ? [c] : [r, c];
      const place = row === right ? `value ${c + 1}` : `row ${r}, column ${c}`;
      return typed(labels?.[c] ?? place, [...path, ...where], fields, right);
    })
  );
  const box = made("div", { class: labels ? "fields" : "grid" }, ...cells);
  box.style.setProperty("--columns", rows[0].length);
  return together(label, path, box);
}

/* Fields that belong together, with a name for those who see it and those who hear it. */
function together(label, path, box) {
  const name = made("span", path.length ? {} : { hidden: "" }, label);
  return made("div", { class: "together", role: "group", "aria-label": label }, name, box);
}

/* A list that is put in order: by its buttons, or by dragging an item. */
function sortable({ labels }, changed) {
  const list = made("ol", { class: "order", "aria-label": "Your order" });
  const heard = made("p", { class: "visually-hidden", "aria-live": "polite" });
  const move = (item, by) => {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    // The neighbour moves: an element that is taken out loses focus and pointer.
    by < 0 ? item.after(other) : item.before(other);
    const place = [...list.children].indexOf(item) + 1;
    heard.textContent = `${item.dataset.letter} is number ${place} of ${labels.length}.`;
    changed();
  };
  for (const label of labels) {
    const item = made("li", { "data-letter": label[0] }, made("span", {}, label));
    for (const [sign, by, word] of [["\u2191", -1, "earlier"], ["\u2193", 1, "later"]]) {
      const button = made("button", { type: "button", "aria-label": `${label[0]} ${word}` }, sign);
      button.addEventListener("click", () => move(item, by));
      item.append(button);
    }
    const text = item.firstChild;
    text.addEventListener("pointerdown", (event) => {
      text.setPointerCapture(event.pointerId);
      item.classList.add("moving");
    });
    text.addEventListener("pointermove", (event) => {
      if (!item.classList.contains("moving")) return;
      const [above, below] = [item.previousElementSibling, item.nextElementSibling];
      const middle = (one) => one.getBoundingClientRect().top + one.offsetHeight / 2;
      if (above && event.clientY < middle(above)) move(item, -1);
      else if (below && event.clientY > middle(below)) move(item, 1);
    });
    for (const end of ["pointerup", "pointercancel"])
      text.addEventListener(end, () => item.classList.remove("moving"));
    list.append(item);
  }
  return [list, heard];
}

function controls(specified, label, path, fields, changed) {
  const { kind, right, options, labels } = specified;
  if (kind === "parts")
    return Object.entries(specified.parts).map(([key, part]) =>
      controls(part, key, [...path, key], fields, changed)
    ).flat();
  if (kind === "array") return [grid(specified, label, path, fields)];
  if (kind === "order") return sortable(specified, changed);
  if (kind === "word" && options) return [chosen(options, label, path, fields)];
  if (kind === "words")
    return [together(label, path, made("div", { class: "fields" },
      ...options.map((list, n) => chosen(list, labels[n], [...path, n], fields))))];
  return [typed(label, path, fields, kind === "number" ? right : "")];
}

/* The answer that the fields make, in the form that `mark` takes. */
function answerIn(specified, path, fields, form) {
  const at = (where) => fields.get(JSON.stringify(where)).value;
  const { kind, right } = specified;
  if (kind === "parts")
    return Object.fromEntries(Object.entries(specified.parts).map(([key, part]) =>
      [key, answerIn(part, [...path, key], fields, form)]));
  if (kind === "order") return [...form.querySelectorAll(".order li")].map((li) => li.dataset.letter);
  if (kind === "words") return right.map((_, n) => at([...path, n]));
  if (kind !== "array") return at(path);
  return right.map((row, r) =>
    Array.isArray(row) ? row.map((_, c) => at([...path, r, c])) : at([...path, r]));
}

const WORDS = { right: "Right.", wrong: "Not yet.", unclear: "Which one?", open: "Not attempted yet." };

function exercise(cell, specified, name) {
  const fields = new Map();
  const says = made("p", { class: "course-verdict", role: "status", id: `verdict-${name}` });
  const button = made("button", { type: "submit" }, "Check");
  const reveal = made("button", { type: "button", hidden: "" }, "Show the solution");
  const keep = () => window.courseProgress?.keepAnswer(name, {
    ...Object.fromEntries([...fields].map(([path, control]) => [path, control.value])),
    ...(specified.kind === "order" && { order: answerIn(specified, [], fields, form).join("") }),
  });
  const inside = controls(specified, "Your answer", [], fields, keep);
  const form = made("form", { class: "course-exercise", "aria-label": `Your answer. ${headingOf(cell)}` },
    made("div", { class: "fields" }, ...inside), button, " ", reveal, says);
  const restore = () => {
    const kept = window.courseProgress?.answer(name) ?? {};
    for (const [path, control] of fields)
      control.value = typeof kept[path] === "string" ? kept[path] : "";
    const letters = specified.labels?.map(([letter]) => letter).join("") ?? "";
    const order = typeof kept.order === "string" && kept.order.length === letters.length;
    for (const letter of order ? kept.order : letters)
      form.querySelector(".order")?.append(...form.querySelectorAll(`[data-letter="${CSS.escape(letter)}"]`));
  };
  const show = (outcome, message, part = []) => {
    const wrongFields = [...fields].filter(([path, control]) => {
      const where = JSON.parse(path);
      return outcome !== "right" && (outcome === "open"
        ? !control.value.trim() : part.every((one, place) => where[place] === one));
    }).map(([, control]) => control);
    for (const control of fields.values()) {
      control.setAttribute("aria-invalid", String(wrongFields.includes(control)));
      control.setAttribute("aria-describedby", says.id);
    }
    says.className = `course-verdict course-verdict-${outcome}`;
    says.replaceChildren(made("strong", {}, WORDS[outcome]), ` ${message}`);
  };
  form.addEventListener("input", keep);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if ([...fields.values()].some((control) => !control.value.trim()))
      return show("open", "Fill in every field, then check again.");
    const { outcome, message, part } = mark(specified, answerIn(specified, [], fields, form));
    show(outcome, message, part);
    reveal.hidden = !solutionOf(cell);
    if (outcome === "right") window.courseProgress?.markDone(cell.closest("section").id);
  });
  reveal.addEventListener("click", () => {
    const solution = solutionOf(cell);
    solution.open = true;
    solution.querySelector("summary").focus();
  });
  document.addEventListener("course-cleared", () => {
    restore();
    says.replaceChildren();
    reveal.hidden = true;
    for (const control of fields.values()) control.removeAttribute("aria-invalid");
  });
  restore();
  cell.before(form);
  cell.querySelectorAll(".cell_output").forEach((output) => { output.hidden = true; });
}

const headingOf = (cell) => cell.closest("section").querySelector("h2, h3").firstChild.textContent;
const solutionOf = (cell) => cell.closest("section").querySelector(".tag_solution details");

/* Exercises that the class test on the page answers, too: when it does, as in `checks/models.py`. */
const TESTS = {
  "class-test": ({ level, points, possible }) => level === "own" && points === possible,
  hard: ({ level, seed, points }) => level === "hard" && seed === 55 && points >= 16,
};

/* An exercise that Python alone can mark says where there is one. */
function onlyPython(cell) {
  const name = cell.querySelector("pre").textContent.match(/check\("([^"]+)"/)?.[1];
  const answers = Object.hasOwn(TESTS, name) && TESTS[name];
  const place = answers ? "in the class test on this page, or in Python: in " : "in Python: in ";
  const note = made("p", { class: "course-only-python" }, `This exercise is answered ${place}`);
  document.addEventListener("class-test-marked", ({ detail }) => {
    if (answers && answers(detail)) window.courseProgress?.markDone(cell.closest("section").id);
  });
  const hosts = [["Colab", "colab.research"], ["Binder", "mybinder"]];
  for (const [host, address] of hosts) {
    const found = document.querySelector(`.dropdown-launch-buttons a[href*="${address}"]`);
    if (found) note.append(made("a", { href: found.href }, host), ", ");
  }
  const own = made("a", { href: "../book/how-to-use.html" }, "on your own machine");
  note.append("or ", own, ".");
  cell.before(note);
  cell.querySelectorAll(".cell_output").forEach((output) => { output.hidden = true; });
}

/* Among all solutions of a page, a screen reader's list tells which is which. */
function nameSolution(cell) {
  for (const shown of solutionOf(cell)?.querySelectorAll("summary p") ?? [])
    shown.append(made("span", { class: "visually-hidden" }, ` of ${headingOf(cell)}`));
}

document.addEventListener("DOMContentLoaded", () => {
  for (const cell of document.querySelectorAll(".cell.tag_exercise")) {
    const data = cell.querySelector("script.course-exercise-data");
    if (data) exercise(cell, JSON.parse(data.textContent), data.dataset.name);
    else onlyPython(cell);
    nameSolution(cell);
  }
});
