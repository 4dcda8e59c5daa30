// The explorer of shapes and parameters. It counts as `cnn_course.counting` does; a test compares them.
import { button, isWhole, labelled, make, Panel } from "./panel.mjs";

/** What each kind of layer has, with what a new one begins with. */
const KINDS = {
  conv: { name: "convolution", fields: { filters: 8, size: 3, stride: 1, padding: "valid", bias: true } },
  depthwise: { name: "depthwise convolution", fields: { size: 3, stride: 1, padding: "same", bias: true } },
  max: { name: "max pooling", fields: { size: 2, stride: 2, padding: "valid" } },
  average: { name: "average pooling", fields: { size: 2, stride: 2, padding: "valid" } },
  norm: { name: "batch normalization", fields: {} },
  relu: { name: "ReLU", fields: {} },
  dropout: { name: "dropout", fields: {} },
  flatten: { name: "flatten", fields: {} },
  global: { name: "global average pooling", fields: {} },
  dense: { name: "dense", fields: { units: 10, bias: true } },
};
const LARGEST_NUMBER = 100_000;
const sizes = (shape) => shape.map((size) => size.toLocaleString("en")).join(" \u00d7 ");
const count = (value) => value.toLocaleString("en");

/** Slide a window over maps: the new shape without its channels, and the new field of view. */
function slide(layer, [height, width], field) {
  const { size, stride, padding } = layer;
  const along = (length) => (padding === "same" ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1);
  const [rows, columns] = [along(height), along(width)];
  if (rows < 1 || columns < 1) throw new Error(`its window of ${size} x ${size} does not fit into ${height} x ${width}.`);
  return [[rows, columns], field && { sizes: field.sizes.map((one) => one + (size - 1) * field.step), step: field.step * stride }];
}

/** Shape, parameters, multiplications, field of view and calculation of one layer. */
function counted(layer, shape, field, picture) {
  const maps = shape.length === 3, channels = shape.at(-1), bias = layer.bias ? 1 : 0, plus = bias ? " + 1" : "";
  const none = { shape, parameters: 0, multiplications: 0, field, text: "0" };
  const need = (what) => { if (!maps) throw new Error(`${what} needs rows and columns, and ${sizes(shape)} values in a row come in.`); };
  switch (layer.kind) {
    case "conv": {
      need("a convolution");
      const [places, seen] = slide(layer, shape, field), one = layer.size ** 2 * channels;
      const parameters = (one + bias) * layer.filters;
      return { shape: [...places, layer.filters], parameters, field: seen,
        multiplications: places[0] * places[1] * one * layer.filters,
        text: `(${layer.size} \u00d7 ${layer.size} \u00d7 ${channels}${plus}) \u00d7 ${layer.filters} = ${count(parameters)}` };
    }
    case "depthwise": {
      need("a convolution");
      const [places, seen] = slide(layer, shape, field), parameters = (layer.size ** 2 + bias) * channels;
      return { shape: [...places, channels], parameters, field: seen,
        multiplications: places[0] * places[1] * layer.size ** 2 * channels,
        text: `(${layer.size} \u00d7 ${layer.size}${plus}) \u00d7 ${channels} = ${count(parameters)}` };
    }
    case "max": case "average": {
      need("pooling");
      const [places, seen] = slide(layer, shape, field);
      return { ...none, shape: [...places, channels], field: seen };
    }
    case "norm":
      return { ...none, parameters: 4 * channels, text: `4 \u00d7 ${channels} = ${count(4 * channels)}, half of them trained` };
    case "flatten":
      return { ...none, shape: [shape.reduce((a, b) => a * b)], field: maps && field ? { sizes: field.sizes, step: null } : field };
    case "global":
      need("global pooling");
      return { ...none, shape: [channels], field: { sizes: picture, step: null } };
    case "dense": {
      if (maps) throw new Error(`it takes values in a row, and maps of ${sizes(shape)} come in. Put flatten before it.`);
      const parameters = (channels + bias) * layer.units;
      return { shape: [layer.units], parameters, multiplications: channels * layer.units, field: { sizes: picture, step: null },
        text: `(${count(channels)}${plus}) \u00d7 ${layer.units} = ${count(parameters)}` };
    }
    default:
      return none;
  }
}

/** Count a stack of layers. */
export function stack({ input, layers }) {
  let shape = input, field = { sizes: [1, 1], step: 1 };
  const rows = layers.map((layer, place) => {
    try {
      const row = counted(layer, shape, field, input.slice(0, 2));
      ({ shape, field } = row);
      return row;
    } catch (error) {
      throw new Error(`Layer ${place + 1}, ${KINDS[layer.kind].name}: ${error.message}`);
    }
  });
  const sum = (what) => rows.reduce((total, row) => total + row[what], 0);
  return { rows, parameters: sum("parameters"), multiplications: sum("multiplications") };
}

class Shapes extends Panel {
  compute(state) { return stack(state); }

