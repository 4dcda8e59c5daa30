// What the explorers share: windows that slide, controls, grids. Each explorer's module comes behind
// it, as one piece, since a page that is opened as a file cannot load another one.

export const SMALL = 12; // up to so many rows and columns, every number is written out
export const LARGEST = 256; // a picture of one's own is made at most so large

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

export const number = (value) => String(+value.toFixed(2)).replace("-", "\u2212");

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A labelled control. */
export function labelled(text, control) {
  return make("label", {}, make("span", { textContent: text }), control);
}

/** One axis of the output size, written out. */
export function formula(size, kernel, stride, [before, behind]) {
  const room = size + before + behind - kernel;
  const rest = room % stride;
  const left = rest ? ` (${rest} left over)` : "";
  return `\u230a(${size} + ${before + behind} \u2212 ${kernel}) / ${stride}\u230b + 1 = ` +
    `${Math.floor(room / stride) + 1}${left}`;
}

/** Whether values are rows of finite numbers, all of the same length. */
export function isTable(values) {
  return Array.isArray(values) && values.length > 0
    && values.every((line) => Array.isArray(line) && line.length === values[0].length && line.length > 0
      && line.every(Number.isFinite));
}

/** Whether a value is a whole number in a sensible range. */
export function isWhole(value, least) {
  return Number.isInteger(value) && value >= least && value <= 100_000;
}

/** An explorer on the screen. What it computes and draws, its own class says. */
export class View {
  constructor(model, el) {
    this.model = model;
    this.place = 0;
    el.classList.add("explorer");
    this.box = make("div", { className: "explorer-controls" });
    this.message = make("p", { className: "explorer-message", role: "status" });
    this.grids = make("div", { className: "explorer-grids" });
    this.sum = make("p", { className: "explorer-sum" });
    this.sum.setAttribute("aria-live", "polite");
    this.sizes = make("p", { className: "explorer-sizes" });
    el.append(this.box, this.message, this.grids, this.sum, this.sizes);
    this.box.append(...this.controls(), this.picker(), this.steps());
    this.selects = [...this.box.querySelectorAll("select")];
    model.on("change:state", () => this.show());
    this.show();
  }

  get state() { return this.model.get("state"); }

  /** Take a change over if something comes out; otherwise say why, and keep what was there. */
  change(changes) {
    const wanted = { ...this.state, ...changes };
    try {
      this.compute(wanted);
    } catch (error) {
      this.message.textContent = error.message;
      return this.fill();
    }
    this.message.textContent = "";
    this.model.set("state", wanted);
    this.model.save_changes();
    this.show();
  }

  /** A list to choose from; `take` says what a choice changes. */
  choice(name, text, options, take = null) {
    const select = make("select", {}, ...options.map(([value, label]) =>
      make("option", { value, textContent: label ?? value })));
    select.dataset.name = name;
    const meaning = { true: true, false: false };
    const value = (word) => (/^\d+$/.test(word) ? Number(word) : meaning[word] ?? word);
    select.onchange = ({ target }) => {
      const changes = take ? take(target.value) : { [name]: value(target.value) };
      return changes ? this.change(changes) : this.fill();
    };
    return labelled(text, select);
  }

  /** The choice among arrays that have names: images, kernels. */
  named(what) {
    const known = this.model.get("choices")[`${what}s`];
    const options = [...Object.keys(known).map((name) => [name]), ["own", "your own"]];
    return this.choice(`${what}_name`, what, options, (name) =>
      (name in known ? { [what]: known[name], [`${what}_name`]: name } : null));
  }

  picker() {
    const file = make("input", { type: "file", accept: "image/*" });
    file.onchange = () => file.files.length && this.take(file.files[0]);
    return labelled("a picture of your own", file);
  }

  steps() {
    const button = (text, label, act) => {
      const made = make("button", { type: "button", textContent: text, onclick: act });
      made.setAttribute("aria-label", label);
      return made;
    };
    this.player = button("\u25b6", "play", () => this.play());
    return make("div", { className: "explorer-steps", role: "group", ariaLabel: "place" },
      button("\u25c0", "place before", () => this.step(-1)), this.player,
      button("\u25b6|", "next place", () => this.step(1)));
  }

