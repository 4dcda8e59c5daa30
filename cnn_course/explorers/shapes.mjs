// The explorer of shapes and parameters: a list of layers, built by the reader.
import { button, figure, isWhole, keep, labelled, make, Panel, SELECTING, showOnly, tell } from "./panel.mjs";
import { derivation } from "./derived.mjs";
import { kerasCode } from "./keras_code.mjs";
import { added, count, KINDS, moved, plain, removed, sizes, sources, stack } from "./layers.mjs";

const LARGEST_NUMBER = 100_000;
const HEADS = ["layer", "settings", "output", "parameters", "multiplications", "sees"];
const NUMBERS = [(row) => sizes(row.shape), (row) => count(row.parameters), (row) => count(row.multiplications),
  (row) => row.sees.join(" \u00d7 ")];
const PICTURE = [{ size: 1, step: 1 }, { size: 1, step: 1 }]; // what a pixel sees of the picture

/** How many convolutions stand in a row from one output up to another; -1 if that does not lead there. */
function convolutions(layers, from, to) {
  let found = 0, at = to;
  for (; at > from; [at] = sources(layers, at - 1)) found += layers[at - 1].kind === "conv" ? 1 : 0;
  return at === from ? found : -1;
}

/** Whether an addition adds what comes into two convolutions or more to what they make of it. */
const isShortcut = (layers, place) => layers[place].kind === "add"
  && sources(layers, place).some((from, _, all) => all.some((to) => convolutions(layers, from, to) > 1));

const built = ({ layers }, { choices }) =>
  !Object.values(choices.networks).some((known) => JSON.stringify(known.layers) === JSON.stringify(layers));
const SHAPES_TASKS = [
  { name: "task-global", text: "let a global average pooling stand where flatten was.",
    shows: "One value for each map is left, so that the dense layer behind it needs far fewer weights.",
    done: ({ layers }) => layers.some(({ kind }) => kind === "global") && layers.every(({ kind }) => kind !== "flatten") },
  { name: "task-view", text: "let one value of a map see the whole picture, before anything flattens it.",
    shows: "Behind a stride or a pooling, each step of a window is a longer one: there the view grows fast.",
    done: (state, { rows }, panel) => built(state, panel) && rows.some(({ shape, sees }) => shape.length === 3
      && sees.every((size, axis) => size >= state.input[axis])) },
  { name: "task-shortcut", text: "build a shortcut: add what comes into two convolutions to what they make of it.",
    shows: "It fits only if both have the same shape: padding same, stride 1, as many filters as channels. That is ResNet\u2019s block.",
    done: (state, _, panel) => built(state, panel) && state.layers.some((layer, place) => isShortcut(state.layers, place)) },
];

class Shapes extends Panel {
  get title() { return "Explorer of shapes and parameters"; }

  get tasks() { return SHAPES_TASKS; }

  begin() {
    this.choices = this.model.get("choices");
    this.chosen = 0;
    this.old = {}; // what was counted before the last change
    this.text = make("pre", { className: "explorer-code" });
    const copy = button("copy", "copy the code", () => this.copy(this.text, "code"));
    this.code = keep(figure("in Keras", this.text, copy));
  }

  get looksAt() { return ["chosen"]; }

  compute(state) { return stack(state); }

  controls() {
    const { networks } = this.choices;
    const select = make("select", {}, make("option", { value: "", textContent: "choose" }),
      ...Object.keys(networks).map((name) => make("option", { value: name, textContent: name })));
    select.dataset.cell = "network";
    select.onchange = () => {
      this.change(networks[select.value] ?? {});
      select.value = ""; // so that the same one can be chosen again
    };
    const kind = make("select", {}, ...Object.entries(KINDS).map(([value, { name }]) =>
      make("option", { value, textContent: name })));
    kind.dataset.cell = "new";
    const add = make("button", { type: "button", textContent: "add at the end" });
    add.onclick = () => this.attempt(() => added(this.state, kind.value));
    return [labelled("a known network", select), labelled("a new layer", kind), add];
  }

