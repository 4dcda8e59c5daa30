// What a class test asks, what is right, and what each common mistake gives: the calculations of
// `cnn_course.classtest.questions` and `marks`; a test puts the same answers through both.
import { counted, sources, stack } from "./layers.mjs";
import { numberIn, sizesIn } from "./written.mjs";

const OPEN = "open", UNREADABLE = "unreadable";
const LARGEST_ANSWER = 1e15, LONGEST_WORD = 200;
const OUTCOMES = { right: "right", follows: "right, from your own numbers", partly: "partly right",
  wrong: "wrong", [OPEN]: "not answered", [UNREADABLE]: "cannot be read" };
const ALIASES = { "rectified linear unit": "relu", "rectified linear": "relu", rectifier: "relu",
  leakyrelu: "leaky relu", swish: "silu", logistic: "sigmoid", none: "linear", no: "linear",
  identity: "linear", "hyperbolic tangent": "tanh", "soft max": "softmax", "hard swish": "hard silu" };
const RECTIFIERS = ["relu", "relu6", "leaky relu", "prelu", "elu", "celu", "gelu", "selu", "silu", "hard silu",
  "mish", "softplus"];
const HIDDEN = { sigmoid: "saturated", tanh: "saturated", "hard sigmoid": "saturated", softsign: "saturated",
  softmax: "output's activation", linear: "no activation" };
const LEFT_OUT = "size of 1 left out", NO_CHANNELS = "channels not written";
const OUTPUT = {
  softmax: { sigmoid: "one probability for each", relu: "one probability for each" },
  sigmoid: { softmax: "softmax for one unit" } };

const prod = (values) => values.reduce((product, value) => product * value, 1);
const total = (values) => values.reduce((sum, value) => sum + value, 0);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const key = (value) => JSON.stringify(value);
export const slides = ({ kind }) => ["conv", "depthwise", "max", "average"].includes(kind);
const convolves = ({ kind }) => kind === "conv" || kind === "depthwise";

/** A network as somebody counts it: 0 is the input, 1 the first layer. */
export function networkOf({ input, layers }) {
  const { rows } = stack({ input, layers });
  return { input, layers, rows, shapes: [input, ...rows.map(({ shape }) => shape)],
    parameters: rows.map(({ parameters }) => parameters) };
}

const incoming = (network, place) => sources(network.layers, place).map((one) => network.shapes[one]);

function countOf(network, place, changed = {}) {
  const shapes = incoming(network, place), nothing = [0, 1].map(() => ({ first: 0, size: 1, step: 1 }));
  return counted({ ...network.layers[place], ...changed }, shapes, shapes.map(() => nothing), network.input);
}

const seenBy = (network, number) => (number ? network.rows[number - 1].sees[0] : 1);

/** (kernel, stride) of what slides on the way from the input to an output, the farther branch of two. */
function windows(network, number) {
  const found = [];
  let at = number;
  while (at) {
    const layer = network.layers[at - 1], from = sources(network.layers, at - 1);
    if (slides(layer)) found.unshift([layer.size, layer.stride]);
    at = from.reduce((best, one) => (seenBy(network, one) > seenBy(network, best) ? one : best));
  }
  return found;
}

const outputActivation = (network) => {
  const last = network.layers.at(-1);
  return last.kind !== "dense" ? null : last.units === 1 ? "sigmoid" : "softmax";
};

/** Every question in the order of the network. */
export function questionsAbout(network, names) {
  const asked = [], { layers, rows } = network;
  const at = (test) => layers.map((layer, place) => (test(layer) ? place : -1)).filter((place) => place >= 0);
  const multiplied = [at(convolves).at(-1), at(({ kind }) => kind === "dense")[0]];
  let seen = null;
  const ask = (kind, place, text, points) =>
    asked.push({ kind, place, text, points, name: place === null ? kind : `${names[place]} ${kind}` });
  rows.forEach(({ shape, parameters, sees }, place) => {
    const name = names[place], what = shape.length === 3 ? "Shape of the output" : "Number of output values";
    ask("shape", place, `${what} of ${name}`, shape.length);
    ask("parameters", place, `Number of parameters of ${name}`, parameters ? 2 : 1);
    if (multiplied.includes(place)) ask("multiplications", place, `Multiplications of ${name} for one picture`, 2);
    if (shape.length === 3 && sees[0] === sees[1]) seen = place;
  });
  if (seen !== null) {
    ask("receptive field", seen, `Receptive field of one value of ${names[seen]}: pixels along one side`, 2);
  }
  ask("total parameters", null, "Number of parameters of the whole network", 1);
  if (layers.at(-1).kind === "dense") {
    if (layers.length > 1) ask("hidden activation", null, "A suitable activation of the hidden layers, one that does not saturate", 1);
    const classes = Math.max(2, rows.at(-1).shape.at(-1));
    ask("output activation", null,
      `A suitable activation of the last layer, which tells ${classes} classes apart`, 1);
  }
  return asked;
}

