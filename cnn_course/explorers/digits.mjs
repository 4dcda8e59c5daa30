// The digit network: chapter 2's convnet, computed here for what the reader draws.
import { button, figure, isWhole, keep, make, number, paint, Panel, showOnly, tell } from "./panel.mjs";
import { Pad } from "./pad.mjs";
import { DIGIT_TASKS } from "./digit_tasks.mjs";

const SIDE = 28;
/** The layers that make maps, in their order; a convolution has weights, a pooling none. */
const LAYERS = ["conv_1", "pool_1", "conv_2", "pool_2", "conv_3"];

/** Read numbers in half precision, one behind the other, as arrays of these sizes. */
export function weightsOf({ halves, shapes }) {
  const bytes = Uint8Array.from(atob(halves), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const half = (at) => {
    const bits = view.getUint16(2 * at, true), exponent = (bits >> 10) & 31, rest = bits & 1023;
    const size = exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024);
    return bits >> 15 ? -size : size;
  };
  let at = 0;
  return shapes.map((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return { shape, values: Float32Array.from({ length }, () => half(at++)) };
  });
}

/** A 3 x 3 convolution without padding, then ReLU. */
function convolve({ height, width, channels, values }, kernel, bias) {
  const [size, , , filters] = kernel.shape, rows = height - size + 1, columns = width - size + 1;
  const output = new Float32Array(rows * columns * filters), sum = new Float64Array(filters);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      sum.set(bias.values);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          const from = ((r + i) * width + c + j) * channels, weights = (i * size + j) * channels;
          for (let k = 0; k < channels; k++) {
            const value = values[from + k];
            if (value === 0) continue; // black, or switched off by ReLU
            for (let f = 0, at = (weights + k) * filters; f < filters; f++, at++) sum[f] += value * kernel.values[at];
          }
        }
      }
      for (let f = 0, at = (r * columns + c) * filters; f < filters; f++, at++) output[at] = Math.max(sum[f], 0);
    }
  }
  return { height: rows, width: columns, channels: filters, values: output };
}

/** The largest of each 2 x 2 values; a row or column that is left over is dropped. */
function pool({ height, width, channels, values }) {
  const [rows, columns] = [height >> 1, width >> 1], output = new Float32Array(rows * columns * channels);
  for (let r = 0, at = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      for (let k = 0; k < channels; k++, at++) {
        const first = (2 * r * width + 2 * c) * channels + k, second = first + width * channels;
        output[at] = Math.max(values[first], values[first + channels], values[second], values[second + channels]);
      }
    }
  }
  return { height: rows, width: columns, channels, values: output };
}

/** Everything that the network computes for pixels from 0 to 1, row by row. */
export function forward(pixels, weights) {
  const maps = {};
  let x = { height: SIDE, width: SIDE, channels: 1, values: pixels }, next = 0;
  for (const name of LAYERS) {
    x = name.startsWith("conv") ? convolve(x, weights[next++], weights[next++]) : pool(x);
    maps[name] = x;
  }
  const [dense, bias] = weights.slice(next), scores = Float64Array.from(bias.values);
  x.values.forEach((value, at) => {
    for (let k = 0; value && k < scores.length; k++) scores[k] += value * dense.values[at * scores.length + k];
  });
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const sum = powers.reduce((a, b) => a + b);
  return { maps, scores, probabilities: powers.map((power) => power / sum) };
}

/** Two hexadecimal digits a pixel, from black to white. */
const written = (rows) => rows.flat().map((ink) => Math.round(ink * 255).toString(16).padStart(2, "0")).join("");
const pixelsOf = (drawing) => Float32Array.from({ length: SIDE * SIDE }, (_, at) =>
  parseInt(drawing.slice(2 * at, 2 * at + 2), 16) / 255);
const rowsOf = (pixels) => Array.from({ length: SIDE }, (_, r) => [...pixels.slice(r * SIDE, (r + 1) * SIDE)]);

/** Move a drawing; what leaves it is lost, what comes in is black. */
export function shifted(rows, down, right) {
  return rows.map((line, r) => line.map((_, c) => rows[r - down]?.[c - right] ?? 0));
}

/** Rows and columns by which the middle of the ink is away from the middle of the drawing. */
export function offCentre(rows) {
  let sum = 0, down = 0, right = 0;
  rows.forEach((line, r) => line.forEach((ink, c) => {
    sum += ink;
    down += ink * r;
    right += ink * c;
  }));
  return sum ? [down, right].map((total) => Math.round(total / sum - (SIDE - 1) / 2)) : [0, 0];
}

