// The convolution explorer: one module for JupyterLab and for a page without a kernel.
// The arithmetic is that of `cnn_course.conv` and of Keras; a test compares them.

const SMALL = 12; // up to so many rows and columns, every number is written out
const LARGEST = 256; // a picture of one's own is made at most so large

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

/** What comes out, and everything that is needed to show how. */
export function convolve(state) {
  const { image, kernel, stride, padding, pad_mode, divide, relu } = state;
  const [kernelRows, kernelColumns] = [kernel.length, kernel[0].length];
  const rows = margins(image.length, kernelRows, stride, padding);
  const columns = margins(image[0].length, kernelColumns, stride, padding);
  const height = places(image.length, kernelRows, stride, rows);
  const width = places(image[0].length, kernelColumns, stride, columns);
  if (height < 1 || width < 1) {
    throw new Error(
      `The kernel has ${kernelRows} x ${kernelColumns} values and the image with its padding only ` +
      `${image.length + rows[0] + rows[1]} x ${image[0].length + columns[0] + columns[1]}. ` +
      "Choose a smaller kernel or more padding.");
  }
  const framed = frame(image, rows, columns, pad_mode);
  const share = divide ? kernelRows * kernelColumns : 1;
  const output = [];
  for (let r = 0; r < height; r++) {
    const line = new Float64Array(width);
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let i = 0; i < kernelRows; i++) {
        const pixels = framed[r * stride + i], weights = kernel[i];
        for (let j = 0; j < kernelColumns; j++) sum += pixels[c * stride + j] * weights[j];
      }
      line[c] = relu ? Math.max(sum / share, 0) : sum / share;
    }
    output.push(line);
  }
  return { output, framed, rows, columns };
}

const number = (value) => String(+value.toFixed(2)).replace("-", "\u2212");

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A labelled control. */
function labelled(text, control) {
  return make("label", {}, make("span", { textContent: text }), control);
}

/** The sum at one place, written out. */
export function written(framed, state, row, column) {
  const { kernel, stride, divide, relu } = state;
  const terms = [];
  let sum = 0;
  kernel.forEach((weights, i) => weights.forEach((weight, j) => {
    const pixel = framed[row * stride + i][column * stride + j];
    sum += pixel * weight;
    terms.push(`${number(pixel)}\u00b7${weight < 0 ? `(${number(weight)})` : number(weight)}`);
  }));
  const count = kernel.length * kernel[0].length;
  let text = `${terms.join(" + ")} = ${number(sum)}`;
  let value = sum;
  if (divide) text += `; ${number(sum)} / ${count} = ${number(value = sum / count)}`;
  if (relu) text += `; ReLU: ${number(Math.max(value, 0))}`;
  return text;
}

/** One axis of the output size, written out. */
function formula(size, kernel, stride, [before, behind]) {
  const room = size + before + behind - kernel;
  const rest = room % stride;
  const left = rest ? ` (${rest} left over)` : "";
  return `\u230a(${size} + ${before + behind} \u2212 ${kernel}) / ${stride}\u230b + 1 = ` +
    `${Math.floor(room / stride) + 1}${left}`;
}

class View {
  constructor(model, el) {
    this.model = model;
    this.place = 0;
    el.classList.add("explorer");
    el.append(this.controls(), this.message = make("p", { className: "explorer-message", role: "status" }),
      this.grids = make("div", { className: "explorer-grids" }),
      this.sum = make("p", { className: "explorer-sum" }),
      this.sizes = make("p", { className: "explorer-sizes" }));
    this.sum.setAttribute("aria-live", "polite");
    model.on("change:state", () => this.show());
    this.show();
  }

  get state() { return this.model.get("state"); }

  /** Take a change over if something comes out; otherwise say why, and keep what was there. */
  change(changes) {
    const wanted = { ...this.state, ...changes };
    try {
      convolve(wanted);
    } catch (error) {
      this.message.textContent = error.message;
      return this.fill();
    }
    this.message.textContent = "";
    this.model.set("state", wanted);
    this.model.save_changes();
    this.show();
  }

  choice(name, text, options) {
    const select = make("select", {}, ...options.map(([value, label]) =>
      make("option", { value, textContent: label })));
    select.dataset.name = name;
    return labelled(text, select);
  }

