// The class test of a seed: `cnn_course.classtest.generate`, draw by draw; a test compares the two.
import { sources } from "./layers.mjs";
import { expected, networkOf, questionsAbout, slides } from "./questions.mjs";
import { randomOf } from "./random.mjs";

const NAMES = { add: "add", average: "pool", norm: "norm", concatenate: "join", conv: "conv", dense: "dense",
  depthwise: "depthwise", flatten: "flatten", global: "average", max: "pool" };
const range = (from, to) => Array.from({ length: to - from }, (_, at) => from + at);
const convOf = (filters, size, stride = 1, padding = "valid", bias = true, after = undefined) =>
  ({ kind: "conv", filters, size, stride, padding, bias, ...(after && { after }) });
const denseOf = (units) => ({ kind: "dense", units, bias: true });
const POOLINGS = ["max", "average"];
const poolOf = (kind, size) => ({ kind, size, stride: size, padding: "valid" });
const FLATTEN = { kind: "flatten" };

const DRAWN = {
  first(choose) {
    const side = choose(range(6, 21)), input = [side, side, choose([1, 3])];
    const layers = [convOf(choose(range(2, 10)), choose([2, 3, 4, 5])), poolOf(choose(POOLINGS), 2)];
    return { input, layers: [...layers, FLATTEN, denseOf(choose(range(3, 11)))] };
  },

  exam(choose) {
    const side = choose(range(8, 33)), input = [side, side, choose([1, 3])];
    const [padded, strided, pooled] = [0, 1, 2].map(() => choose([0, 1])), layers = [];
    [[range(2, 13), [2, 3, 4, 5]], [range(2, 17), [2, 3, 5]]].forEach(([filters, kernels], place) => {
      const stride = place === strided ? choose([1, 2]) : 1;
      layers.push(convOf(choose(filters), choose(kernels), stride, place === padded ? "same" : "valid"));
      if (place === pooled) layers.push(poolOf(choose(POOLINGS), choose([2, 2, 3])));
    });
    layers.push(FLATTEN, denseOf(choose(range(8, 41))), denseOf(choose(range(8, 41))));
    return { input, layers: [...layers, denseOf(choose([1, 3, 4, 5, 6, 7, 10]))] };
  },

  hard(choose) {
    const input = [choose(range(28, 61)), choose(range(28, 61)), choose([1, 3])];
    const size = choose([3, 5, 7]), stride = choose([2, 2, 3]), padding = choose(["valid", "same"]);
    const layers = [convOf(choose(range(4, 13)), size, stride, padding, false), { kind: "norm" }];
    const kind = choose(POOLINGS);
    layers.push({ kind, size: choose([2, 3]), stride: 2, padding: choose(["valid", "same"]) });
    layers.push({ kind: "depthwise", size: 3, stride: choose([1, 2]), padding: "same", multiplier: 1,
      bias: choose([true, false]) });
    layers.push(convOf(choose(range(6, 17)), 1, 1, "valid", choose([true, false])));
    if (choose([true, false])) { // maps of parallel convolutions stand side by side
      layers.push(convOf(choose(range(2, 10)), 1, 1, "valid", true, [5]));
      const side = choose([3, 5]);
      layers.push(convOf(choose(range(2, 10)), side, 1, "same", true, [5]), { kind: "concatenate", after: [6, 7] });
    } else { // a convolution and a shortcut, which is a 1x1 convolution
      const filters = choose(range(4, 17)), step = choose([1, 2]);
      layers.push(convOf(filters, 3, step, "same", true, [5]), convOf(filters, 1, step, "same", false, [5]));
      layers.push({ kind: "add", after: [6, 7] });
    }
    layers.push({ kind: choose(["global", "flatten"]) });
    return { input, layers: [...layers, denseOf(choose([1, 3, 4, 5, 6, 7, 9, 10]))] };
  },
};

const ASKED = { // of questions
  first: ["shape", "parameters", "total parameters"],
  exam: ["shape", "parameters", "multiplications", "receptive field", "total parameters", "hidden activation",
    "output activation"],
  hard: ["shape", "parameters", "multiplications", "receptive field", "total parameters"],
};

/** Layers numbered by kind. */
function named(layers) {
  const numbers = {};
  return layers.map(({ kind }) => {
    const begins = NAMES[kind];
    numbers[begins] = (numbers[begins] ?? 0) + 1;
    return `${begins}_${numbers[begins]}`;
  });
}

/** The questions about a network. */
export function testAbout(title, drawn, names, kinds) {
  const network = networkOf(drawn);
  const questions = questionsAbout(network, names).filter(({ kind }) => kinds.includes(kind));
  return { title, network, names, questions };
}

export function generate(seed, level) {
  const draw = randomOf(`class test ${level} ${seed}`);
  const choose = (options) => options[Math.floor(draw() * options.length)];
  for (;;) {
    const drawn = DRAWN[level](choose);
    if (repeatsAWidth(drawn)) continue;
    let test;
    try {
      test = testAbout(`Class test ${level}-${seed}`, drawn, named(drawn.layers), ASKED[level]);
    } catch { // a kernel larger than what is left of the picture
      continue;
    }
    if (tellsMistakes(test, level)) return test;
  }
}

function repeatsAWidth({ input, layers }) {
  const [height, width, channels] = input;
  const added = layers.filter(({ kind }) => kind === "add").map(({ after }) => after[1] - 1);
  const chosen = [...layers.filter(({ kind }, place) => kind === "conv" && !added.includes(place)).map((l) => l.filters),
    ...layers.filter(({ kind }) => kind === "dense").map(({ units }) => units), channels];
  return new Set(chosen).size < chosen.length || chosen.includes(height) || chosen.includes(width);
}

function tellsMistakes({ network, questions }, level) {
  if (exchangeable(network)) return false;
  const maps = network.rows.filter(({ shape }) => shape.length === 3);
  if (Math.max(...maps.flatMap(({ sees }) => sees)) > Math.min(...network.input.slice(0, 2))) return false;
  if (level === "hard" && !leavesRowsOver(network)) return false;
  return !questions.some((question) => expected(question, network).hidden.length);
}

const into = ({ layers, shapes }, place) => shapes[sources(layers, place)[0]];

function exchangeable(network) {
  return network.layers.some((layer, place) => {
    const shape = into(network, place), channels = shape.at(-1);
    if (shape.slice(0, -1).includes(channels)) return true;
    if (layer.kind === "dense") return layer.units === channels;
    const outputs = network.shapes[place + 1].at(-1);
    return (layer.kind === "conv" || layer.kind === "depthwise") && [channels, outputs].includes(layer.size);
  });
}

function leavesRowsOver(network) {
  return network.layers.some((layer, place) => slides(layer) && into(network, place).slice(0, 2).some((n) =>
    (n - (layer.padding === "valid" ? layer.size : 0)) % layer.stride));
}