/** All maps of a layer beside and below one another, lines between them, and where each stands. */
function mosaic(count, [height, width], value, columns, line) {
  const across = Math.min(columns, count), down = Math.ceil(count / across);
  const rows = Array.from({ length: down * (height + 1) - 1 }, () => new Float32Array(across * (width + 1) - 1).fill(line));
  const corner = (k) => [Math.floor(k / across) * (height + 1), (k % across) * (width + 1)];
  for (let k = 0; k < count; k++) {
    const [top, left] = corner(k);
    for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) rows[top + r][left + c] = value(r, c, k);
  }
  return { rows, corner, across };
}

class DigitNetwork extends Panel {
  get title() { return "Digit network explorer"; }

  get tasks() { return DIGIT_TASKS; }

  begin() {
    this.weights = weightsOf(this.model.get("choices").weights);
    const drawing = () => rowsOf(pixelsOf(this.state.drawing));
    const write = (rows) => this.change({ drawing: written(rows), drawing_name: "own" });
    this.pad = new Pad(drawing, write);
    const move = (sign, words, by) => {
      const made = button(sign, words, () => write(shifted(drawing(), ...by())));
      made.dataset.cell = words;
      return made;
    };
    const tools = make("div", { className: "explorer-steps", role: "group", ariaLabel: "move the drawing" },
      move("\u25c0", "shift left", () => [0, -1]), move("\u25b6", "shift right", () => [0, 1]),
      move("\u25b2", "shift up", () => [-1, 0]), move("\u25bc", "shift down", () => [1, 0]),
      move("centre", "put the ink into the centre", () => offCentre(drawing()).map((by) => -by)));
    this.parts = [figure("draw here", this.pad.element, tools), figure("probability", this.answers(), this.sum),
      ...LAYERS.map((name) => this.layer(name)), this.detail()].map(keep);
  }

  compute({ drawing }) {
    return forward(pixelsOf(drawing), this.weights);
  }

  controls() {
    const { drawings } = this.model.get("choices");
    const examples = [...Object.keys(drawings).map((name) => [name, `${name === "8" ? "an" : "a"} ${name}`]), ["own", "your drawing"]];
    const map = this.slider("map", "map", [0, 31, 1], (value) => `number ${value}`);
    this.which = map.querySelector("input");
    return [
      this.choice("drawing_name", "drawing", examples, (name) => {
        const drawing = drawings[name] ?? this.own;
        if (!drawing) this.message.textContent = "There is no drawing of yours yet. Draw one.";
        return drawing && { drawing, drawing_name: name };
      }),
      this.choice("layer", "layer", LAYERS.map((name) => [name]), (layer) =>
        ({ layer, map: Math.min(this.state.map, channelsOf(layer, this.weights) - 1) })),
      map,
    ];
  }

  answers() {
    this.bars = Array.from({ length: 10 }, () => make("div", { className: "explorer-bar" }));
    this.shares = this.bars.map(() => make("td"));
    return make("table", { className: "explorer-answers" }, ...this.bars.map((bar, digit) =>
      make("tr", {}, make("th", { scope: "row", textContent: digit }), make("td", {}, bar), this.shares[digit])));
  }

  layer(name) {
    const canvas = make("canvas", { className: "explorer-maps", role: "img" });
    canvas.onclick = (event) => {
      const { across, down, right, height, width, channels } = canvas.shown, box = canvas.getBoundingClientRect();
      const column = Math.floor(((event.clientX - box.left) / box.width) * right / (width + 1));
      const row = Math.floor(((event.clientY - box.top) / box.height) * down / (height + 1));
      this.change({ layer: name, map: Math.min(row * across + column, channels - 1) });
    };
    return Object.assign(figure("", canvas), { name });
  }

  detail() {
    this.large = make("canvas", { role: "img" });
    this.kernels = make("canvas", { role: "img" });
    this.told = make("p", { className: "explorer-sizes" });
    return make("figure", {}, this.headline = make("figcaption"),
      make("div", { className: "explorer-pair" }, this.large, this.kernels), this.told);
  }

  show(result) {
    this.which.max = channelsOf(this.state.layer, this.weights) - 1;
    super.show(result);
  }

