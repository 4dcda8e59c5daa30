// A list of layers with branches, counted as `cnn_course.counting` counts it; a test compares them.

/** What each kind of layer has, with what a new one begins with. */
export const KINDS = {
  conv: { name: "convolution", fields: { filters: 8, size: 3, stride: 1, padding: "valid", bias: true } },
  depthwise: { name: "depthwise convolution",
    fields: { size: 3, stride: 1, padding: "same", multiplier: 1, bias: true } },
  max: { name: "max pooling", fields: { size: 2, stride: 2, padding: "valid" } },
  average: { name: "average pooling", fields: { size: 2, stride: 2, padding: "valid" } },
  norm: { name: "batch normalization", fields: {} },
  relu: { name: "ReLU", fields: {} },
  dropout: { name: "dropout", fields: {} },
  flatten: { name: "flatten", fields: {} },
  global: { name: "global average pooling", fields: {} },
  dense: { name: "dense", fields: { units: 10, bias: true } },
  add: { name: "add", fields: {}, merges: true },
  concatenate: { name: "concatenate", fields: {}, merges: true },
};
const NEEDS = { conv: "a convolution", depthwise: "a convolution", max: "pooling", average: "pooling",
  global: "global pooling" };
export const sizes = (shape) => shape.map((size) => size.toLocaleString("en")).join(" \u00d7 ");
const MOST_LAYERS = 100; // each takes a row, and may choose among all before it
export const count = (value) => value.toLocaleString("en");

/** Along one axis: the first input pixel of value 0, how many it spans, and how far the next one is. */
const span = (first, size, step) => ({ first, size, step });
const whole = (picture) => picture.map((size) => span(0, size, null));
const scattered = (field) => field.map(({ first, size }) => span(first, size, null));

/** So many steps, of which one may be too large for a number. */
const steps = (many, step) => (many ? many * step : 0);

/** Slide a window over maps: the new rows and columns, and what one value then sees. */
function slide({ size, stride, padding }, shape, field, picture) {
  const along = (length) =>
    (padding === "same" ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1);
  const places = shape.slice(0, 2).map(along);
  if (Math.min(...places) < 1) {
    throw new Error(`its window of ${size} x ${size} does not fit into ${shape[0]} x ${shape[1]}.`);
  }
  return [places, field.map((one, axis) => {
    if (one.step === null) return size === 1 ? one : whole(picture)[axis];
    const added = padding === "same" ? Math.max((places[axis] - 1) * stride + size - shape[axis], 0) : 0;
    const first = one.first - steps(Math.floor(added / 2), one.step);
    return span(first, one.size + steps(size - 1, one.step), one.step * stride);
  })];
}

/** What a value sees that is made of one value of each branch. */
function union(fields, picture) {
  if (fields.length === 1) return fields[0];
  const all = (field) => field.every((one, axis) => !one.first && one.size === picture[axis] && one.step === null);
  if (fields.some(all)) return whole(picture);
  return [0, 1].map((axis) => {
    const spans = fields.map((field) => field[axis]), steps = new Set(spans.map(({ step }) => step));
    const longest = Math.max(...spans.map(({ size }) => size));
    if (steps.has(null) || steps.size > 1) return span(0, longest, null);
    const first = Math.min(...spans.map((one) => one.first));
    return span(first, Math.max(...spans.map((one) => one.first + one.size)) - first, spans[0].step);
  });
}

/** The shape of layers that are put together: value by value, or one behind the other in their channels. */
function merged(kind, shapes) {
  const listed = shapes.map(sizes).join(" and ");
  if (kind === "concatenate") {
    const front = (shape) => shape.slice(0, -1).join();
    if (shapes.some((shape) => shape.length !== shapes[0].length || front(shape) !== front(shapes[0]))) {
      throw new Error(`${listed} cannot be joined: only their channels may differ.`);
    }
    return [...shapes[0].slice(0, -1), shapes.reduce((total, shape) => total + shape.at(-1), 0)];
  }
  const axes = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: axes }, (_, axis) => {
    const found = shapes.map((shape) => shape.at(axis - axes) ?? 1), most = Math.max(...found);
    if (found.some((size) => size !== 1 && size !== most)) {
      throw new Error(`${listed} cannot be added value by value.`);
    }
    return most;
  });
}