  controls() {
    const networks = this.model.get("choices").networks;
    const select = make("select", {}, make("option", { value: "", textContent: "choose" }),
      ...Object.keys(networks).map((name) => make("option", { value: name, textContent: name })));
    select.dataset.cell = "network";
    select.onchange = () => select.value && this.change(networks[select.value]);
    const kind = make("select", {}, ...Object.entries(KINDS).map(([value, { name }]) =>
      make("option", { value, textContent: name })));
    kind.dataset.cell = "new";
    const add = make("button", { type: "button", textContent: "add at the end" });
    add.onclick = () => this.change({ layers: [...this.state.layers, { kind: kind.value, ...KINDS[kind.value].fields }] });
    return [labelled("a known network", select), labelled("a new layer", kind), add];
  }

  draw({ input, layers }, { rows, parameters, multiplications }) {
    const heads = ["layer", "", "output", "parameters", "multiplications", "sees", ""];
    const head = make("tr", {}, ...heads.map((textContent) => make("th", { textContent, scope: "col" })));
    const first = make("tr", {}, make("th", { scope: "row", textContent: "input" }),
      make("td", {}, ...["rows", "columns", "channels"].map((name, axis) => this.field(`input ${name}`, input[axis], (value) =>
        this.change({ input: input.map((old, at) => (at === axis ? value : old)) }), name))),
      ...[sizes(input), "", "", "", ""].map((textContent) => make("td", { textContent })));
    const body = layers.map((layer, place) => this.row(layer, place, rows[place]));
    this.body.replaceChildren(make("table", { className: "explorer-layers" }, make("thead", {}, head), make("tbody", {}, first, ...body)));
    this.sum.textContent = `${count(parameters)} parameters, ${count(multiplications)} multiplications for one picture.`;
  }

  row(layer, place, { shape, parameters, multiplications, field, text }) {
    const set = (changes) => this.change({ layers: this.state.layers.map((one, at) => (at === place ? { ...one, ...changes } : one)) });
    const label = `layer ${place + 1}`;
    const fields = Object.keys(KINDS[layer.kind].fields).map((name) => {
      if (name === "padding") return this.pick(`${label} padding`, layer.padding, ["valid", "same"], (padding) => set({ padding }), name);
      if (name === "bias") return this.pick(`${label} bias`, layer.bias ? "yes" : "no", ["yes", "no"], (word) => set({ bias: word === "yes" }), name);
      return this.field(`${label} ${name}`, layer[name], (value) => set({ [name]: value }), name);
    });
    const seen = field ? field.sizes.join(" \u00d7 ") : "";
    const cells = [sizes(shape), count(parameters), count(multiplications), seen].map((textContent) => make("td", { textContent }));
    cells[1].append(make("small", { textContent: parameters ? ` ${text}` : "" }));
    return make("tr", {}, make("th", { scope: "row", textContent: KINDS[layer.kind].name }), make("td", {}, ...fields), ...cells,
      make("td", {}, this.act("\u2191", `${label} earlier`, () => this.move(place, -1)),
        this.act("\u2193", `${label} later`, () => this.move(place, 1)),
        this.act("\u00d7", `remove ${label}`, () => this.change({ layers: this.state.layers.filter((_, at) => at !== place) }))));
  }

  act(text, label, onclick) {
    const made = button(text, label, onclick);
    made.dataset.cell = label;
    return made;
  }

  move(place, by) {
    const layers = [...this.state.layers], other = place + by;
    if (other < 0 || other >= layers.length) return;
    [layers[place], layers[other]] = [layers[other], layers[place]];
    this.change({ layers });
  }

  pick(label, value, options, take, text) {
    const select = make("select", {}, ...options.map((one) => make("option", { value: one, textContent: one })));
    select.value = value;
    select.dataset.cell = label;
    select.setAttribute("aria-label", label);
    select.onchange = () => take(select.value);
    return labelled(text, select);
  }

  field(label, value, take, text) {
    const input = make("input", { type: "text", inputMode: "numeric", value: String(value) });
    input.dataset.cell = label;
    input.setAttribute("aria-label", label);
    input.onchange = () => {
      const number = Number(input.value.trim());
      if (/^\d+$/.test(input.value.trim()) && number >= 1 && number <= LARGEST_NUMBER) return take(number);
      this.message.textContent = `"${input.value}" is not a whole number from 1 to ${count(LARGEST_NUMBER)}. ${value} is kept.`;
      input.value = String(value);
    };
    return labelled(text, input);
  }
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts({ input, layers }) {
  const good = (layer) => KINDS[layer?.kind] && Object.entries(KINDS[layer.kind].fields).every(([name, usual]) =>
    (name === "padding" ? ["valid", "same"].includes(layer[name])
      : typeof usual === "boolean" ? typeof layer[name] === "boolean" : isWhole(layer[name], 1)));
  if (!Array.isArray(input) || input.length !== 3 || !input.every((one) => isWhole(one, 1))) return false;
  if (!Array.isArray(layers) || !layers.every(good)) return false;
  try {
    stack({ input, layers });
    return true;
  } catch {
    return false;
  }
}

export default { accepts, render: ({ model, el }) => { new Shapes(model, el); } };