  controls() {
    const { images, kernels } = this.model.get("choices");
    const image = this.choice("image_name", "image", [...Object.keys(images).map((n) => [n, n]), ["own", "your own"]]);
    const kernel = this.choice("kernel_name", "kernel", [...Object.keys(kernels).map((n) => [n, n]), ["own", "your own"]]);
    const padding = this.choice("padding", "padding", [["valid", "valid"], ["same", "same"], ...[1, 2, 3].map((n) => [n, n])]);
    const mode = this.choice("pad_mode", "frame", [["constant", "zeros"], ["edge", "same value"]]);
    const stride = this.choice("stride", "stride", [1, 2, 3, 4].map((n) => [n, n]));
    const divide = this.choice("divide", "value", [["false", "sum"], ["true", "mean"]]);
    const relu = this.choice("relu", "then", [["false", "nothing"], ["true", "ReLU"]]);
    const file = make("input", { type: "file", accept: "image/*" });
    const box = make("div", { className: "explorer-controls" }, image,
      kernel, stride, padding, mode, divide, relu, labelled("a picture of your own", file), this.steps());
    this.selects = [...box.querySelectorAll("select")];
    image.lastChild.onchange = (e) => e.target.value in images
      && this.change({ image: images[e.target.value], image_name: e.target.value });
    kernel.lastChild.onchange = (e) => e.target.value in kernels
      && this.change({ kernel: kernels[e.target.value], kernel_name: e.target.value });
    const whole = (text) => /^\d+$/.test(text) ? Number(text) : text;
    for (const name of ["stride", "padding", "pad_mode"]) {
      box.querySelector(`[data-name=${name}]`).onchange = (e) => this.change({ [name]: whole(e.target.value) });
    }
    for (const name of ["divide", "relu"]) {
      box.querySelector(`[data-name=${name}]`).onchange = (e) => this.change({ [name]: e.target.value === "true" });
    }
    file.onchange = () => file.files.length && this.take(file.files[0]);
    return box;
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
    this.result = convolve(state);
    const { output, framed, rows, columns } = this.result;
    this.place = Math.min(this.place, output.length * output[0].length - 1);
    const row = Math.floor(this.place / output[0].length), column = this.place % output[0].length;
    const window = { row: row * state.stride, column: column * state.stride,
      rows: state.kernel.length, columns: state.kernel[0].length };
    const titles = [`image, ${state.image.length} x ${state.image[0].length}`,
      `kernel`, `output, ${output.length} x ${output[0].length}`];
    const figure = (title, content) => make("figure", {}, make("figcaption", { textContent: title }), content);
    const small = Math.max(framed.length, framed[0].length) <= SMALL;
    const image = small ? this.table(framed, window, { rows, columns, state }) : this.canvas(framed, window);
    const one = { row, column, rows: 1, columns: 1 };
    const map = small ? this.table(output, one, {}, (r, c) => {
      this.place = r * output[0].length + c;
      this.show();
    }) : this.canvas(output, one);
    const focused = this.grids.contains(document.activeElement) && document.activeElement.dataset.cell;
    this.grids.replaceChildren(figure(titles[0], image), figure(titles[1], this.kernel()), figure(titles[2], map));
    if (focused) this.grids.querySelector(`[data-cell="${focused}"]`)?.focus();
    this.sum.textContent = `Row ${row}, column ${column}: ${written(framed, state, row, column)}`;
    this.sizes.textContent =
      `Rows: ${formula(state.image.length, state.kernel.length, state.stride, rows)}. ` +
      `Columns: ${formula(state.image[0].length, state.kernel[0].length, state.stride, columns)}.`;
  }

  kernel() {
    const { kernel } = this.state;
    return make("table", {}, ...kernel.map((weights, i) => make("tr", {}, ...weights.map((weight, j) => {
      const input = make("input", { type: "text", inputMode: "decimal", value: String(weight) });
      input.dataset.cell = `kernel-${i}-${j}`;
      input.setAttribute("aria-label", `kernel, row ${i}, column ${j}`);
      input.onchange = () => {
        const value = Number(input.value.trim().replace("\u2212", "-").replace(",", "."));
        if (input.value.trim() === "" || !Number.isFinite(value)) {
          this.message.textContent = `"${input.value}" is not a number. ${weight} is kept.`;
          input.value = String(weight);
          return;
        }
        const changed = kernel.map((line, r) => line.map((old, c) => (r === i && c === j ? value : old)));
        this.change({ kernel: changed, kernel_name: "own" });
      };
      return make("td", {}, input);
    }))));
  }

  table(values, window, { rows = [0, 0], columns = [0, 0], state } = {}, choose = null) {
    const limit = Math.max(1e-9, ...values.map((line) => Math.max(...line.map(Math.abs))));
    const [height, width] = [values.length, values[0].length];
    const used = state && [0, 1].map((axis) => {
      const [size, kernel] = axis ? [width, window.columns] : [height, window.rows];
      return Math.floor((size - kernel) / state.stride) * state.stride + kernel;
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

/** Whether a state, which may come from an address, can be shown. */
export function accepts({ image, kernel, stride, padding, pad_mode, divide, relu }) {
  const table = (values) => Array.isArray(values) && values.length > 0
    && values.every((line) => Array.isArray(line) && line.length === values[0].length && line.length > 0
      && line.every(Number.isFinite));
  const whole = (value, least) => Number.isInteger(value) && value >= least && value <= LARGEST;
  if (!table(image) || !table(kernel) || !whole(stride, 1)) return false;
  if (!["valid", "same"].includes(padding) && !whole(padding, 0)) return false;
  if (!["constant", "edge"].includes(pad_mode)) return false;
  if (typeof divide !== "boolean" || typeof relu !== "boolean") return false;
  try {
    convolve({ image, kernel, stride, padding, pad_mode, divide, relu });
    return true;
  } catch {
    return false;
  }
}

export function render({ model, el }) {
  new View(model, el);
}

export default { render, accepts };
