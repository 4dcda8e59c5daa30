// The digit network: chapter 2's convnet, computed here for what the reader draws, and seen through.
import { button, clamp, figure, isWhole, keep, make, number, Panel, showOnly, STEPS, tell } from "./panel.mjs";
import { forward, largest, networkOf, parts, reached, SIDE, trace, valueAt } from "./digit_network.mjs";
import { Mosaic } from "./mosaic.mjs";
import { Answers, three } from "./answers.mjs";
import { Pad } from "./pad.mjs";

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

const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const shapeOf = ({ maps: [height, width, count] }) => `${counted(count, "map")} of ${height} x ${width}`;
const strongest = (values) => values.reduce((best, value, at) => (Math.abs(value) > Math.abs(values[best]) ? at : best), 0);

const MOST = 7; // rows and columns of numbers written out

class DigitNetwork extends Panel {
  get title() { return "Digit network explorer"; }

  begin(el) {
    this.el = el;
    el.classList.add("explorer-digits");
    this.network = networkOf(this.model.get("choices").weights);
    this.answers = new Answers((map) => this.change({ layer: this.network.at(-1).name, map }));
    this.strip = this.network.slice(0, -1).map(({ name }) => {
      const mosaic = new Mosaic((map) => this.change({ layer: name, map }), true);
      return Object.assign(figure(name, mosaic.canvas, make("small")), { mosaic });
    });
    this.through = keep(make("div", { className: "explorer-through" }, this.drawing(),
      keep(make("div", { className: "explorer-strip" }, ...this.strip)),
      figure("score, power of e, probability", this.answers.table, this.answers.said, this.sum)));
    this.layer = new Mosaic((map) => this.change({ layer: this.state.layer, map }));
    this.map = this.chooser();
    this.field = new Mosaic();
    [this.windows, this.kernels, this.parts] = [0, 1, 2].map(() => new Mosaic((channel) => this.chosen.found && this.change({ channel })));
    this.all = new Mosaic((_, ...place) => this.change({ place }));
    this.told = keep(make("p", { className: "explorer-told" }));
    [this.made, this.aside] = ["made", "aside"].map((name) => keep(make("div", { className: `explorer-${name}` })));
    this.written = keep(make("div", { className: "explorer-written" }));
    this.looked = keep(make("div", { className: "explorer-looked" }, this.made, this.aside));
    this.equation = keep(make("div", { className: "explorer-equation" }));
    this.items = [];
    this.figures = Object.fromEntries(["layer", "map", "field", "windows", "kernels", "parts", "all"].map((name) =>
      [name, keep(Object.assign(figure("", this[name].canvas), { className: `explorer-see-${name}` }))]));
    this.list = keep(make("ol", { className: "explorer-channels" }));
    this.list.onclick = ({ target }) => {
      const channel = this.items.indexOf(target.closest("li"));
      if (channel >= 0 && channel < this.chosen.layer.depth) this.change({ channel });
    };
  }

  /** The pad, and what moves the drawing as a whole. */
  drawing() {
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
    return figure("draw here", this.pad.element, tools);
  }

  /** The chosen map, in which a value is chosen, with the mouse, a finger or the arrow keys. */
  chooser() {
    const mosaic = new Mosaic((_, ...place) => this.change({ place })), { canvas } = mosaic;
    canvas.setAttribute("role", "application");
    canvas.tabIndex = 0;
    canvas.dataset.cell = "value";
    canvas.onpointermove = (event) => event.buttons && event.pointerType === "mouse" && canvas.onclick(event);
    canvas.onkeydown = (event) => {
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      const { height, width } = mosaic, [down, right] = STEPS[event.key], [row, column] = this.chosen.place;
      this.change({ place: [clamp(row + down, 0, height - 1), clamp(column + right, 0, width - 1)] });
    };
    return mosaic;
  }

  compute({ drawing }) {
    if (this.computed?.drawing !== drawing) this.computed = { drawing, ...forward(pixelsOf(drawing), this.network) };
    return this.computed;
  }

  /** Another map is looked at where it is largest, at the channel that adds most to that. */
  change(changes) {
    const other = "layer" in changes || "map" in changes;
    super.change(other ? { place: null, channel: null, ...changes } : changes);
  }