/** What is right, and a map from a wrong value to the mistake that gives it; `hidden` are not found out. */
export function expected({ kind, place }, network) {
  const words = (right, mistakes) =>
    ({ right, hidden: [], mistakes: new Map(Object.entries(mistakes).map(([word, name]) => [key(word), name])) });
  if (kind === "hidden activation") return words("relu", HIDDEN);
  if (kind === "output activation") return words(outputActivation(network), OUTPUT[outputActivation(network)]);
  if (kind === "total parameters") return compared(total(network.parameters), wrongTotals(network));
  if (kind === "receptive field") {
    return compared(seenBy(network, place + 1), wrongReceptiveFields(network, place + 1));
  }
  const count = countOf(network, place);
  if (kind === "shape") {
    return compared(count.shape, [...wrongSizes(network, place), ...wrongChannels(network, place)]);
  }
  if (kind === "parameters") return compared(count.parameters, wrongParameters(network, place, count.shape));
  // The positions of the layer's own output: who got it wrong goes on from there.
  const positions = prod(network.shapes[place + 1].slice(0, -1));
  const weights = Math.floor(count.multiplications / prod(count.shape.slice(0, -1)));
  return compared(positions * weights, wrongMultiplications(network, place, positions, weights));
}

function compared(right, wrong) {
  const rights = Array.isArray(right) ? [right, right.slice(0, 2), right.at(-1)] : [right];
  const mistakes = new Map(), hidden = [];
  for (const [name, value] of wrong) {
    if (rights.some((one) => same(one, value))) hidden.push(name);
    else if (!mistakes.has(key(value))) mistakes.set(key(value), name);
  }
  return { right, mistakes, hidden };
}

function* wrongSizes(network, place) {
  const layer = network.layers[place];
  if (!slides(layer)) return;
  const picture = incoming(network, place)[0].slice(0, 2), { size, stride } = layer;
  const valid = layer.padding === "valid", of = (changed) => countOf(network, place, changed).shape.slice(0, 2);
  const steps = picture.map((n) => (n - (valid ? size : stride)) / stride);
  if (steps.some((step) => step % 1)) {
    yield [valid ? "rounded up" : "rounded down", steps.map((s) => (valid ? Math.ceil(s) : Math.floor(s)) + 1)];
  }
  if (stride > 1) yield ["stride forgotten", of({ stride: 1 })];
  if (size > 1 && (valid || size <= Math.min(...picture))) {
    const other = of({ padding: valid ? "same" : "valid" });
    // A pooling window that divides the map exactly needs no padding: nothing to confuse.
    if (convolves(layer) || !same(other, of({}))) yield ["padding confused", other];
  }
  if (valid) yield ["first window forgotten", steps.map(Math.floor)];
}

function* wrongChannels(network, place) {
  const layer = network.layers[place], shapes = incoming(network, place), channels = shapes[0].at(-1);
  if (layer.kind === "conv") {
    yield ["channels of the input", channels];
    if (channels > 1) yield ["channels multiplied", channels * layer.filters];
  } else if (layer.kind === "depthwise" && channels > 1) {
    yield ["channels summed", layer.multiplier ?? 1];
  } else if (layer.kind === "concatenate") {
    yield ["added for joined", Math.max(...shapes.map((shape) => shape.at(-1)))];
  } else if (layer.kind === "add") {
    yield ["joined for added", total(shapes.map((shape) => shape.at(-1)))];
  } else if (layer.kind === "flatten") {
    yield ["places forgotten", channels];
    if (channels > 1) yield ["channels left out", prod(shapes[0].slice(0, 2))];
  }
}

