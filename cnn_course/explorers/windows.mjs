// Windows that slide over an image: their arithmetic, and how they are shown.
import { arrows, button, clamp, figure, group, isTable, keep, LARGEST, make, number, paint, Panel, SELECTING, showOnly, STEPS } from "./panel.mjs";
import { blank, Pad } from "./pad.mjs";

export const SMALL = 12; // up to so many rows and columns, every number is written out
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i, MOST = 1_000_000; // what one may type
const LARGEST_NUMBER = 1e100; // of an address: all sums of products stay finite
const DRAWN = 28; // rows and columns of a drawing
const BY_HAND = { drawn: "your drawing", typed: "your numbers" }; // short enough for an address

/** Rows or columns that are added before and behind, as Keras adds them. */
export function margins(size, kernel, stride, padding) {
  if (padding === "valid") return [0, 0];
  if (padding !== "same") return [padding, padding];
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

/** How many places a window has along one axis. */
export function places(size, kernel, stride, [before, behind]) {
  return Math.floor((size + before + behind - kernel) / stride) + 1;
}

/** The image with its frame: zeros, or the pixel next to it. */
export function frame(image, rows, columns, mode) {
  const height = image.length, width = image[0].length;
  const clip = (n, size) => Math.min(Math.max(n, 0), size - 1);
  const result = [];
  for (let r = -rows[0]; r < height + rows[1]; r++) {
    const row = new Float64Array(width + columns[0] + columns[1]);
    const inside = image[clip(r, height)];
    for (let c = -columns[0], at = 0; at < row.length; c++, at++) {
      const outside = r < 0 || r >= height || c < 0 || c >= width;
      row[at] = outside && mode === "constant" ? 0 : inside[clip(c, width)];
    }
    result.push(row);
  }
  return result;
}

/** One axis of the output size, written out. */
export function formula(size, kernel, stride, [before, behind]) {
  const room = size + before + behind - kernel;
  const rest = room % stride;
  const left = rest ? ` (${rest} left over)` : "";
  return `\u230a(${size} + ${before + behind} \u2212 ${kernel}) / ${stride}\u230b + 1 = ` +
    `${Math.floor(room / stride) + 1}${left}`;
}

/** What of a state belongs into an address: a picture of one's own stays where it is. */
export function kept({ image, ...rest }) {
  return Object.hasOwn(BY_HAND, rest.image_name) ? { ...rest, image } : rest;
}

/** The state that an address stands for. */
export function revived(found, { state, choices }) {
  const wanted = { ...state, ...found };
  if (Object.hasOwn(BY_HAND, wanted.image_name)) return wanted;
  if (!Object.hasOwn(choices.images, wanted.image_name)) wanted.image_name = state.image_name;
  return { ...wanted, image: choices.images[wanted.image_name] ?? state.image };
}

/** A figure of what goes in, is learned or comes out. */
export const part = (role, title, ...content) => Object.assign(figure(title, ...content), { className: `of-${role}` });

/** A table whose columns are as wide as its longest number, so that a frame can lie over some of it. */
export function grid(table, letters, columns, ...frames) {
  table.style.setProperty("--letters", letters + 1.5);
  table.style.setProperty("--columns", columns);
  return make("div", { className: "explorer-grid" }, table, ...frames);
}

/** The frame around a window; it stays the same element, and moves. */
function frameOf({ row, column, rows, columns }, height, width) {
  const share = (part, all) => `${(100 * part) / all}%`, frame = make("div", { className: "explorer-frame" });
  Object.assign(frame.style, { left: share(column, width), top: share(row, height),
    width: share(columns, width), height: share(rows, height) });
  return frame;
}

/** An explorer with an image, an output and a window at one place of both. */
export class Windows extends Panel {
  begin(el) {
    this.place = 0;
    this.sizes = make("p", { className: "explorer-sizes" });
    this.sizes.setAttribute("aria-live", "polite");
    el.append(this.sizes);
    this.pad = new Pad(() => this.state.image, (image) => this.change({ image }));
    this.drawing = keep(figure("", this.pad.element));
    this.last = {}; // the reader's own arrays, to come back to
  }

  get looksAt() { return ["place"]; }

  /** The choice among arrays that have names: images, kernels. */
  named(what, others = []) {
    const known = this.model.get("choices")[`${what}s`];
    const options = [...Object.keys(known).map((name) => [name]), ...others, ["own", "your own"]];
    const own = { "image own": "There is no picture of your own yet. Choose a file.",
      "image typed": "There are no numbers of yours yet. Type one into a small image.",
      "kernel own": "There is no kernel of your own yet. Type a number into this one." };
    return this.choice(`${what}_name`, what, options, (name) => {
      const wanted = known[name] ?? this.last[`${what} ${name}`] ?? (name === "drawn" ? blank(DRAWN) : null);
      if (!wanted) this.message.textContent = own[`${what} ${name}`];
      return wanted && { [what]: wanted, [`${what}_name`]: name };
    });
  }

  /** The controls for the image: a name, a drawing or a picture. */
  images() {
    const grey = ([red, green, blue]) => red.map((line, r) => line.map((value, c) =>
      +((0.299 * value + 0.587 * green[r][c] + 0.114 * blue[r][c]) / 255).toFixed(3)));
    return group("input", this.named("image", Object.entries(BY_HAND)),
      this.picker((channels) => this.change({ image: grey(channels), image_name: "own" })));
  }

  steps() {
    this.player = button("\u25b6", "play", () => this.play());
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return make("div", { className: "explorer-steps", role: "group", ariaLabel: "place" },
      button("\u25c0", "place before", () => this.step(-1)), ...(still ? [] : [this.player]),
      button("\u25b6|", "next place", () => this.step(1)));
  }

  step(by) {
    const count = this.result.output.length * this.result.output[0].length;
    this.look("place", (this.place + by + count) % count);
  }

  play() {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    } else {
      this.timer = setInterval(() => this.player.isConnected ? this.step(1) : clearInterval(this.timer), 700);
    }
    this.player.textContent = this.timer ? "\u23f8" : "\u25b6";
    this.player.setAttribute("aria-label", this.timer ? "pause" : "play");
    this.sum.setAttribute("aria-live", this.timer ? "off" : "polite"); // nobody listens that fast
  }

  draw(state, result) {
    this.result = result;
    if (this.drawn !== state) Object.assign(this, { drawn: state, older: this.newer, newer: result });
    for (const what of ["image", "kernel"]) this.last[`${what} ${state[`${what}_name`]}`] = state[what];
    const { output } = result;
    this.place = Math.min(this.place, output.length * output[0].length - 1);
    const row = Math.floor(this.place / output[0].length), column = this.place % output[0].length;
    showOnly(this.body, this.figures(state, result, row, column));
    if (this.pad.canvas.isConnected) this.pad.show();
  }

  /** The image: to be drawn, to be looked at, or with every number; a number can be changed. */
  image(values, window, marks) {
    const { image, image_name } = this.state, title = `image, ${image.length} x ${image[0].length}`;
    const small = Math.max(values.length, values[0].length) <= SMALL;
    if (small) return part("input", title, this.table(values, window, { ...marks, edited: true }));
    if (image_name !== "drawn") return part("input", title, this.canvas(values, window));
    this.drawing.firstChild.textContent = `${title}: draw here`;
    return this.drawing;
  }

  /** The output, in which one chooses a place. */
  map(output, row, column) {
    const small = Math.max(output.length, output[0].length) <= SMALL;
    const one = { row, column, rows: 1, columns: 1 };
    const choose = (r, c) => this.look("place", r * output[0].length + c);
    return part("output", `output, ${output.length} x ${output[0].length}${this.count("output")}`,
      small ? this.table(output, one, { choose, changed: this.changes("output") }) : this.canvas(output, one, choose));
  }

  /** Whether a value of a result is another than before the last change; null where sizes differ. */
  changes(what) {
    const [old, now] = [this.older?.[what], this.newer[what]];
    if (old?.length !== now.length || old[0].length !== now[0].length) return null;
    return (r, c) => Math.abs(old[r][c] - now[r][c]) > 1e-9;
  }

  /** How many values are others, for a title. */
  count(what) {
    const changed = this.changes(what), values = this.newer[what];
    let found = 0;
    for (let r = 0; changed && r < values.length; r++) {
      for (let c = 0; c < values[r].length; c++) found += changed(r, c) ? 1 : 0;
    }
    return found ? `, ${found} changed` : "";
  }

  /** A cell to type a number into. */
  input(value, label, cell, take) {
    const input = make("input", { type: "text", inputMode: "decimal", defaultValue: String(value), ...SELECTING });
    input.dataset.cell = cell;
    input.setAttribute("aria-label", label);
    input.onchange = ({ target }) => {
      const text = target.value.trim().replace("\u2212", "-").replace(/^([^.,]*),(?!\d{3}$)/, "$1.");
      if (NUMBER.test(text) && Math.abs(Number(text)) <= MOST) return take(Number(text));
      this.message.textContent = `"${target.value}" is not a number from \u2212${MOST} to ${MOST}. ${value} is kept.`;
      target.value = String(value);
    };
    return input;
  }

  pixel(r, c) {
    const { image } = this.state;
    return this.input(image[r][c], `image, row ${r}, column ${c}`, `image-${r}-${c}`, (value) => this.change({
      image: image.map((line, i) => line.map((old, j) => (i === r && j === c ? value : old))), image_name: "typed" }));
  }

  table(values, window = null, { rows = [0, 0], columns = [0, 0], stride = 0, marked = null, edited = false, choose = null, changed = null } = {}) {
    const limit = Math.max(1e-9, ...values.map((line) => Math.max(...line.map(Math.abs))));
    const [height, width] = [values.length, values[0].length];
    const used = stride && [0, 1].map((axis) => {
      const [size, kernel] = axis ? [width, window.columns] : [height, window.rows];
      return Math.floor((size - kernel) / stride) * stride + kernel;
    });
    const filled = make("table", {}, ...values.map((line, r) => make("tr", {}, ...[...line].map((value, c) => {
      const padding = r < rows[0] || r >= height - rows[1] || c < columns[0] || c >= width - columns[1];
      const typed = edited && !padding;
      const cell = make("td", { textContent: choose || typed ? "" : number(value) });
      cell.style.setProperty("--share", (Math.abs(value) / limit).toFixed(3));
      cell.classList.toggle("negative", value < 0);
      const seen = window && r >= window.row && r < window.row + window.rows
        && c >= window.column && c < window.column + window.columns;
      cell.classList.toggle("window", Boolean(seen));
      cell.classList.toggle("padding", padding);
      if (typed) cell.append(this.pixel(r - rows[0], c - columns[0]));
      cell.classList.toggle("left-over", Boolean(used) && (r >= used[0] || c >= used[1]));
      cell.classList.toggle("marked", Boolean(marked?.(r, c)));
      cell.classList.toggle("changed", Boolean(changed?.(r, c)));
      if (choose) {
        const one = button(number(value), `output, row ${r}, column ${c}: ${number(value)}`, () => choose(r, c));
        one.dataset.cell = `output-${r}-${c}`;
        one.setAttribute("aria-pressed", String(seen));
        cell.append(one);
      } else if (seen) (cell.firstElementChild ?? cell).setAttribute("aria-current", "true");
      return cell;
    }))));
    arrows(filled, choose ? [window.row, window.column] : [0, 0]);
    const letters = Math.max(...values.map((line) => Math.max(...[...line].map((value) => (edited ? String(value) : number(value)).length))));
    return grid(filled, letters, width, ...(window ? [frameOf(window, height, width)] : []));
  }

  /** A picture with its window; with `choose`, one points at a place, or leads there with the arrow keys. */
  canvas(values, window, choose = null) {
    const [height, width] = [values.length, values[0].length], canvas = make("canvas");
    let low = Infinity, high = -Infinity;
    for (const line of values) for (const value of line) { low = Math.min(low, value); high = Math.max(high, value); }
    paint(canvas, [values], low, high);
    canvas.setAttribute("role", choose ? "application" : "img");
    canvas.setAttribute("aria-label", `${height} rows and ${width} columns of brightness` +
      (choose ? ". The arrow keys choose a place." : ""));
    const framed = make("div", { className: "explorer-grid" }, canvas, frameOf(window, height, width));
    if (!choose) return framed;
    canvas.tabIndex = 0;
    canvas.dataset.cell = "output";
    canvas.onclick = ({ clientX, clientY }) => {
      const box = canvas.getBoundingClientRect(), along = (share, size) => Math.min(Math.floor(share * size), size - 1);
      choose(along((clientY - box.top) / box.height, height), along((clientX - box.left) / box.width, width));
    };
    canvas.onkeydown = (event) => {
      const [down, right] = STEPS[event.key] ?? [0, 0], { row, column } = window;
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      choose(clamp(row + down, 0, height - 1), clamp(column + right, 0, width - 1));
    };
    return framed;
  }
}

/** Whether an image or kernel, which may come from an address, is one of these, and small enough. */
export function isSmallTable(values) {
  return isTable(values) && Math.max(values.length, values[0].length) <= LARGEST
    && values.every((line) => line.every((value) => Math.abs(value) <= LARGEST_NUMBER));
}

/** What all know of a window that slides: it is so small that each of its numbers can be written out. */
export function checkWindow(what, rows, columns) {
  if (Math.max(rows, columns) <= SMALL) return;
  throw new Error(`The ${what} has ${rows} x ${columns} values, and this explorer shows at most ${SMALL} x ${SMALL}.`);
}
