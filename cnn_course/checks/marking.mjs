// Marks answers as `cnn_course.checks` does, to the word; a test puts the same answers through both.
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
export function written(value) {
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
export function mark(specified, answer) {
  try {
    COMPARE[specified.kind](answer, specified);
    return { outcome: "right", message: specified.reason, part: [] };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { outcome: error.outcome, message: error.message, part: error.part };
  }
}