  controls() {
    const { drawings } = this.model.get("choices");
    const examples = [...Object.keys(drawings).map((name) => [name, `${name === "8" ? "an" : "a"} ${name}`]), ["own", "your drawing"]];
    const map = this.slider("map", "map", [0, 31, 1], (value) => `number ${value}`);
    this.channel = this.slider("channel", "channel", [0, 31, 1], (value) => `number ${value}`);
    [this.which, this.whichChannel] = [map, this.channel].map((label) => label.querySelector("input"));
    const say = this.whichChannel.show;
    this.whichChannel.show = (value) => value === null || say(value); // by itself, the one that adds most
    return [
      this.choice("drawing_name", "drawing", examples, (name) => {
        const drawing = drawings[name] ?? this.own;
        if (!drawing) this.message.textContent = "There is no drawing of yours yet. Draw one.";
        return drawing && { drawing, drawing_name: name };
      }),
      this.choice("layer", "layer", this.network.map(({ name }) => [name]), (layer) =>
        ({ layer, map: Math.min(this.state.map, this.named(layer).filters - 1) })),
      map, this.channel,
      this.choice("scale", "brightness", [["layer", "one for a layer"], ["map", "one for a map"]]),
      ...(document.fullscreenEnabled ? [button("whole screen", "use the whole screen", () => this.el.requestFullscreen())] : []),
    ];
  }

  named(name) { return this.network.find((layer) => layer.name === name); }

  show(result) {
    const { filters, depth, pool } = this.named(this.state.layer);
    this.which.max = filters - 1;
    this.whichChannel.max = depth - 1;
    this.channel.hidden = Boolean(pool) || depth === 1;
    super.show(result);
  }

  draw(state, result) {
    const { map, scale } = state, at = this.network.findIndex(({ name }) => name === state.layer);
    const layer = this.network[at], [before, after] = [result.maps[at], result.maps[at + 1]];
    const place = state.place ?? largest(after, map);
    const found = layer.pool ? null : trace(layer, before, map, place);
    const channel = layer.pool ? map : state.channel ?? strongest(found.sums);
    this.chosen = { at, layer, map, place, channel, before, after, found, fields: reached(this.network, at, place) };
    this.looks = result[scale] ??= result.maps.map((maps) => look(maps, scale));
    this.whichChannel.show(channel);
    const last = at === this.network.length - 1, deep = found && (layer.depth > 1 || layer.size > MOST);
    const { figures } = this;
    showOnly(this.made, [...(last ? [] : [figures.layer]), this.told, this.written]);
    showOnly(this.written, [...(found ? [] : [figures.windows]), this.arithmetic()]);
    showOnly(this.aside, [...(last ? [] : [figures.map]), figures.field]);
    const whole = layer.maps[0] * layer.maps[1] > 1 ? figures.all : this.order(layer);
    showOnly(this.equation, deep ? [figures.windows, figures.kernels, figures.parts, whole] : []);
    showOnly(this.body, [this.through, this.looked, ...(deep ? [this.equation, this.list] : [])]);
    this.pad.show();
    this.answers.show(result, last ? map : null);
    this.layers(result);
    if (!last) this.maps();
    this.reach(result);
    if (deep) {
      this.channels(last);
      this.sums();
    }
    if (layer.pool) this.pooled();
    this.explain();
    if (state.drawing_name === "own") this.own = state.drawing;
    tell(this.sum, (/[1-9a-f]/.test(state.drawing) ? "" : "Nothing is drawn. ") + this.answers.words);
  }

  /** All layers side by side. */
  layers() {
    this.strip.forEach((part, i) => {
      const { at, map } = this.chosen, layer = this.network[i];
      part.lastChild.textContent = shapeOf(layer);
      part.classList.toggle("marked", i === at);
      part.mosaic.show(`${layer.name}: ${shapeOf(layer)}, the larger a value, the brighter`, this.looks[i + 1], { chosen: i === at ? map : -1 });
    });
  }

  /** The chosen layer, and its chosen map. */
  maps() {
    const { at, layer, map, place, after } = this.chosen, all = this.looks[at + 1];
    this.titled("layer", `${layer.name}: choose one of ${shapeOf(layer)}`);
    this.layer.show(`maps of ${layer.name}, large`, all, { chosen: map });
    const [row, column] = place, value = three(valueAt(after, row, column, map));
    this.titled("map", `map ${map}: choose a value`);
    this.map.show(`Map ${map} of ${layer.name}. The arrow keys choose a value. Row ${row}, column ${column}: ${value}.`,
      only(all, map), { place, written: after.height <= 5 ? three : null });
  }

  titled(name, text) { tell(this.figures[name].firstChild, text); }

  /** The pixels of the drawing that can reach the value. */
  reach() {
    const [{ rows, columns, top, left }] = this.chosen.fields;
    this.titled("field", `${rows} x ${columns} pixels reach it`);
    this.field.show(`the drawing, with a frame of ${rows} x ${columns} pixels around row ${top}, column ${left}`,
      this.looks[0], { region: this.chosen.fields[0] });
  }