/** A convolution of all channels, or of each by itself. */
function convolved(layer, shape, field, picture) {
  const channels = shape.at(-1), [places, seen] = slide(layer, shape, field, picture), { size } = layer;
  const bias = layer.bias ? 1 : 0, plus = bias ? " + 1" : "", multiplier = layer.multiplier ?? 1;
  const all = layer.kind === "conv", filters = all ? layer.filters : channels * multiplier;
  const one = size ** 2 * (all ? channels : 1), parameters = (one + bias) * filters;
  const weights = all ? `${size} \u00d7 ${size} \u00d7 ${channels}` : `${size} \u00d7 ${size}`;
  const outputs = all || multiplier === 1 ? filters : `${channels} \u00d7 ${multiplier}`;
  return { shape: [...places, filters], parameters, field: seen,
    multiplications: places[0] * places[1] * one * filters,
    text: `(${weights}${plus}) \u00d7 ${outputs} = ${count(parameters)}` };
}

function dense(layer, shape, field, picture) {
  const inputs = shape.at(-1), places = shape.slice(0, -1), bias = layer.bias ? 1 : 0;
  const parameters = (inputs + bias) * layer.units;
  return { shape: [...places, layer.units], parameters, field: places.length ? field : whole(picture),
    multiplications: places.reduce((product, size) => product * size, inputs * layer.units),
    text: `(${count(inputs)}${bias ? " + 1" : ""}) \u00d7 ${layer.units} = ${count(parameters)}`,
    hint: places.length ? `The same for each of ${sizes(places)} places. Usually flatten comes before it.` : "" };
}

/** Shape, parameters, multiplications, field of view and calculation of one layer. */
export function counted(layer, shapes, fields, picture) {
  const { kind } = layer, [shape] = shapes, channels = shape.at(-1), several = shapes.length > 1;
  if (several && !KINDS[kind].merges) throw new Error(`it takes one layer, and ${shapes.length} are named.`);
  if (!several && KINDS[kind].merges) throw new Error("it takes two layers, and one is named.");
  const field = union(fields, picture), none = { shape, parameters: 0, multiplications: 0, field, text: "0" };
  if (kind in NEEDS && shape.length !== 3) {
    throw new Error(`${NEEDS[kind]} needs rows and columns, and ${sizes(shape)} values in a row come in.`);
  }
  if (kind === "conv" || kind === "depthwise") return convolved(layer, shape, field, picture);
  if (kind === "dense") return dense(layer, shape, field, picture);
  if (kind === "max" || kind === "average") {
    const [places, seen] = slide(layer, shape, field, picture);
    return { ...none, shape: [...places, channels], field: seen };
  }
  if (kind === "norm") {
    const parameters = 4 * channels;
    return { ...none, parameters, text: `4 \u00d7 ${channels} = ${count(parameters)}, half of them trained` };
  }
  if (kind === "flatten") return { ...none, shape: [shape.reduce((a, b) => a * b)], field: scattered(field) };
  if (kind === "global") return { ...none, shape: [channels], field: whole(picture) };
  return KINDS[kind].merges ? { ...none, shape: merged(kind, shapes) } : none;
}

/** The layers whose outputs a layer takes: 0 is the input, 1 the first layer; by default the one before. */
export const sources = (layers, place) => layers[place].after ?? [place];

/** Numbers that are written exactly: beyond, a browser rounds them. */
function exact(numbers) {
  if (numbers.every(Number.isSafeInteger)) return;
  throw new Error(`a number is larger than ${count(Number.MAX_SAFE_INTEGER)}, and is not counted here.`);
}

