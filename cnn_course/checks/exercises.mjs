// Exercises, marked where they are read.
//
// The data of an exercise stands below its code cell, see answers.py. Answers are compared as in
// marking.py, to the word; a test puts the same answers through both. They are kept in this browser,
// see book/_static/progress.js, and nothing is sent anywhere.
import { numberIn, sizesIn, Unreadable } from "../explorers/written.mjs";

const AXES = 4;

/* An answer is wrong, or unclear; `part` is where: keys and places, from the outside in. */
class Wrong extends Error {
  constructor(message, outcome = "wrong", part = []) {
    super(message);
    Object.assign(this, { outcome, part });
  }
}

const wrong = (hint, part) => {
  throw new Wrong(hint, "wrong", part);
};
/* Read a text as a number; one that can be read in two ways is asked back. */
function numberOf(text, whole) {
  try {
    return numberIn(text, whole);
  } catch (error) {
    throw error.unclear ? new Wrong(error.message, "unclear") : error;
  }
}

/* A number as Python's format ",.12g" writes it. */
function written(value) {
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(11).split("e");
  const bareOf = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);
  const power = Number(exponent);
  if (power < -4 || power >= 12) {
    const digits = String(Math.abs(power)).padStart(2, "0");
    return `${bareOf(mantissa)}e${power < 0 ? "-" : "+"}${digits}`;
  }
  const [before, behind] = bareOf(value.toFixed(11 - power)).split(".");
  const grouped = before.replace(/\B(?=(\d{3})+$)/g, ",");
  return behind ? `${grouped}.${behind}` : grouped;
}

const close = (value, expected, relative, absolute) =>
  Math.abs(value - expected) <= absolute + relative * Math.abs(expected);