function* wrongParameters(network, place, output) {
  const layer = network.layers[place], shape = incoming(network, place)[0], channels = shape.at(-1);
  if (convolves(layer) || layer.kind === "dense") {
    const other = countOf(network, place, { bias: !layer.bias }).parameters;
    yield [layer.bias ? "bias forgotten" : "bias counted", other];
    if (layer.bias && output.at(-1) > 1) yield ["one bias for all", other + 1];
  }
  if (convolves(layer)) {
    yield* wrongFilters(layer, channels, output);
  } else if (layer.kind === "dense") {
    yield* wrongUnits(network, place, channels);
  } else if (slides(layer)) {
    const area = layer.size ** 2;
    for (const value of [(area + 1) * channels, area * channels, area]) yield ["pooling counted", value];
  } else if (layer.kind === "norm") {
    yield ["statistics forgotten", 2 * channels];
    yield ["only one of each", 4];
    yield ["values for channels", 4 * prod(shape)];
  }
}

function* wrongFilters(layer, channels, output) {
  const bias = layer.bias ? 1 : 0, outputs = output.at(-1), { size, kind } = layer;
  const depth = kind === "conv" ? channels : 1, one = size * size * depth + bias;
  if (size > 1) yield ["kernel area not squared", (size * depth + bias) * outputs];
  if (outputs > 1) yield ["one filter only", one];
  yield ["weights not shared", one * outputs * prod(output.slice(0, 2))];
  if (channels === 1) return;
  if (kind === "depthwise") {
    yield ["channels summed", (size * size * channels + bias) * outputs];
    return;
  }
  yield ["channels forgotten", (size * size + bias) * outputs];
  if (bias) yield ["channels exchanged", (size * size * outputs + bias) * channels];
}

function* wrongUnits(network, place, values) {
  const { bias: has, units } = network.layers[place], bias = has ? 1 : 0;
  if (units > 1) yield ["one unit only", values + bias];
  const [source] = sources(network.layers, place);
  let weighted = source;
  while (weighted && !network.rows[weighted - 1].parameters) [weighted] = sources(network.layers, weighted - 1);
  if (weighted) {
    const counted = network.parameters[weighted - 1];
    yield ["previous parameters", (counted + bias) * units];
    if (bias) yield ["previous parameters", counted * units];
  }
  const before = source ? network.layers[source - 1].kind : "";
  if (before === "flatten") {
    yield ["places forgotten", (incoming(network, source - 1)[0].at(-1) + bias) * units];
  } else if (before === "global") {
    yield ["values for channels", (prod(incoming(network, source - 1)[0]) + bias) * units];
  }
}

function* wrongMultiplications(network, place, positions, weights) {
  const layer = network.layers[place], { parameters } = countOf(network, place);
  yield ["additions counted", 2 * positions * weights];
  if (convolves(layer)) {
    const shape = incoming(network, place)[0], picture = shape.slice(0, -1), channels = shape.at(-1);
    yield ["parameters counted", parameters];
    yield ["positions forgotten", weights];
    if (!same(picture, network.shapes[place + 1].slice(0, 2))) {
      yield ["positions of the input", prod(picture) * weights];
    }
    if (layer.bias) yield ["biases multiplied", positions * parameters];
    if (layer.kind === "conv" && channels > 1) {
      yield ["channels forgotten", Math.floor((positions * weights) / channels)];
    }
    if (layer.kind === "conv" && layer.filters > 1) {
      yield ["one filter only", Math.floor((positions * weights) / layer.filters)];
    }
  } else if (layer.kind === "dense" && layer.bias) {
    yield ["biases multiplied", parameters];
  }
}

function* wrongReceptiveFields(network, number) {
  const all = windows(network, number), kernels = all.map(([kernel]) => kernel).filter((kernel) => kernel > 1);
  if (all.slice(0, -1).some(([, stride]) => stride > 1)) {
    yield ["strides ignored", 1 + total(kernels.map((kernel) => kernel - 1))];
  }
  if (kernels.length > 1) {
    yield ["kernels added up", total(kernels)];
    yield ["last window only", kernels.at(-1)];
  }
}

function* wrongTotals(network) {
  const sum = total(network.parameters);
  const untrained = total(network.rows.filter((_, place) => network.layers[place].kind === "norm")
    .map(({ parameters }) => parameters / 2));
  if (untrained) yield ["statistics forgotten", sum - untrained];
  for (const parameters of network.parameters) if (parameters) yield ["layer left out", sum - parameters];
}

const isOpen = (text) => ["", "...", "\u2026", "?", "-"].includes(text.trim());