  /** The window in the one map that is pooled. */
  pooled() {
    const { at, map, fields } = this.chosen, name = `${this.network[at - 1].name}, map ${map}`;
    this.titled("windows", name);
    this.windows.show(`${name}, with the window`, only(this.looks[at], map), { region: fields[at] });
  }

  /** The window in all maps before, the kernels, what each channel gives, and their sum. */
  channels(last) {
    const { at, layer, map, before, channel, found, fields } = this.chosen, { size, depth, kernel } = layer;
    const name = at ? this.network[at - 1].name : "the drawing", chosen = channel, colours = "orange is positive, purple negative";
    this.titled("windows", `window in each map of ${name}`);
    this.windows.show(`maps of ${name}, each with a window of ${size} x ${size}`, this.looks[at], { chosen, region: fields[at] });
    this.titled("kernels", `\u00d7 ${last ? "weights of the score of" : "kernels of map"} ${map}`);
    this.kernels.show(`${counted(depth, "kernel")} of ${size} x ${size} for map ${map}, ${colours}`,
      signed(kernel, depth, size, size, found.weight), { chosen });
    if (layer.maps[0] * layer.maps[1] > 1) return this.whole(`of map ${map}, ${colours}`);
    this.titled("parts", "= products, place by place");
    this.parts.show(`values times weights of ${map}, ${colours}`, signed(before, depth, size, size, (r, c, k) =>
      found.window(r, c, k) * found.weight(r, c, k)), { chosen });
  }

  /** The map of each channel, and the map that they make together with the bias. */
  whole(words) {
    const { layer, map, before, channel, place } = this.chosen, { depth } = layer;
    if (this.given?.before !== before || this.given.map !== map) {
      const each = parts(layer, before, map), [height, width] = layer.maps;
      const sum = Float32Array.from({ length: height * width }, (_, i) =>
        each.values.subarray(i * depth, (i + 1) * depth).reduce((a, b) => a + b, layer.bias[map]));
      this.given = { before, map, each: signed(null, depth, height, width, (r, c, k) => valueAt(each, r, c, k)),
        sum: signed(null, 1, height, width, (r, c) => sum[r * width + c]) };
    }
    this.titled("parts", "= a map for each channel");
    this.parts.show(`the map of each channel ${words}`, this.given.each, { chosen: channel, place });
    this.titled("all", "their sum + bias, before ReLU");
    this.all.show(`the sum of the maps of all channels and the bias ${words}`, this.given.sum, { place });
  }

  /** What each channel adds, as numbers, and what they come to. */
  sums() {
    const { layer, channel, found: { sums, sum, bias, value } } = this.chosen, most = Math.max(...sums.map(Math.abs), 1e-9);
    const ends = [["sum", sum], ["bias", bias], [layer.relu ? "ReLU" : "score", value]];
    const rows = [...[...sums].map((one, k) => [String(k), one]), ...ends];
    while (this.items.length < rows.length) this.items.push(keep(make("li", {}, make("small"), make("span"))));
    rows.forEach(([name, value], k) => {
      const item = this.items[k], each = k < sums.length;
      tell(item.firstChild, name);
      tell(item.lastChild, three(value));
      item.className = `${value < 0 ? "negative" : ""}${k === channel ? " marked" : ""}${each ? "" : " whole"}`;
      item.style.setProperty("--share", each ? (Math.abs(value) / most).toFixed(3) : 0);
    });
    showOnly(this.list, this.items.slice(0, rows.length));
    this.list.setAttribute("aria-label", "what each channel adds, their sum, the bias, and the value");
  }

  /** The window, the weights and the products of one channel, with their numbers. */
  arithmetic() {
    const { at, layer, map, channel, found, before, place, fields } = this.chosen, { size } = layer;
    const flat = layer.maps[0] * layer.maps[1] === 1 && found && size > 1;
    const name = at ? `${this.network[at - 1].name}, map ${channel}` : "the drawing";
    if (size > MOST) return make("p", {}, `A window of ${size} x ${size} values is too large to be written out.`);
    if (layer.pool) {
      const { top, left } = fields[at], window = (r, c) => valueAt(before, top + r, left + c, map);
      const value = valueAt(this.chosen.after, ...place, map);
      return make("div", { className: "explorer-pair" }, figure("window", numbers(size, window, (r, c) => window(r, c) === value)),
        sign("\u2192"), figure("largest", numbers(1, () => value)));
    }
    const index = (r, c) => (flat ? ((r * size + c) * layer.depth + channel).toLocaleString("en") : "");
    const [window, weight] = [found.window, found.weight].map((of) => (r, c) => of(r, c, channel));
    return make("div", { className: "explorer-pair" },
      figure(name, numbers(size, window, null, index)), sign("\u00d7"),
      figure("its weights", numbers(size, weight)), sign("="),
      figure(`products: ${three(found.sums[channel])}`, numbers(size, (r, c) => window(r, c) * weight(r, c))));
  }

