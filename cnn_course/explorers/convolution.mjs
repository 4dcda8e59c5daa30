// The convolution explorer. The arithmetic is that of `cnn_course.conv` and of Keras; a test compares them.
import { arrows, group, isWhole, keep, make, number, showOnly, tell } from "./panel.mjs";
import { cornerOf, part } from "./picture.mjs";
import { checkWindow, frame, formula, grid, isSmallTable, kept, margins, places, revived, Windows } from "./windows.mjs";

/** What comes out, and everything that is needed to show how. */
export function convolve(state) {
  const { image, kernel, stride, padding, pad_mode, divide, relu } = state;
  const [kernelRows, kernelColumns] = [kernel.length, kernel[0].length];
  checkWindow("kernel", kernelRows, kernelColumns);
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

const CONVOLUTION_TASKS = [
  { name: "task-same-size", text: "make the output as large as the image.",
    shows: "The padding adds the rows and columns that the kernel takes away: one less than it has.",
    done: ({ image }, { output }) => output.length === image.length && output[0].length === image[0].length },
  { name: "task-left-over", text: "choose a stride with which some rows or columns never come under the window.",
    shows: "They are crossed out. The window has some way to go, and the stride does not divide it.",
    done: ({ image, kernel, stride }, { rows, columns }) => [[image, kernel, rows], [image[0], kernel[0], columns]]
      .some(([pixels, weights, [one, other]]) => (pixels.length + one + other - weights.length) % stride) },
  { name: "task-sees-edges", text: "type a kernel of your own that answers 0 wherever all pixels are equal, " +
      "and something else at an edge.",
    shows: "Its weights add up to 0, as those of Sobel do. So it sees differences, however bright the picture is.",
    done: ({ kernel, kernel_name }, { output }) => kernel_name === "own"
      && Math.abs(kernel.flat().reduce((sum, weight) => sum + weight, 0)) < 1e-9
      && output.some((line) => line.some((value) => Math.abs(value) > 1e-9)) },
];

class Convolution extends Windows {
  get title() { return "Convolution explorer"; }

  get tasks() { return CONVOLUTION_TASKS; }

  begin(el) {
    super.begin(el);
    this.made = make("div");
    this.how = keep(part("kernel how", "", this.made, make("div", {}, this.sum, this.sizes)));
  }

  compute(state) { return convolve(state); }

  controls() {
    const yes = (no, text) => [["false", no], ["true", text]];
    return [
      this.images(),
      group("kernel", this.named("kernel"),
        this.choice("stride", "stride", [[1], [2], [3], [4]]),
        this.choice("padding", "padding", [["valid"], ["same"], [1], [2], [3]]),
        this.choice("pad_mode", "frame", [["constant", "zeros"], ["edge", "same value"]])),
      group("output", this.choice("divide", "value", yes("sum", "mean")),
        this.choice("relu", "activation", yes("none", "ReLU")), this.steps()),
    ];
  }

  figures(state, { output, framed, rows, columns }, row, column) {
    const { image, kernel, stride } = state;
    const window = { row: row * stride, column: column * stride, rows: kernel.length, columns: kernel[0].length };
    tell(this.sum, `Row ${row}, column ${column}: ${written(framed, state, row, column)}`);
    tell(this.sizes, `Rows: ${formula(image.length, kernel.length, stride, rows)}. ` +
      `Columns: ${formula(image[0].length, kernel[0].length, stride, columns)}.`);
    return [
      this.image(framed, window, { rows, columns, stride }),
      part("kernel", "kernel", this.kernel()),
      this.map(output, row, column),
      this.products(framed, row, column),
    ];
  }

  /** What the kernel makes of its window, each weight of its pixel. */
  products(framed, row, column) {
    const { kernel, stride } = this.state, place = `${row} ${column}`;
    this.isNew = this.seen !== place;
    if (this.isNew) Object.assign(this, { seen: place, odd: !this.odd });
    const values = kernel.map((weights, i) => weights.map((weight, j) =>
      weight * framed[row * stride + i][column * stride + j]));
    const table = this.table(values), sum = values.flat().reduce((one, other) => one + other, 0);
    table.classList.add("products", this.odd ? "odd" : "even");
    table.querySelectorAll("td").forEach((cell, at) => cell.style.setProperty("--at", at));
    showOnly(this.made, [table]);
    this.how.firstChild.textContent = `pixel times weight, row ${row}, column ${column}: the sum is ${number(sum)}`;
    return this.how;
  }

  get terms() { return this.state.kernel.flat().length; }

  draw(state, result) {
    super.draw(state, result);
    if (this.isNew) this.fly();
  }

  /** Say where products come from, the window, and where their sum goes to, the chosen place of the output. */
  fly() {
    const [window, chosen] = [".of-input .explorer-frame", ".of-output .explorer-frame"].map((frame) => this.body.querySelector(frame));
    if (!window) return; // somebody draws there
    const table = this.made.firstChild, { left, top } = table.getBoundingClientRect();
    const [from, to] = [window, chosen].map(cornerOf);
    const output = chosen.parentElement;
    const ways = { "--from-x": [table, from[0] - left], "--from-y": [table, from[1] - top],
      "--sum-x": [output, left - to[0]], "--sum-y": [output, top - to[1]] };
    for (const [name, [element, way]] of Object.entries(ways)) element.style.setProperty(name, `${way}px`);
    output.style.setProperty("--terms", this.terms);
  }

  kernel() {
    const { kernel } = this.state, most = Math.max(1e-9, ...kernel.flat().map(Math.abs));
    const filled = make("table", {}, ...kernel.map((weights, i) => make("tr", {}, ...weights.map((weight, j) => {
      const cell = make("td", { className: weight < 0 ? "negative" : "" }, this.field("kernel", i, j, "own"));
      cell.style.setProperty("--share", (Math.abs(weight) / most).toFixed(3));
      return cell;
    }))));
    arrows(filled);
    return grid(filled, Math.max(...kernel.flat().map((weight) => String(weight).length)), kernel[0].length);
  }
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts(state) {
  const { image, kernel, stride, padding, pad_mode, divide, relu } = state;
  if (!isSmallTable(image) || !isSmallTable(kernel) || !isWhole(stride, 1)) return false;
  if (!["valid", "same"].includes(padding) && !isWhole(padding, 0, 64)) return false;
  if (!["constant", "edge"].includes(pad_mode)) return false;
  if (typeof divide !== "boolean" || typeof relu !== "boolean") return false;
  try {
    convolve(state);
    return true;
  } catch {
    return false;
  }
}

export default { accepts, kept, revived, render: ({ model, el }) => { new Convolution(model, el); } };
