// A stack of convolutions that is not trained: how large its values are, layer by layer, and what of the
// gradient comes back to each. The numbers are those of `cnn_course.conv` and of Keras; a test compares them.
import { figure, isWhole, keep, make, Panel, showOnly, tell } from "./panel.mjs";
import { brief, chart, draw, paintSigned } from "./chart.mjs";
import { randomOf } from "./random.mjs";

const SIDE = 8, FILTERS = 8, CLASSES = 10, KERNEL = 3, DEEPEST = 20, SHOWN = 3; // maps of a layer
const [FLOWS, GONE] = [1e-2, 1e-6]; // shares of the last layer's gradient in the first layer
const [TINY, HUGE] = [1e-3, 100]; // lengths of the gradient of a layer

/** Each activation, and its slope from what goes in and what comes out. */
const ACTIVATIONS = {
  sigmoid: [(z) => 1 / (1 + Math.exp(-z)), (z, a) => a * (1 - a)],
  tanh: [Math.tanh, (z, a) => 1 - a * a],
  ReLU: [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
};
/** Each start: the standard deviation of a weight, from how many products a sum has and how many sums a value is in. */
const STARTS = {
  "half of He's": (n) => Math.sqrt(2 / n) / 2,
  Glorot: (n, m) => Math.sqrt(2 / (n + m)),
  He: (n) => Math.sqrt(2 / n),
  "twice He's": (n) => 2 * Math.sqrt(2 / n),
};

/** Each product of a 3 x 3 convolution with a frame of zeros: the places of pixel, weight and sum, one behind the other. */
const places = [];
for (let to = 0; to < SIDE * SIDE; to++) {
  for (let weight = 0; weight < KERNEL * KERNEL; weight++) {
    const row = Math.floor(to / SIDE) + Math.floor(weight / KERNEL) - 1, column = (to % SIDE) + (weight % KERNEL) - 1;
    if (Math.min(row, column) >= 0 && Math.max(row, column) < SIDE) places.push(row * SIDE + column, weight, to);
  }
}
const PLACES = Int32Array.from(places);

function convolve(x, weights, pictures, channels) {
  const size = SIDE * SIDE, sums = new Float64Array(pictures * size * FILTERS);
  for (let picture = 0; picture < pictures; picture++) {
    for (let one = 0; one < PLACES.length; one += 3) {
      const from = (picture * size + PLACES[one]) * channels, to = (picture * size + PLACES[one + 2]) * FILTERS;
      for (let k = 0, at = PLACES[one + 1] * channels * FILTERS; k < channels; k++) {
        const value = x[from + k];
        for (let f = 0; f < FILTERS; f++, at++) sums[to + f] += value * weights[at];
      }
    }
  }
  return sums;
}

/** The gradient of the weights, and that of what went in. */
function convolveBack(x, weights, upstream, pictures, channels) {
  const size = SIDE * SIDE, dweights = new Float64Array(weights.length), dx = new Float64Array(x.length);
  for (let picture = 0; picture < pictures; picture++) {
    for (let one = 0; one < PLACES.length; one += 3) {
      const from = (picture * size + PLACES[one]) * channels, to = (picture * size + PLACES[one + 2]) * FILTERS;
      for (let k = 0, at = PLACES[one + 1] * channels * FILTERS; k < channels; k++) {
        const value = x[from + k];
        let back = 0;
        for (let f = 0; f < FILTERS; f++, at++) {
          dweights[at] += value * upstream[to + f];
          back += weights[at] * upstream[to + f];
        }
        dx[from + k] += back;
      }
    }
  }
  return [dweights, dx];
}

const drawn = new Map(); // seed -> numbers from -1 to 1, as many as the deepest stack has weights

/** The weights: those of the classifier, then those of each layer. */
function weightsOf({ start, depth, seed }) {
  const most = FILTERS * (CLASSES + KERNEL * KERNEL * (1 + FILTERS * (DEEPEST - 1)));
  if (!drawn.has(seed)) {
    const random = randomOf(`gradients ${seed}`);
    drawn.clear();
    drawn.set(seed, Float64Array.from({ length: most }, () => 2 * random() - 1));
  }
  let used = 0;
  const scaled = (length, deviation) => drawn.get(seed).slice(used, used += length).map((one) => one * Math.sqrt(3) * deviation);
  const dense = scaled(FILTERS * CLASSES, STARTS.Glorot(FILTERS, CLASSES));
  const kernels = Array.from({ length: depth }, (_, at) => {
    const channels = at ? FILTERS : 1, window = KERNEL * KERNEL;
    return scaled(window * channels * FILTERS, STARTS[start](window * channels, window * FILTERS));
  });
  return { dense, kernels };
}

/** The gradient of the mean loss for what the last layer gives: mean over places, dense, softmax, cross-entropy. */
function fromLoss(maps, dense, labels) {
  const places = SIDE * SIDE, upstream = new Float64Array(maps.length);
  labels.forEach((label, picture) => {
    const first = picture * places * FILTERS, scores = new Float64Array(CLASSES);
    for (let at = 0; at < places * FILTERS; at++) {
      for (let k = 0; k < CLASSES; k++) scores[k] += (maps[first + at] / places) * dense[(at % FILTERS) * CLASSES + k];
    }
    const most = Math.max(...scores), powers = scores.map((score) => Math.exp(score - most));
    const sum = powers.reduce((a, b) => a + b);
    for (let f = 0; f < FILTERS; f++) {
      let slope = 0;
      for (let k = 0; k < CLASSES; k++) slope += dense[f * CLASSES + k] * (powers[k] / sum - (k === label ? 1 : 0));
      for (let at = f; at < places * FILTERS; at += FILTERS) upstream[first + at] = slope / labels.length / places;
    }
  });
  return upstream;
}

const squares = (values) => values.reduce((sum, value) => sum + value * value, 0);

/** Values and gradients of every layer, for a few digits. */
export function flow(state, { pixels, labels }) {
  const [act, slopeOf] = ACTIVATIONS[state.activation], { dense, kernels } = weightsOf(state), pictures = labels.length;
  const channels = (at) => (at ? FILTERS : 1), layers = [];
  let x = pixels;
  kernels.forEach((kernel, at) => {
    const sums = convolve(x, kernel, pictures, channels(at)), values = sums.map(act);
    layers.push({ before: x, sums, values, size: Math.sqrt(squares(values) / values.length) });
    x = values;
  });
  let upstream = fromLoss(x, dense, labels);
  for (let at = layers.length - 1; at >= 0; at--) {
    const layer = layers[at], slopes = layer.sums.map((sum, place) => slopeOf(sum, layer.values[place]));
    const [dkernel, dx] = convolveBack(layer.before, kernels[at], upstream.map((up, place) => up * slopes[place]), pictures, channels(at));
    Object.assign(layer, { gradient: upstream, slope: slopes.reduce((a, b) => a + b) / slopes.length, length: Math.sqrt(squares(dkernel)) });
    upstream = dx;
  }
  return layers;
}

/** The digits of a text, one hexadecimal sign a pixel. */
export const digitsOf = ({ pixels, labels }) => ({ labels, pixels: Float64Array.from(pixels, (sign) => parseInt(sign, 16) / 15) });

const backOf = (layers) => layers[0].length / layers.at(-1).length; // first layer, over last

const GRADIENT_TASKS = [
  { name: "task-gradient-gone", text: "lose the gradient: in the first layer, less than a thousandth of that in the last.",
    shows: "Each layer multiplies it by a slope and by weights. Where the product is below 1, many layers leave nothing.",
    done: (state, layers) => backOf(layers) < 0.001 },
  { name: "task-gradient-huge", text: "let the gradient grow on its way back: ten times as much in the first layer as in the last.",
    shows: "The weights are so large that each layer makes it larger, although the slopes of tanh make it smaller.",
    done: (state, layers) => backOf(layers) > 10 },
  { name: "task-gradient-deep", text: "carry it through at least 15 layers: first and last within a factor of ten.",
    shows: "A start whose weights fit the activation keeps values and gradients at about the same size.",
    done: ({ depth }, layers) => depth >= 15 && backOf(layers) > 0.1 && backOf(layers) < 10 },
];

class Gradients extends Panel {
  get title() { return "Gradients explorer"; }

  get tasks() { return GRADIENT_TASKS; }

  begin() {
    this.digits = digitsOf(this.model.get("choices").digits);
    const strip = (name) => {
      const canvas = make("canvas", { className: "explorer-flow", role: "img" });
      canvas.onclick = ({ clientX }) => {
        const box = canvas.getBoundingClientRect(), share = (clientX - box.left) / box.width;
        this.change({ layer: Math.min(Math.floor(share * this.state.depth) + 1, this.state.depth) });
      };
      return Object.assign(keep(figure("", canvas)), { name, canvas });
    };
    this.strips = [strip("values"), strip("gradient")];
    this.flows = keep(make("div", { className: "explorer-flows" }, ...this.strips));
  }

  compute(state) {
    const key = JSON.stringify([state.activation, state.start, state.depth, state.seed]);
    if (this.key !== key) [this.key, this.layers] = [key, flow(state, this.digits)];
    return this.layers;
  }

  controls() {
    const names = (known) => Object.keys(known).map((name) => [name]);
    const layer = this.slider("layer", "look at layer", [1, DEEPEST, 1], String);
    this.which = layer.querySelector("input");
    const depth = this.slider("depth", "depth", [1, DEEPEST, 1], (value) => `${value} layer${value === 1 ? "" : "s"}`);
    depth.querySelector("input").oninput = ({ target }) => {
      const deep = Number(target.value), last = this.state.layer === this.state.depth;
      this.change({ depth: deep, layer: last ? deep : Math.min(this.state.layer, deep) });
    };
    return [this.choice("activation", "activation", names(ACTIVATIONS)), this.choice("start", "random start", names(STARTS)),
      depth, layer, this.choice("scale", "colours", [["common", "one scale for all"], ["own", "each layer its own"]])];
  }

  show(result) {
    this.which.max = this.state.depth;
    super.show(result);
  }

  draw(state, layers) {
    const [values, gradient] = this.strips;
    this.paintStrip(values, layers.map((layer) => layer.values), state, "values, from the digit on the left to the last layer");
    this.paintStrip(gradient, layers.map((layer) => layer.gradient), state, "gradient, from the loss on the right back to the first layer");
    const one = layers[state.layer - 1];
    showOnly(this.body, [this.flows, make("div", { className: "explorer-curves" }, figure("size by layer", this.sizes(state, layers)),
      figure(`layer ${state.layer}: what goes into ${state.activation}`, this.slopes(state, one)))]);
    tell(this.sum, this.words(state, layers));
  }

  /** Some maps of every layer, one layer beside the other, of the first digit. */
  paintStrip(strip, all, { layer, scale }, title) {
    const { canvas, firstChild } = strip, most = (values) => values.reduce((best, value) => Math.max(best, Math.abs(value)), 1e-300);
    const limits = all.map(most), limit = Math.max(...limits), step = SIDE + 1;
    const rows = Array.from({ length: SHOWN * step - 1 }, () => new Float64Array(all.length * step - 1));
    all.forEach((values, at) => {
      const share = scale === "own" ? limits[at] : limit;
      for (let r = 0; r < SIDE; r++) {
        for (let c = 0; c < SIDE; c++) {
          for (let f = 0; f < SHOWN; f++) rows[f * step + r][at * step + c] = values[(r * SIDE + c) * FILTERS + f] / share;
        }
      }
    });
    firstChild.textContent = title;
    canvas.setAttribute("aria-label", `${title}: ${SHOWN} maps of each of ${all.length} layers; orange is positive, purple negative`);
    strip.style.setProperty("--layers", all.length);
    const context = paintSigned(canvas, rows, 1, true);
    context.strokeStyle = "#4477aa";
    context.strokeRect((layer - 1) * step - 0.5, 0.2, step, rows.length - 0.4);
  }

  sizes({ layer, depth }, layers) {
    const sizes = layers.map(({ size }) => size), lengths = layers.map(({ length }) => length);
    return chart({
      x: "layer", y: "", at: layer, first: 1, last: Math.max(depth, 2),
      lines: [{ name: "values", values: sizes, className: "first" }, { name: "gradient", values: lengths, className: "second" }],
      says: `Size of the values by layer, from ${brief(sizes[0])} to ${brief(sizes.at(-1))}; length of the gradient for the ` +
        `kernels, from ${brief(lengths[0])} in the first layer to ${brief(lengths.at(-1))} in the last.`,
      choose: (place) => place >= 1 && place <= depth && this.change({ layer: place }),
    });
  }

  /** The activation as a curve, and where on it the sums of a layer are. */
  slopes({ activation }, { sums }) {
    const [act] = ACTIVATIONS[activation], bins = 40, reach = 6, counts = new Float64Array(bins);
    for (const sum of sums) counts[Math.min(Math.max(Math.floor(((sum + reach) / (2 * reach)) * bins), 0), bins - 1)] += 1;
    const [left, top, wide, high] = [20, 12, 320, 150], most = Math.max(...counts);
    const [low, up] = activation === "ReLU" ? [-0.5, reach] : activation === "tanh" ? [-1.1, 1.1] : [-0.1, 1.1];
    const x = (z) => left + ((z + reach) / (2 * reach)) * wide, y = (a) => top + high * (1 - (a - low) / (up - low));
    const bars = [...counts].map((count, at) => draw("rect", { class: "bar", x: left + (at * wide) / bins, width: wide / bins - 1,
      y: top + high * (1 - count / most), height: (high * count) / most }));
    const points = Array.from({ length: 121 }, (_, at) => -reach + at / 10).map((z) => `${x(z)},${y(act(z)).toFixed(1)}`);
    const ticks = [-6, -3, 0, 3, 6].map((z) => draw("text", { x: x(z), y: top + high + 14, "text-anchor": "middle" }, String(z).replace("-", "\u2212")));
    return draw("svg", { class: "explorer-chart", viewBox: "0 0 364 206", role: "img",
      "aria-label": `The curve of ${activation}, and how many sums of this layer lie where; at the ends, all that lie further out` },
    ...bars, draw("line", { class: "grid", x1: left, x2: left + wide, y1: y(0), y2: y(0) }),
    draw("polyline", { class: "curve", points: points.join(" ") }), ...ticks,
    draw("text", { x: left + wide / 2, y: top + high + 30, "text-anchor": "middle" }, "sum (bars: how many of them)"));
  }

  words({ activation, layer, depth }, layers) {
    const one = layers[layer - 1], share = backOf(layers);
    const level = Math.max(...layers.map(({ length }) => length));
    const end = level < TINY ? "It is tiny in all layers: none of them learns."
      : level > HUGE ? "It is huge in all layers: a step throws all weights away."
      : share < GONE ? "It is lost on the way back: the first layer does not learn."
      : share < FLOWS ? "It shrinks on the way back: the first layer learns slowly."
        : share > 1 / FLOWS ? "It grows on the way back: it explodes." : "It reaches the first layer.";
    return `Layer ${layer} of ${depth}: values of size ${brief(one.size)}; there, ${activation} has a slope of ` +
      `${brief(one.slope)} on average; the gradient for its kernels has the length ${brief(one.length)}. ` +
      (depth > 1 ? `First layer: ${brief(share)} times the gradient of the last. ${end}` : "");
  }
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts({ activation, start, depth, layer, seed, scale }) {
  const among = (name, known) => typeof name === "string" && Object.hasOwn(known, name);
  return among(activation, ACTIVATIONS) && among(start, STARTS) && isWhole(depth, 1, DEEPEST) && isWhole(layer, 1, depth)
    && isWhole(seed, 1) && ["common", "own"].includes(scale);
}

export default { accepts, render: ({ model, el }) => { new Gradients(model, el); } };