/** Count a list of layers. */
export function stack({ input, layers }) {
  const taken = layers.reduce((total, _, place) => total + sources(layers, place).length, 0);
  if (layers.length > MOST_LAYERS || taken > 2 * MOST_LAYERS) {
    throw new Error(`This explorer shows at most ${MOST_LAYERS} layers, which take ${2 * MOST_LAYERS} outputs.`);
  }
  const shapes = [input], fields = [[span(0, 1, 1), span(0, 1, 1)]], picture = input.slice(0, 2);
  const rows = layers.map((layer, place) => {
    try {
      const from = sources(layers, place), late = from.find((one) => one > place);
      if (late !== undefined) throw new Error(`it takes layer ${late}, which does not stand before it.`);
      const row = counted(layer, from.map((one) => shapes[one]), from.map((one) => fields[one]), picture);
      const sees = row.field.map(({ size }) => size);
      exact([...row.shape, row.parameters, row.multiplications, ...sees]);
      shapes.push(row.shape);
      fields.push(row.field);
      return { ...row, sees };
    } catch (error) {
      throw new Error(`Layer ${place + 1}, ${KINDS[layer.kind].name}: ${error.message}`);
    }
  });
  const sum = (what) => rows.reduce((total, row) => total + row[what], 0);
  const parameters = sum("parameters"), multiplications = sum("multiplications");
  try {
    exact([parameters, multiplications]);
  } catch (error) {
    throw new Error(`All layers together: ${error.message}`);
  }
  return { rows, parameters, multiplications };
}

const explicit = (layers) => layers.map((layer, place) => ({ ...layer, after: sources(layers, place) }));

/** The same layers; what takes the one before it does not say so. */
export const plain = (layers) => layers.map(({ after, ...layer }, place) =>
  (!after || (after.length === 1 && after[0] === place) ? layer : { ...layer, after }));

/** Change two neighbours: in a row, what comes first; beside each other, only their order in the list. */
export function moved(layers, place, by) {
  const first = Math.min(place, place + by), all = explicit(layers), [one, other] = all.slice(first, first + 2);
  if (first < 0 || !other) return layers;
  if (other.after.includes(first + 1)) {
    const merging = [one, other].find(({ kind }) => KINDS[kind].merges);
    if (merging) {
      throw new Error(`Layer ${first + 2}, ${KINDS[other.kind].name}, takes layer ${first + 1}, ` +
        `${KINDS[one.kind].name}, and stays behind it: ${KINDS[merging.kind].name} takes two.`);
    }
    all.splice(first, 2, { ...other, after: one.after }, { ...one, after: other.after });
    return plain(all);
  }
  all.splice(first, 2, other, one);
  const renamed = { [first + 1]: first + 2, [first + 2]: first + 1 };
  return plain(all.map((layer) => ({ ...layer, after: layer.after.map((number) => renamed[number] ?? number) })));
}

/** Take a layer away: who took it takes what it took. */
export function removed(layers, place) {
  const all = explicit(layers), [{ after: [instead] }] = all.splice(place, 1);
  const renamed = (number) => (number === place + 1 ? instead : number - (number > place + 1 ? 1 : 0));
  return plain(all.map((layer) => ({ ...layer, after: layer.after.map(renamed) })));
}

/** A new layer at the end; one that merges takes the last two outputs that fit. */
export function added({ input, layers }, kind) {
  const fresh = { kind, ...KINDS[kind].fields };
  if (!KINDS[kind].merges) return [...layers, fresh];
  const shapes = [input, ...stack({ input, layers }).rows.map(({ shape }) => shape)], last = shapes.pop();
  const part = (shape) => (kind === "add" ? shape : [...shape.slice(0, -1), "channels"]).join();
  const other = shapes.findLastIndex((shape) => part(shape) === part(last));
  if (other < 0) {
    throw new Error(`${KINDS[kind].name} takes two outputs that fit, and none before fits the last, ${sizes(last)}.`);
  }
  return [...layers, { ...fresh, after: [other, layers.length] }];
}