  draw({ input, layers }, { rows, parameters, multiplications }) {
    if (this.layers !== layers) this.old = { rows: this.rows, layers: this.layers };
    Object.assign(this, { rows, layers, chosen: Math.min(this.chosen, Math.max(layers.length - 1, 0)) });
    const head = make("tr", {}, ...HEADS.map((textContent) => make("th", { textContent, scope: "col" })));
    const changed = (axis, value) => input.map((old, at) => (at === axis ? value : old));
    const first = make("tr", {}, make("th", { scope: "row", textContent: "input" }),
      make("td", {}, ...["rows", "columns", "channels"].map((name, axis) =>
        this.field(`input ${name}`, input[axis], (value) => this.change({ input: changed(axis, value) }), name))),
      ...[sizes(input), "", "", ""].map((textContent) => make("td", { textContent })));
    const body = layers.map((layer, place) => this.row(layer, place, rows[place]));
    showOnly(this.body, [make("table", { className: "explorer-layers", ariaLabel: "layers" },
      make("thead", {}, head), make("tbody", {}, first, ...body)),
    ...(layers.length ? [this.derived()] : []), this.code]);
    this.text.textContent = kerasCode(this.state, rows);
    tell(this.sum, `${count(parameters)} parameters, ${count(multiplications)} multiplications for one picture ` +
      `in ${layers.length} layer${layers.length === 1 ? "" : "s"}.`);
  }

  called([key, place, name]) {
    return key === "layers" ? `layer ${place + 1} ${name ?? ""}` : `input ${["rows", "columns", "channels"][place]}`;
  }

  /** The chosen layer's numbers, in words. */
  derived() {
    const { input, layers } = this.state, layer = layers[this.chosen], after = sources(layers, this.chosen);
    const lines = derivation(layer, after.map((one) => (one ? this.rows[one - 1].shape : input)),
      after.map((one) => (one ? this.rows[one - 1].field : PICTURE)), this.rows[this.chosen]);
    const list = make("ul", { className: "explorer-derived" }, ...lines.map((textContent) => make("li", { textContent })));
    list.setAttribute("aria-live", "polite");
    return figure(`layer ${this.chosen + 1}, ${KINDS[layer.kind].name}: how its numbers come about`, list);
  }

  /** What a number of a layer was before the last change, where it was another. */
  was(place, text) {
    const { rows, layers } = this.old, same = layers?.length === this.layers.length && layers[place].kind === this.layers[place].kind;
    if (!same || text(rows[place]) === text(this.rows[place])) return [];
    return [make("small", { className: "changed", textContent: `was ${text(rows[place])}` })];
  }

  row(layer, place, { parameters, text, hint }) {
    const { layers } = this.state, label = `layer ${place + 1}`;
    const set = (changes) => this.change({
      layers: plain(layers.map((one, at) => (at === place ? { ...one, ...changes } : one))) });
    const fields = Object.entries(KINDS[layer.kind].fields).map(([name, usual]) => {
      const of = `${label} ${name}`;
      if (name === "padding") return this.pick(of, layer.padding, ["valid", "same"], (padding) => set({ padding }), name);
      if (name !== "bias") return this.field(of, layer[name] ?? usual, (value) => set({ [name]: value }), name);
      return this.pick(of, layer.bias ? "yes" : "no", ["yes", "no"], (word) => set({ bias: word === "yes" }), name);
    });
    const used = place === layers.length - 1 || layers.some((_, at) => sources(layers, at).includes(place + 1));
    const hints = [hint, used ? "" : "No layer takes what comes out of it."].filter(Boolean);
    const cells = NUMBERS.map((text) => make("td", {}, make("span", { textContent: text(this.rows[place]) })));
    cells.forEach((cell, at) => { cell.dataset.head = HEADS[at + 2]; }); // a phone shows it in the cell
    cells[0].append(...hints.map((textContent) => make("small", { className: "hint", textContent })));
    cells[1].append(make("small", { textContent: parameters ? ` ${text}` : "" }));
    NUMBERS.forEach((number, at) => cells[at].append(...this.was(place, number)));
    const title = `${place + 1} ${KINDS[layer.kind].name}`, name = this.act(title, title, () => this.look("chosen", place));
    name.setAttribute("aria-pressed", String(place === this.chosen));
    return make("tr", { className: place === this.chosen ? "chosen" : "" }, make("th", { scope: "row" }, name),
      make("td", {}, ...fields, ...this.takes(place, set), make("span", { className: "explorer-order" },
        this.act("\u2191", `${label} earlier`, () => this.move(place, -1, "earlier")),
        this.act("\u2193", `${label} later`, () => this.move(place, 1, "later")),
        this.act("\u00d7", `remove ${label}`, () => this.change({ layers: removed(layers, place) })))), ...cells);
  }

