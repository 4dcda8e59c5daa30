// Curves over a plain or a logarithmic axis, and tables and pictures of values with a sign.
import { button, make, paint } from "./panel.mjs";

const SVG = "http://www.w3.org/2000/svg";
const [LEFT, TOP, WIDE, HIGH] = [44, 22, 306, 150]; // units of the drawing
const LEAST = 1e-16; // on a logarithmic axis, what is less stands at its lower end

export function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A number with so many digits that count, however small it is. */
export function brief(value, digits = 2) {
  const size = Math.abs(value), plain = size >= 0.01 && size < 10_000;
  if (!size) return "0";
  const text = plain ? String(+value.toFixed(Math.max(digits - Math.floor(Math.log10(size)) - 1, 0)))
    : value.toExponential(digits - 1).replace("e+", "e");
  return text.replaceAll("-", "\u2212");
}

const power = (exponent) => `10${String(exponent).replace(/./g, (sign) =>
  (sign === "-" ? "\u207b" : "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[sign]))}`;

/** A round number of at least `most`, so that an axis does not change with every step. */
export function roundUp(most) {
  const unit = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((times) => times * unit).find((one) => one >= most);
}

/** The axis of values: where a value stands, from 0 to 1, and what is written beside it. */
function axisOf(values, log, range) {
  if (!log) {
    const [low, high] = range;
    return { place: (value) => (value - low) / (high - low), ticks: [0, 0.25, 0.5, 0.75, 1].map((share) =>
      [low + share * (high - low), String(+(low + share * (high - low)).toFixed(2))]) };
  }
  const exponents = values.map((value) => Math.log10(Math.max(value, LEAST)));
  const low = Math.floor(exponents.reduce((a, b) => Math.min(a, b), 0));
  const high = Math.max(Math.ceil(exponents.reduce((a, b) => Math.max(a, b), low)), low + 2);
  const every = Math.ceil((high - low) / 6), ticks = [];
  for (let exponent = low; exponent <= high; exponent += every) ticks.push([10 ** exponent, power(exponent)]);
  return { place: (value) => (Math.log10(Math.max(value, LEAST)) - low) / (high - low), ticks };
}

/** A curve through values, of which at most some hundred are drawn. */
function curve(values, x, y) {
  const every = Math.ceil(values.length / 400);
  const points = values.map((value, at) => [at, value]).filter(([at]) => at % every === 0 || at === values.length - 1);
  return points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
}

/** Curves: `lines` have a name, values and a class; `first` and `last` end the axis of places, `at` is
 * the place looked at, `marks` are other places, and `choose`, if given, hears of a place that is chosen. */
export function chart({ x: along, y: up, lines, first = 0, last, at, marks = [], log = true, range = [0, 1], choose, says }) {
  const x = (place) => LEFT + (WIDE * place) / (last - first), axis = axisOf(lines.flatMap(({ values }) => [...values]), log, range);
  const y = (value) => TOP + HIGH * (1 - axis.place(value));
  const line = (x1, y1, x2, y2, name) => draw("line", { x1, y1, x2, y2, class: name });
  const text = (words, left, top, anchor = "middle", more = {}) =>
    draw("text", { x: left, y: top, "text-anchor": anchor, ...more }, words);
  const parts = axis.ticks.flatMap(([value, words]) =>
    [line(LEFT, y(value), LEFT + WIDE, y(value), "grid"), text(words, LEFT - 5, y(value) + 4, "end")]);
  for (const place of [first, Math.round((first + last) / 2), last]) parts.push(text(place, x(place - first), TOP + HIGH + 14));
  parts.push(text(along, LEFT + WIDE / 2, TOP + HIGH + 29), text(up, 2, 9, "start"));
  for (const place of marks) parts.push(line(x(place - first), TOP, x(place - first), TOP + HIGH, "mark"));
  if (at !== undefined) parts.push(line(x(at - first), TOP, x(at - first), TOP + HIGH, "at"));
  lines.forEach(({ name, values, className }, number) => {
    parts.push(draw("polyline", { points: curve([...values], x, y), class: className }));
    const value = at === undefined ? undefined : values[at - first];
    if (value !== undefined) parts.push(draw("circle", { cx: x(at - first), cy: y(value), r: 4, class: className }));
    if (lines.length > 1) {
      const left = LEFT + WIDE - 118 * (lines.length - number);
      parts.push(draw("line", { x1: left, y1: 5, x2: left + 16, y2: 5, class: className }), text(name, left + 20, 9, "start"));
    }
  });
  const drawn = draw("svg", { viewBox: `0 0 ${LEFT + WIDE + 14} ${TOP + HIGH + 34}`, class: "explorer-chart", role: "img", "aria-label": says }, ...parts);
  if (choose) {
    drawn.onclick = ({ clientX }) => {
      const box = drawn.getBoundingClientRect(), share = ((clientX - box.left) / box.width) * (LEFT + WIDE + 14);
      choose(Math.round(first + ((share - LEFT) / WIDE) * (last - first)));
    };
  }
  return drawn;
}

/** Rows of numbers as a table, `say` puts them into words; orange above 0 and purple below; with `choose`, one can be chosen. */
export function numbersTable(values, limit, say, { name = "", chosen = null, choose = null } = {}) {
  return make("table", {}, ...values.map((line, r) => make("tr", {}, ...line.map((value, c) => {
    const cell = make("td", { textContent: choose ? "" : say(value) });
    cell.style.setProperty("--share", Math.min(Math.abs(value) / Math.max(limit, 1e-300), 1).toFixed(3));
    cell.classList.toggle("negative", value < 0);
    const seen = chosen?.[0] === r && chosen[1] === c;
    cell.classList.toggle("window", seen);
    if (choose) {
      const one = button(say(value), `${name}, row ${r}, column ${c}: ${say(value)}`, () => choose(r, c));
      one.dataset.cell = `${name}-${r}-${c}`;
      one.setAttribute("aria-pressed", String(seen));
      cell.append(one);
    }
    return cell;
  }))));
}

/** Paint rows of values, orange above 0, purple below, white at 0; `limit` is as strong as it gets. */
export function paintSigned(canvas, rows, limit, large = false) {
  const shade = (above, below) => rows.map((line) => Array.from(line, (value) =>
    255 - Math.min(Math.abs(value) / limit, 1) * (255 - (value < 0 ? below : above))));
  return paint(canvas, [shade(230, 94), shade(97, 60), shade(1, 153)], 0, 255, large);
}

/** The largest size of values in rows. */
export const largest = (rows) => rows.reduce((most, line) =>
  line.reduce((best, value) => Math.max(best, Math.abs(value)), most), 1e-300);
