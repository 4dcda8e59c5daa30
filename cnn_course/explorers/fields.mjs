// Cells to type a number into.
import { make, SELECTING } from "./panel.mjs";

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** A cell with a number: `take` gets another one, `refuse` hears why a text is none up to `most`. */
export function numberField(value, label, { cell, take, refuse, most }) {
  const input = make("input", { type: "text", inputMode: "decimal", defaultValue: String(value), ...SELECTING });
  input.dataset.cell = cell;
  input.setAttribute("aria-label", label);
  input.onchange = ({ target }) => {
    const text = target.value.trim().replace("\u2212", "-").replace(/^([^.,]*),(?!\d{3}$)/, "$1.");
    if (NUMBER.test(text) && Math.abs(Number(text)) <= most) return take(Number(text));
    refuse(`"${target.value}" is not a number from \u2212${most} to ${most}. ${value} is kept.`);
    target.value = String(value);
  };
  return input;
}

/** The same rows with another value at one place. */
export const replaced = (rows, row, column, value) =>
  rows.map((line, r) => line.map((old, c) => (r === row && c === column ? value : old)));