  /** Which outputs a layer takes, to choose from all before it. */
  takes(place, set) {
    const { layers } = this.state, after = sources(layers, place);
    const options = [[0, "input"], ...layers.slice(0, place).map((_, at) => at + 1)];
    if (options.length < 2 && after.length < 2) return [];
    return after.map((number, which) => {
      const name = after.length > 1 ? `takes ${which + 1}` : "takes";
      return this.pick(`layer ${place + 1} ${name}`, number, options, (value) =>
        set({ after: after.map((old, at) => (at === which ? Number(value) : old)) }), "takes");
    });
  }

  /** A layer changes places with its neighbour, and takes the focus along. */
  move(place, by, way) {
    const { layers } = this.state;
    this.attempt(() => moved(layers, place, by));
    if (this.state.layers !== layers) this.body.querySelector(`[data-cell="layer ${place + by + 1} ${way}"]`).focus();
  }

  /** Take changed layers over, or say why there are none. */
  attempt(change) {
    try {
      this.change({ layers: change() });
    } catch (error) {
      this.message.textContent = error.message;
    }
  }

  act(text, label, onclick) {
    const made = button(text, label, onclick);
    made.dataset.cell = label;
    return made;
  }

  pick(label, value, options, take, text) {
    const select = make("select", {}, ...options.map((one) => {
      const [key, textContent] = [one].flat();
      return make("option", { value: key, textContent: textContent ?? key });
    }));
    select.value = value;
    select.dataset.cell = label;
    select.setAttribute("aria-label", label);
    select.onchange = ({ target }) => take(target.value);
    return labelled(text, select);
  }

  field(label, value, take, text) {
    const input = make("input", { type: "text", inputMode: "numeric", defaultValue: String(value), ...SELECTING });
    input.dataset.cell = label;
    input.style.setProperty("--letters", String(value).length + 2);
    input.setAttribute("aria-label", label);
    input.onchange = ({ target }) => {
      const number = Number(target.value.trim());
      if (/^\d+$/.test(target.value.trim()) && number >= 1 && number <= LARGEST_NUMBER) return take(number);
      this.message.textContent =
        `"${target.value}" is not a whole number from 1 to ${count(LARGEST_NUMBER)}. ${value} is kept.`;
      target.value = String(value);
    };
    return labelled(text, input);
  }
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts({ input, layers }) {
  const fits = (value, name, usual) => (name === "padding" ? ["valid", "same"].includes(value)
    : typeof usual === "boolean" ? typeof value === "boolean" : isWhole(value, 1));
  const good = ({ kind, after = [0], ...layer }) => typeof kind === "string" && Object.hasOwn(KINDS, kind)
    && Array.isArray(after) && after.length > 0 && after.every((one) => isWhole(one, 0))
    && Object.keys(layer).every((name) => Object.hasOwn(KINDS[kind].fields, name))
    && Object.entries(KINDS[kind].fields).every(([name, usual]) =>
      fits(name === "multiplier" ? layer[name] ?? usual : layer[name], name, usual));
  if (!Array.isArray(input) || input.length !== 3 || !input.every((one) => isWhole(one, 1))) return false;
  try {
    if (!Array.isArray(layers) || !layers.every(good)) return false;
    stack({ input, layers });
    return true;
  } catch {
    return false;
  }
}

export default { accepts, render: ({ model, el }) => { new Shapes(model, el); } };