  /** Read a picture of the reader's own; it never leaves the page. */
  async take(file) {
    try {
      const bitmap = await createImageBitmap(file);
      const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
      const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
      const canvas = make("canvas", { width, height });
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(bitmap, 0, 0, width, height);
      const { data } = context.getImageData(0, 0, width, height);
      const grey = (at) => (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255;
      const image = Array.from({ length: height }, (_, r) =>
        Array.from({ length: width }, (_, c) => +grey(4 * (r * width + c)).toFixed(3)));
      this.change({ image, image_name: "own" });
    } catch {
      this.message.textContent = `${file.name} cannot be read as a picture. The one before is kept.`;
    }
  }

  step(by) {
    const count = this.result.output.length * this.result.output[0].length;
    this.place = (this.place + by + count) % count;
    this.show();
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
  }

  /** Set the controls to the state. */
  fill() {
    for (const select of this.selects) select.value = String(this.state[select.dataset.name]);
  }

  show() {
    const state = this.state;
    this.fill();
    this.result = this.compute(state);
    const { output } = this.result;
    this.place = Math.min(this.place, output.length * output[0].length - 1);
    const row = Math.floor(this.place / output[0].length), column = this.place % output[0].length;
    const focused = this.grids.contains(document.activeElement) && document.activeElement.dataset.cell;
    this.grids.replaceChildren(...this.draw(state, this.result, row, column));
    if (focused) this.grids.querySelector(`[data-cell="${focused}"]`)?.focus();
  }

  figure(title, content) {
    return make("figure", {}, make("figcaption", { textContent: title }), content);
  }

  /** The output, in which one chooses a place. */
  map(output, row, column, small) {
    const one = { row, column, rows: 1, columns: 1 };
    const title = `output, ${output.length} x ${output[0].length}`;
    return this.figure(title, small ? this.table(output, one, {}, (r, c) => {
      this.place = r * output[0].length + c;
      this.show();
    }) : this.canvas(output, one));
  }

  table(values, window, { rows = [0, 0], columns = [0, 0], stride = 0, marked = null } = {}, choose = null) {
    const limit = Math.max(1e-9, ...values.map((line) => Math.max(...line.map(Math.abs))));
    const [height, width] = [values.length, values[0].length];
    const used = stride && [0, 1].map((axis) => {
      const [size, kernel] = axis ? [width, window.columns] : [height, window.rows];
      return Math.floor((size - kernel) / stride) * stride + kernel;
    });
    return make("table", {}, ...values.map((line, r) => make("tr", {}, ...[...line].map((value, c) => {
      const cell = make("td", { textContent: choose ? "" : number(value) });
      cell.style.setProperty("--share", (Math.abs(value) / limit).toFixed(3));
      cell.classList.toggle("negative", value < 0);
      cell.classList.toggle("window", r >= window.row && r < window.row + window.rows
        && c >= window.column && c < window.column + window.columns);
      cell.classList.toggle("padding", r < rows[0] || r >= height - rows[1]
        || c < columns[0] || c >= width - columns[1]);
      cell.classList.toggle("left-over", Boolean(used) && (r >= used[0] || c >= used[1]));
      cell.classList.toggle("marked", Boolean(marked?.(r, c)));
      if (choose) {
        const button = make("button", { type: "button", textContent: number(value), onclick: () => choose(r, c) });
        button.dataset.cell = `output-${r}-${c}`;
        button.setAttribute("aria-label", `output, row ${r}, column ${c}: ${number(value)}`);
        cell.append(button);
      }
      return cell;
    }))));
  }

  canvas(values, window) {
    const [height, width] = [values.length, values[0].length];
    const canvas = make("canvas", { width, height, role: "img" });
    canvas.setAttribute("aria-label", `${height} rows and ${width} columns of brightness`);
    let low = Infinity, high = -Infinity;
    for (const line of values) for (const value of line) { low = Math.min(low, value); high = Math.max(high, value); }
    const context = canvas.getContext("2d"), picture = context.createImageData(width, height);
    const scale = 255 / Math.max(high - low, 1e-9);
    for (let r = 0, at = 0; r < height; r++) {
      for (let c = 0; c < width; c++, at += 4) {
        picture.data[at] = picture.data[at + 1] = picture.data[at + 2] = (values[r][c] - low) * scale;
        picture.data[at + 3] = 255;
      }
    }
    context.putImageData(picture, 0, 0);
    context.strokeStyle = "#CC6611";
    context.strokeRect(window.column - 0.5, window.row - 0.5, window.columns + 1, window.rows + 1);
    return canvas;
  }
}