function readNumber(text) {
  try {
    const number = numberIn(text, true);
    return Number.isInteger(number) && Math.abs(number) <= LARGEST_ANSWER ? number : UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}

function readSizes(text, length) {
  if (isOpen(text)) return OPEN;
  const sizes = sizesIn(text, length).map((size) => (isOpen(size) ? OPEN : readNumber(size)));
  const most = length > 1 ? length : 8; // of a vector somebody may write the map that it comes from
  if (!sizes.length || sizes.length > most || sizes.includes(UNREADABLE)) return UNREADABLE;
  return sizes.every((size) => size === OPEN) ? OPEN : sizes;
}

function readActivation(text, hidden) {
  if (isOpen(text)) return OPEN;
  if (text.length > LONGEST_WORD) return UNREADABLE;
  let word = text.trim().replace(/\([^()]*\)$/, "").replace(/[\s_.()-]+/g, " ").trim().toLowerCase().replace(/ function$/, "");
  word = Object.hasOwn(ALIASES, word) ? ALIASES[word] : word;
  if (hidden && RECTIFIERS.includes(word)) return "relu";
  return RECTIFIERS.includes(word) || Object.hasOwn(HIDDEN, word) ? word : UNREADABLE;
}

function readAnswer(text, { kind, points }) {
  if (kind === "shape") return readSizes(text, points);
  if (kind === "receptive field") {
    if (readNumber(text) !== UNREADABLE) return readNumber(text);
    const sizes = readSizes(text, 2);
    if (!Array.isArray(sizes)) return sizes;
    return sizes.length <= 2 && new Set(sizes).size === 1 ? sizes[0] : UNREADABLE;
  }
  if (kind.endsWith("activation")) return readActivation(text, kind === "hidden activation");
  return isOpen(text) ? OPEN : readNumber(text);
}

/** Mark texts, question name -> what somebody wrote; later answers may follow from earlier ones. */
export function markAnswers(answers, network, questions) {
  const given = questions.map((question) => readAnswer(answers[question.name] ?? "", question));
  const own = { ...network, shapes: [...network.shapes], parameters: [...network.parameters] };
  questions.forEach(({ kind, place, points }, at) => {
    const one = given[at];
    if (kind === "shape" && Array.isArray(one)) {
      if (one.length === points && one.every((size) => size > 0 && size < 1e6)) own.shapes[place + 1] = one;
    } else if (kind === "parameters" && typeof one === "number" && one >= 0) own.parameters[place] = one;
  });
  return questions.map((question, at) => marked(question, given[at], expected(question, network), own));
}

function marked(question, given, right, own) {
  const { points: possible } = question, mark = (outcome, points, slips = []) => ({ question, outcome, points, slips });
  if (given === OPEN || given === UNREADABLE) return mark(given, 0);
  if (same(given, right.right)) return mark("right", possible);
  let following = right;
  try {
    following = expected(question, own);
  } catch { /* their own shapes leave no room for the kernel */ }
  if (same(given, following.right) && given !== 0) return mark("follows", possible); // from 0, 0 would follow
  // A mistake is made on one's own numbers; only where none fits, on the right ones.
  const ownSlips = mistakesIn(given, following), slips = mistakesIn(given, right);
  if (!Array.isArray(given)) {
    // Half the points are for the right numbers and one slip, and 0 is no number to slip from.
    const points = given && slips.length ? Math.floor(possible / 2) : 0;
    return mark(points ? "partly" : "wrong", points, ownSlips.length ? ownSlips : slips);
  }
  const points = Math.max(...[right, following].map((one) => rightSizes(given, one.right)));
  const leftOut = points && given.length < possible ? [right.right.includes(1) ? LEFT_OUT : NO_CHANNELS] : null;
  return mark(points ? "partly" : "wrong", points, leftOut ?? (ownSlips.length ? ownSlips : slips));
}

/** How many sizes are right; a 1, or the channels, left out costs itself alone. */
function rightSizes(given, right) {
  let filled = given.length === right.length ? [given] : [];
  if (given.length === right.length - 1) {
    filled = right.flatMap((size, at) => (size === 1 || at === given.length ? [[...given.slice(0, at), null, ...given.slice(at)]] : []));
  }
  return Math.max(0, ...filled.map((one) => one.filter((size, at) => size === right[at]).length));
}

function mistakesIn(given, { mistakes }) {
  let parts = [given];
  if (Array.isArray(given)) parts = given.length === 3 ? [given.slice(0, 2), given[2]] : [given.at(-1)];
  return parts.filter((part) => mistakes.has(key(part))).map((part) => mistakes.get(key(part)));
}

/** A mark in words; `hints` says what to look at, mistake by mistake. */
export const inWords = ({ outcome, slips }, hints) =>
  [OUTCOMES[outcome] + (slips.length ? "." : ""), ...slips.map((name) => hints[name])].join(" ");
