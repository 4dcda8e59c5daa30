// How a layer's numbers come about, in words with its own numbers; a test does the sums again.
import { count, sizes } from "./layers.mjs";

const all = (factors) => factors.map(count).join(" \u00d7 ");
const listed = (words) => words.join(" and ");

/** One line for rows and columns if they are the same, else one for each. */
function axes(lines) {
  const [rows, columns] = lines;
  return rows === columns ? [`Rows and columns: ${rows}`] : [`Rows: ${rows}`, `Columns: ${columns}`];
}

/** (n + 2p - k) / s + 1 along one axis. */
function places(n, { size, stride, padding }) {
  const found = padding === "same" ? Math.ceil(n / stride) : Math.floor((n - size) / stride) + 1;
  const added = padding === "same" ? Math.max((found - 1) * stride + size - n, 0) : 0;
  const room = n + added - size, before = Math.floor(added / 2), step = `the stride is ${stride}`;
  const around = added % 2 ? `${before} before and ${before + 1} behind` : `${before} on each side`;
  const zeros = added ? `padding same adds ${around}` : `padding ${padding} adds none`;
  const rest = room % stride ? `, rounded down; ${room % stride} left over` : "";
  return `${count(n)} come in, ${zeros}, the window takes ${size}, ${step}. ` +
    `\u230a(${count(n)} + ${added} \u2212 ${size}) / ${stride}\u230b + 1 = ${count(found)}${rest}.`;
}

/** What one value sees: more than its inputs by the steps of the window. */
function seen({ size }, before, field) {
  return axes(field.map((one, axis) => {
    const { size: sees, step } = before[axis];
    if (step === null || one.size !== sees + (size - 1) * step) return `one value sees ${count(one.size)} pixels.`;
    return `the inputs see ${count(sees)} pixels each and lie ${count(step)} apart, so one value sees ` +
      `${count(sees)} + (${size} \u2212 1) \u00d7 ${count(step)} = ${count(one.size)}.`;
  }));
}

function weights(layer, channels, { shape, parameters, multiplications, text }) {
  const { kind, size, bias } = layer, and = bias ? " and one bias" : "";
  const outputs = shape.at(-1), work = count(multiplications);
  if (kind === "conv") {
    return [`Each of the ${count(outputs)} filters has ${all([size, size, channels])} weights${and}: ${text} parameters.`,
      `At each place, every weight multiplies once: ${all([...shape.slice(0, 2), size, size, channels, outputs])} = ${work}.`];
  }
  if (kind === "depthwise") {
    return [`Each of the ${count(outputs)} kernels looks at one channel alone, with ${all([size, size])} weights${and}: ` +
      `${text} parameters.`,
    `At each place, every weight multiplies once: ${all([...shape.slice(0, 2), size, size, outputs])} = ${work}.`];
  }
  if (kind === "dense") {
    return [`Each of the ${count(outputs)} units has a weight for each of ${count(channels)} values${and}: ${text} parameters.`,
      `Every weight multiplies once${shape.length > 1 ? " at each place" : ""}: ${all([...shape.slice(0, -1), channels, outputs])} = ${work}.`];
  }
  if (kind === "norm") return [`Gamma and beta are trained, mean and variance are kept, for each channel: 4 \u00d7 ${count(channels)} = ${count(parameters)}.`];
  return ["It has no weights: no parameters, and nothing that multiplies."];
}

const SHAPES = {
  flatten: ([shape]) => `All values stand in one row: ${all(shape)} = ${count(shape.reduce((a, b) => a * b))}.`,
  global: ([shape]) => `One mean for each of the ${count(shape.at(-1))} channels, over all of its ${all(shape.slice(0, -1))} places.`,
  dense: (_, { shape }) => `One value for each unit: ${count(shape.at(-1))}.`,
  add: (shapes, { shape }) => `${listed(shapes.map(sizes))} are added value by value: ${sizes(shape)}.`,
  concatenate: (shapes) => `The channels stand behind one another: ${shapes.map((one) => count(one.at(-1))).join(" + ")} = ` +
    `${count(shapes.reduce((sum, one) => sum + one.at(-1), 0))}.`,
  conv: (_, { shape }) => `Channels: one for each filter, ${count(shape.at(-1))}.`,
  depthwise: ([before], { shape }, { multiplier = 1 }) =>
    `Channels: ${count(multiplier)} for each that comes in, ${all([before.at(-1), multiplier])} = ${count(shape.at(-1))}.`,
};

/** Sentences about a layer: `shapes` and `fields` of what it takes, and its counted row. */
export function derivation(layer, shapes, fields, row) {
  const slides = "stride" in layer, [shape] = shapes;
  const stays = () => `The shape stays ${slides ? `in its channels, ${count(shape.at(-1))}` : sizes(shape)}.`;
  return [
    ...(slides ? axes([0, 1].map((axis) => places(shape[axis], layer))) : []),
    (SHAPES[layer.kind] ?? stays)(shapes, row, layer),
    ...weights(layer, shape.at(-1), row),
    ...(slides ? seen(layer, fields[0], row.field) : []),
  ];
}