  /** Which value of the maps before meets which weight of a dense layer. */
  order({ size, depth }) {
    const all = (size * size * depth).toLocaleString("en");
    return make("p", { className: "explorer-sizes" }, size > 1
      ? `Flatten writes all ${all} values one behind the other: place by place, and at each place map by map. Row r, ` +
        `column c of map k becomes number (${size} r + c) \u00b7 ${depth} + k, from 0 on; the window above has these numbers below its values. The weight with the same number meets each.`
      : `Value k of the ${all} meets weight k.`);
  }

  /** In words, for everybody. Another value is told aloud, each stroke of a drawing not. */
  explain() {
    const { at, layer, map, place: [row, column], channel, found, before, fields, after } = this.chosen;
    const last = at === this.network.length - 1;
    const title = last ? `Score of ${map}` : `${layer.name}, map ${map}, row ${row}, column ${column}`;
    const { drawing } = this.state;
    this.told.setAttribute("aria-live", this.drawn === drawing ? "polite" : "off");
    this.drawn = drawing;
    if (!found) {
      const { top, left, rows, columns } = fields[at], values = [];
      for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) values.push(three(valueAt(before, top + r, left + c, map)));
      return tell(this.told, `${title}: the largest of ${values.join(", ")} is ${three(valueAt(after, row, column, map))}.`);
    }
    const { sum, bias, total, value } = found, many = layer.depth > 1;
    const kernels = `${counted(layer.depth, "kernel")} of ${layer.size} x ${layer.size} weights`;
    tell(this.told, `${title}: ${last ? `${(layer.size ** 2 * layer.depth).toLocaleString("en")} values times their weights` :
      many ? `${layer.depth} channels` : `${layer.size ** 2} products`} add up to ${three(sum)}; with the bias ${three(bias)} that is ${three(total)}.` +
      (layer.relu ? ` ReLU ${total > 0 ? "keeps it" : "makes it 0"}.` : "") +
      (many ? ` Channel ${channel} adds ${three(found.sums[channel])}.` : "") + ` Its filter has ${kernels}.`);
    return value;
  }
}

/** How maps are looked at: from black, for 0 and less, to white, for the largest. */
function look({ height, width, channels, values }, scale) {
  const most = new Float32Array(channels);
  values.forEach((value, at) => { most[at % channels] = Math.max(most[at % channels], value); });
  const all = Math.max(...most);
  return { count: channels, height, width, most: (k) => (scale === "map" ? most[k] : all),
    value: (r, c, k) => values[(r * width + c) * channels + k] };
}

const only = (all, map) => ({ ...all, of: all, count: 1, value: (r, c) => all.value(r, c, map), most: () => all.most(map) });

/** Values that may be negative, all on one scale. */
function signed(of, count, height, width, value) {
  let most = 0;
  for (let k = 0; k < count; k++) {
    for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) most = Math.max(most, Math.abs(value(r, c, k)));
  }
  return { of, count, height, width, value, most: () => most, signed: true };
}

const sign = (text) => make("span", { className: "explorer-sign", textContent: text });

/** A square of numbers; `marked` says which is framed, `note` what stands small below one. */
function numbers(size, value, marked = null, note = () => "") {
  const places = Array.from({ length: size }, (_, at) => at);
  const most = Math.max(...places.flatMap((r) => places.map((c) => Math.abs(value(r, c)))), 1e-9);
  return make("table", {}, ...places.map((r) => make("tr", {}, ...places.map((c) => {
    const cell = make("td", { textContent: three(value(r, c)) }), small = note(r, c);
    cell.style.setProperty("--share", (Math.abs(value(r, c)) / most).toFixed(3));
    cell.classList.toggle("negative", value(r, c) < 0);
    cell.classList.toggle("marked", Boolean(marked?.(r, c)));
    if (small) cell.append(make("small", { textContent: small }));
    return cell;
  }))));
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts({ drawing, layer, map, place, channel, scale }, { weights: { layers } }) {
  const at = layers.findIndex(({ name }) => name === layer);
  if (typeof drawing !== "string" || drawing.length !== 2 * SIDE * SIDE || !/^[0-9a-f]+$/.test(drawing)) return false;
  if (at < 0 || !["layer", "map"].includes(scale)) return false;
  const [height, width, filters] = layers[at].maps, depth = at ? layers[at - 1].maps[2] : 1;
  return isWhole(map, 0, filters - 1) && (channel === null || isWhole(channel, 0, depth - 1))
    && (place === null || (Array.isArray(place) && place.length === 2 && isWhole(place[0], 0, height - 1) && isWhole(place[1], 0, width - 1)));
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