  draw(state, { maps, probabilities }) {
    showOnly(this.body, this.parts);
    this.pad.show();
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    probabilities.forEach((share, digit) => {
      this.bars[digit].style.width = `${(100 * share).toFixed(1)}%`;
      this.shares[digit].textContent = share.toFixed(3);
      this.bars[digit].parentElement.parentElement.classList.toggle("marked", digit === order[0]);
    });
    for (const part of this.parts) if (part.name) this.maps(part, maps[part.name], state);
    this.explain(state, maps[state.layer]);
    if (state.drawing_name === "own") this.own = state.drawing;
    const [first, second] = order.map((digit) => probabilities[digit].toFixed(3));
    tell(this.sum, (/[1-9a-f]/.test(state.drawing) ? "" : "Nothing is drawn. ") + `The network takes it for ${order[0] === 8 ? "an" : "a"} ${order[0]}, with a probability of ` +
      `${first}.${second > 0 ? ` Next comes ${order[1]}, with ${second}.` : ""}`);
  }

  maps(part, { height, width, channels, values }, state) {
    const canvas = part.querySelector("canvas");
    const most = values.reduce((a, b) => Math.max(a, b), 1e-6);
    const { rows, corner, across } = mosaic(channels, [height, width], (r, c, k) =>
      values[(r * width + c) * channels + k], channels > 32 ? 16 : 8, most / (width < 6 ? 8 : 3));
    canvas.shown = { across, down: rows.length, right: rows[0].length, height, width, channels };
    part.firstChild.textContent = `${part.name}: ${channels} maps of ${height} x ${width}`;
    canvas.setAttribute("aria-label", `${part.firstChild.textContent}, the larger a value, the brighter`);
    const context = paint(canvas, [rows], 0, most, true);
    if (part.name !== state.layer) return;
    const [top, left] = corner(state.map);
    context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  }

  /** One map, and the kernels of the filter that makes it. */
  explain({ layer, map }, { height, width, channels, values }) {
    const one = Array.from({ length: height }, (_, r) =>
      Float32Array.from({ length: width }, (_, c) => values[(r * width + c) * channels + map]));
    const most = one.reduce((best, line) => Math.max(best, ...line), 0);
    const headline = `${layer}, map ${map}`; // another map is told aloud, each stroke of a drawing not
    this.told.setAttribute("aria-live", this.headline.textContent === headline ? "off" : "polite");
    this.headline.textContent = headline;
    paint(this.large, [one], 0, most);
    this.large.setAttribute("aria-label", `map ${map} of ${layer}; its largest value is ${number(most)}`);
    this.kernels.hidden = !layer.startsWith("conv");
    if (this.kernels.hidden) return tell(this.told, `Largest value: ${number(most)}.`);
    const at = 2 * (Number(layer.at(-1)) - 1), { shape, values: weights } = this.weights[at];
    const [size, , depth, filters] = shape;
    const weight = (r, c, k) => weights[((r * size + c) * depth + k) * filters + map];
    const { rows } = mosaic(depth, [size, size], weight, 8, 0);
    paint(this.kernels, colours(rows));
    const kernels = `${depth} kernel${depth > 1 ? "s" : ""} of ${size} x ${size}`;
    this.kernels.setAttribute("aria-label", `${kernels}, orange is positive, purple negative`);
    tell(this.told, `Largest value: ${number(most)}. Its filter has ${kernels} weights ` +
      `and the bias ${number(this.weights[at + 1].values[map])}. Orange is positive, purple negative.`);
  }
}

/** Positive is orange, negative purple, nothing white. */
function colours(rows) {
  const most = rows.reduce((best, line) => line.reduce((a, b) => Math.max(a, Math.abs(b)), best), 1e-9);
  const shade = (strong) => rows.map((line) => line.map((value) =>
    255 - (Math.abs(value) / most) * (255 - (value < 0 ? strong[1] : strong[0]))));
  return [[230, 94], [97, 60], [1, 153]].map(shade);
}

function channelsOf(layer, weights) {
  return weights[2 * (Number(layer.at(-1)) - 1)].shape.at(-1);
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts({ drawing, layer, map }, { weights }) {
  return typeof drawing === "string" && drawing.length === 2 * SIDE * SIDE && /^[0-9a-f]+$/.test(drawing)
    && LAYERS.includes(layer) && isWhole(map, 0, weights.shapes[2 * (Number(layer.at(-1)) - 1)].at(-1) - 1);
}

/** An address has the name of an example, or the drawing itself. */
export function kept({ drawing, ...rest }) {
  return rest.drawing_name === "own" ? { ...rest, drawing } : rest;
}

export function revived(found, { state, choices }) {
  const wanted = { ...state, ...found };
  return Object.hasOwn(choices.drawings, wanted.drawing_name) ? { ...wanted, drawing: choices.drawings[wanted.drawing_name] } : wanted;
}

export default { accepts, kept, revived, render: ({ model, el }) => { new DigitNetwork(model, el); } };