const tuple = (sizes) => (sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(", ")})`);
const flat = (values) => [values].flat(Infinity);

function shapeOf(values) {
  if (!Array.isArray(values)) return [];
  const inside = values.map(shapeOf);
  const even = inside.every((one) => String(one) === String(inside[0]));
  if (!even) wrong("This is not an array of numbers, with as many of them in every row.");
  return [values.length, ...(inside[0] ?? [])];
}

const read = (answer, whole) => {
  if (Array.isArray(answer)) return answer.map((part) => read(part, whole));
  try {
    return numberOf(answer, whole);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return wrong("This is not an array of numbers, with as many of them in every row.");
  }
};

const COMPARE = {
  number(answer, { right, hint, mistakes, whole, relative, near }) {
    let value;
    try {
      value = numberOf(answer, whole);
    } catch (error) {
      if (error instanceof Unreadable) wrong(`${error.message} ${hint}`);
      throw error;
    }
    const tolerance = whole ? 0 : 5e-3;
    const bounds = relative === undefined ? [tolerance, tolerance] : [relative, 0];
    if (close(value, right, ...bounds)) {
      if (near && Math.abs(value - right) > 5e-4) wrong(near);
      return;
    }
    for (const [mistake, suggested] of mistakes)
      if (close(value, mistake, ...bounds)) wrong(suggested);
    wrong(`It is not ${written(value)}. ${hint}`);
  },

  array(answer, { right, hint, mistakes, also = [], whole }) {
    const given = read(answer, whole);
    const [shape, needed] = [shapeOf(given), shapeOf(right)];
    if (String(shape) !== String(needed))
      wrong(`The shape is ${tuple(shape)}, and ${tuple(needed)} is needed.`);
    const tolerance = whole ? 0 : 5e-3;
    const values = flat(given);
    const all = (other, relative, absolute) =>
      flat(other).every((value, place) => close(values[place], value, relative, absolute));
    if (all(right, tolerance, tolerance)) return;
    if (also.some((other) => all(other, 1e-5, tolerance))) return;
    for (const [mistake, suggested] of mistakes)
      if (all(mistake, 1e-3, tolerance || 5e-3)) wrong(suggested);
    let first = flat(right).findIndex((v, i) => !close(values[i], v, tolerance, tolerance));
    const place = [];
    for (const size of [...needed].reverse()) {
      place.unshift(first % size);
      first = Math.floor(first / size);
    }
    wrong(`The shape fits. The first value that differs is at ${tuple(place)}. ${hint}`, place);
  },

  shape(answer, specified) {
    const given = Array.isArray(answer) ? answer : sizesIn(answer, 3);
    if (given.length !== 3)
      wrong(`It has the length ${given.length}. Maps have rows, columns and channels.`);
    COMPARE.array(given, specified);
  },

  axes(answer, { right, hint, mistakes }) {
    let chosen;
    try {
      chosen = sizesIn(answer, right.length).map((one) => numberOf(one, true));
      if (!chosen.every(Number.isFinite)) throw new Unreadable();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      wrong("Write a tuple of axis numbers, such as (1, 2).");
    }
    chosen = chosen.map((one) => (Math.trunc(one) % AXES + AXES) % AXES).sort();
    if (String(chosen) === String(right)) return;
    for (const [missing, suggested] of mistakes)
      if (!chosen.includes(missing)) wrong(suggested);
    wrong(hint);
  },

  word(answer, { right, hint, mistakes = [], options = [] }) {
    const given = answer.trim().toLowerCase();
    if (given === right.toLowerCase()) return;
    for (const [mistake, suggested] of mistakes)
      if ([mistake].flat().includes(given)) wrong(suggested);
    if (!options.length) wrong(`That is none of them. ${hint}`);
    if (!options.some((option) => option.toLowerCase() === given))
      wrong(`Choose one of these: ${options.join(", ")}.`);
    wrong(hint);
  },

  words(answer, { right, hint, options }) {
    if (!Array.isArray(answer) || answer.length !== right.length) {
      const such = options.map(([first]) => first).join(", ");
      wrong(`Answer with ${right.length} words, such as (${such}).`);
    }
    right.forEach((one, place) => {
      try {
        COMPARE.word(answer[place], { right: one, hint, options: options[place] });
      } catch (error) {
        if (error instanceof Wrong) error.part = [place];
        throw error;
      }
    });
  },

  order(answer, { right, before }) {
    const letters = [...answer.join("").toUpperCase()].filter((sign) => /[\p{L}\p{N}]/u.test(sign));
    const needed = [...right].sort();
    if (String([...letters].sort()) !== String(needed))
      wrong(`Each of the letters ${needed.join(", ")} is needed, and each once.`);
    for (const [earlier, later, hint] of before)
      if (letters.indexOf(earlier) > letters.indexOf(later)) wrong(hint);
  },

  parts(answer, { parts }) {
    for (const [key, part] of Object.entries(parts)) {
      try {
        COMPARE[part.kind](answer[key], part);
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        throw new Wrong(`'${key}': ${error.message}`, error.outcome, [key, ...error.part]);
      }
    }
  },
};

/* Mark an answer as Python's `check` does: numbers are texts, as they were typed. */
function mark(specified, answer) {
  try {
    COMPARE[specified.kind](answer, specified);
    return { outcome: "right", message: specified.reason, part: [] };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { outcome: error.outcome, message: error.message, part: error.part };
  }
}

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
  const list = made("ol", { class: "order" });
  const move = (item, by) => {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    // The neighbour moves: an element that is taken out loses focus and pointer.
    by < 0 ? item.after(other) : item.before(other);
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
  return list;
}

function controls(specified, label, path, fields, changed) {
  const { kind, right, options, labels } = specified;
  if (kind === "parts")
    return Object.entries(specified.parts).map(([key, part]) =>
      controls(part, key, [...path, key], fields, changed)
    ).flat();
  if (kind === "array") return [grid(specified, label, path, fields)];
  if (kind === "order") return [sortable(specified, changed)];
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
  const heading = cell.closest("section").querySelector("h2, h3").firstChild.textContent;
  const form = made("form", { class: "course-exercise", "aria-label": `Your answer. ${heading}` },
    made("div", { class: "fields" }, ...inside), button, " ", reveal, says);
  const restore = () => {
    const kept = window.courseProgress?.answer(name) ?? {};
    for (const [path, control] of fields)
      control.value = typeof kept[path] === "string" ? kept[path] : "";
    for (const letter of typeof kept.order === "string" ? kept.order : "")
      form.querySelector(".order")?.append(...form.querySelectorAll(`[data-letter="${CSS.escape(letter)}"]`));
  };
  const show = (outcome, message, part = []) => {
    const wrongFields = [...fields].filter(([path, control]) => {
      const where = JSON.parse(path);
      return outcome !== "right" && (outcome === "open"
        ? !control.value.trim() : part.every((one, place) => where[place] === one) && part.length);
    }).map(([, control]) => control);
    for (const control of fields.values()) {
      const faulty = wrongFields.includes(control) || (outcome !== "right" && fields.size === 1);
      control.setAttribute("aria-invalid", String(faulty));
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
  document.addEventListener("course-cleared", restore);
  restore();
  cell.before(form);
  cell.querySelectorAll(".cell_output").forEach((output) => { output.hidden = true; });
}

const solutionOf = (cell) => cell.closest("section").querySelector(".tag_solution details");

/* An exercise that only Python can mark says where there is one. */
function onlyPython(cell) {
  const note = made("p", { class: "course-only-python" }, "This exercise is answered in Python: in ");
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

document.addEventListener("DOMContentLoaded", () => {
  for (const cell of document.querySelectorAll(".cell.tag_exercise")) {
    const data = cell.querySelector("script.course-exercise-data");
    if (data) exercise(cell, JSON.parse(data.textContent), data.dataset.name);
    else onlyPython(cell);
  }
});

window.courseExercises = { mark, written };
