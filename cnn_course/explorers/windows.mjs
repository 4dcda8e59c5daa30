// Windows that slide over an image: their arithmetic, and how they are shown.
import { arrows, button, figure, group, isTable, keep, LARGEST, make, number, Panel, showOnly } from "./panel.mjs";
import { numberField, replaced } from "./fields.mjs";
import { blank, Pad } from "./pad.mjs";
import { framed, newFrame, part, Picture } from "./picture.mjs";
import { Player } from "./player.mjs";

export const SMALL = 12; // up to so many rows and columns, every number is written out
const MOST = 1_000_000; // what one may type
const LARGEST_NUMBER = 1e100; // of an address: all sums of products stay finite
const DRAWN = 28; // rows and columns of a drawing
const [LOOK, EACH, GLANCE] = [900, 40, 60]; // milliseconds at a place that plays: at least, for each product, in a picture
const GLANCES = 600; // places of a picture that are played
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

/** The image with its frame: zeros, or the pixel next to it. Without one it is the image itself. */
export function frame(image, rows, columns, mode) {
  if (![...rows, ...columns].some(Boolean)) return image;
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

/** A table whose columns are as wide as its longest number, so that a frame can lie over some of it. */
export function grid(table, letters, columns, ...frames) {
  table.style.setProperty("--letters", letters + 1.5);
  table.style.setProperty("--columns", columns);
  return make("div", { className: "explorer-grid" }, table, ...frames);
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
    this.pictures = { image: new Picture("input"), gradient: new Picture("input"), output: new Picture("output", (r, c) => this.choose(r, c)) };
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

  /** Keys that lead from place to place, and one that plays. */
  steps() {
    const step = (by) => {
      this.player.stop();
      this.look("place", (this.place + by + this.places) % this.places);
    };
    this.player = new Player({ next: (first) => this.next(first), pace: () => this.pace(), heard: [this.sum], shown: this.body,
      rest: () => this.save() });
    return make("div", { className: "explorer-steps", role: "group", ariaLabel: "place" },
      button("\u25c0", "place before", () => step(-1)), this.player.button, button("\u25b6|", "next place", () => step(1)));
  }

  get places() { return this.result.output.length * this.result.output[0].length; }

  get small() { return Math.max(this.result.output.length, this.result.output[0].length) <= SMALL; }

  /** How many products there are to be seen at a place. */
  get terms() { return 0; }

  pace() { return this.small ? LOOK + EACH * this.terms : GLANCE; }

  /** Play the next place, at first the one that is looked at, after the last one the first. */
  next(first) {
    const last = this.places - 1, by = this.small ? 1 : Math.ceil(this.places / GLANCES);
    if (this.place === last && !first) return false;
    if (first) this.seen = null; // it plays, although it was seen
    this.look("place", first ? this.place % last || 0 : Math.min(this.place + by, last));
    return true;
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
    if (image_name !== "drawn") return this.pictures.image.show(title, values, window);
    this.drawing.firstChild.textContent = `${title}: draw here`;
    return this.drawing;
  }

  /** The output, in which one chooses a place. */
  map(output, row, column) {
    const one = { row, column, rows: 1, columns: 1 }, changed = this.changes("output");
    const title = `output, ${output.length} x ${output[0].length}${this.count("output")}`;
    if (!this.small) return this.pictures.output.show(title, output, one);
    return part("output", title, this.table(output, one, { choose: (r, c) => this.choose(r, c), changed }));
  }

  choose(row, column) {
    this.player.stop();
    this.look("place", row * this.result.output[0].length + column);
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

  /** A cell to type a number of the image or the kernel into; the array is then the reader's own. */
  field(what, row, column, name) {
    const rows = this.state[what], take = (value) =>
      this.change({ [what]: replaced(rows, row, column, value), [`${what}_name`]: name });
    return numberField(rows[row][column], `${what}, row ${row}, column ${column}`, { cell: `${what}-${row}-${column}`, take,
      refuse: (why) => { this.message.textContent = why; }, most: MOST });
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
      if (typed) cell.append(this.field("image", r - rows[0], c - columns[0], "typed"));
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
    return grid(filled, letters, width, ...(window ? [framed(newFrame(), window, height, width)] : []));
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
