// The explorer of shapes and parameters: a list of layers, built by the reader.
import { button, isWhole, labelled, make, Panel, SELECTING, showOnly } from "./panel.mjs";
import { added, count, KINDS, moved, plain, removed, sizes, sources, stack } from "./layers.mjs";

const LARGEST_NUMBER = 100_000;
const HEADS = ["layer", "settings", "output", "parameters", "multiplications", "sees"];

class Shapes extends Panel {
  compute(state) { return stack(state); }

  controls() {
    const networks = this.model.get("choices").networks;
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
    const head = make("tr", {}, ...HEADS.map((textContent) => make("th", { textContent, scope: "col" })));
    const changed = (axis, value) => input.map((old, at) => (at === axis ? value : old));
    const first = make("tr", {}, make("th", { scope: "row", textContent: "input" }),
      make("td", {}, ...["rows", "columns", "channels"].map((name, axis) =>
        this.field(`input ${name}`, input[axis], (value) => this.change({ input: changed(axis, value) }), name))),
      ...[sizes(input), "", "", ""].map((textContent) => make("td", { textContent })));
    const body = layers.map((layer, place) => this.row(layer, place, rows[place]));
    showOnly(this.body, [make("table", { className: "explorer-layers" },
      make("thead", {}, head), make("tbody", {}, first, ...body))]);
    this.sum.textContent = `${count(parameters)} parameters, ${count(multiplications)} multiplications for one picture.`;
  }

  row(layer, place, { shape, parameters, multiplications, sees, text, hint }) {
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
    const cells = [sizes(shape), count(parameters), count(multiplications), sees.join(" \u00d7 ")]
      .map((textContent) => make("td", {}, make("span", { textContent })));
    cells.forEach((cell, at) => { cell.dataset.head = HEADS[at + 2]; }); // a phone shows it in the cell
    cells[0].append(...hints.map((textContent) => make("small", { className: "hint", textContent })));
    cells[1].append(make("small", { textContent: parameters ? ` ${text}` : "" }));
    return make("tr", {}, make("th", { scope: "row", textContent: `${place + 1} ${KINDS[layer.kind].name}` }),
      make("td", {}, ...fields, ...this.takes(place, set), make("span", { className: "explorer-order" },
        this.act("\u2191", `${label} earlier`, () => this.attempt(() => moved(layers, place, -1))),
        this.act("\u2193", `${label} later`, () => this.attempt(() => moved(layers, place, 1))),
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
