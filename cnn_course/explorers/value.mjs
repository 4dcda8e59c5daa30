// One value of the digit network: where it stands, what it is made of, which pixels reach it.
import { clamp, figure, keep, make, showOnly, STEPS, tell } from "./panel.mjs";
import { largest, parts, reached, trace, valueAt } from "./digit_network.mjs";
import { Mosaic } from "./mosaic.mjs";
import { Player } from "./player.mjs";
import { three } from "./answers.mjs";

const MOST = 7; // rows and columns of numbers written out
const LOOK = [200, 1300]; // milliseconds at a value that plays: at least and at most; a map takes half a minute or so
const PARTS = { layer: "explorer-see-layer", map: "explorer-see-map", field: "explorer-see-field", windows: "explorer-see-windows", kernels: "explorer-see-kernels", parts: "explorer-see-parts", all: "explorer-see-all" }; // classes are written out: styles are chosen by them

const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
export const shapeOf = ({ maps: [height, width, count] }) => `${counted(count, "map")} of ${height} x ${width}`;
const strongest = (values) => values.reduce((best, value, at) => (Math.abs(value) > Math.abs(values[best]) ? at : best), 0);

export class Value {
  /** `change` gets another map, place or channel; `rest` hears that nothing plays any more. */
  constructor(network, change, rest) {
    Object.assign(this, { network, change, items: [] });
    const channel = (channel) => this.chosen.found && change({ channel }), place = (_, ...place) => change({ place });
    this.mosaics = Object.fromEntries(Object.keys(PARTS).map((name) => [name, new Mosaic(
      { layer: (map) => change({ map }), map: place, field: null, windows: channel, kernels: channel, parts: channel, all: place }[name])]));
    this.figures = Object.fromEntries(Object.entries(PARTS).map(([name, className]) =>
      [name, keep(Object.assign(figure("", this.mosaics[name].canvas), { className }))]));
    const box = (className, ...inside) => keep(make("div", { className }, ...inside));
    [this.made, this.aside] = [box("explorer-made"), box("explorer-aside")];
    [this.written, this.equation] = [box("explorer-written"), box("explorer-equation")];
    this.looked = box("explorer-looked", this.made, this.aside);
    this.told = keep(make("p", { className: "explorer-told" }));
    this.list = keep(make("ol", { className: "explorer-channels" }));
    this.list.onclick = ({ target }) => {
      const channel = this.items.indexOf(target.closest("li"));
      if (channel >= 0 && channel < this.chosen.layer.depth) change({ channel });
    };
    this.choosing();
    this.player = new Player({ next: (first) => this.next(first), pace: () => clamp(30_000 / this.places, ...LOOK), heard: [this.told],
      shown: this.looked, rest });
    this.caption = make("span");
    this.figures.map.firstChild.append(this.caption, this.player.button);
  }

  get places() { return this.chosen.after.height * this.chosen.after.width; }

  /** Play the next value of the map, at first the one that is looked at, after the last one the first. */
  next(first) {
    const { after: { width }, place: [row, column], last } = this.chosen, here = row * width + column, end = this.places - 1;
    if (last || (here === end && !first)) return false;
    const at = first ? here % end || 0 : here + 1;
    this.change({ place: [Math.floor(at / width), at % width] });
    return true;
  }

  /** In the chosen map, a value is chosen with the mouse, a finger or the arrow keys. */
  choosing() {
    const { map: mosaic } = this.mosaics, { canvas } = mosaic;
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
  }

  /** Show the value of a state; return what is on the screen for it. */
  show(state, { maps, looks }) {
    const { map } = state, at = this.network.findIndex(({ name }) => name === state.layer);
    const layer = this.network[at], [before, after] = [maps[at], maps[at + 1]];
    const place = state.place ?? largest(after, map);
    const found = layer.pool ? null : trace(layer, before, map, place);
    const channel = layer.pool ? map : state.channel ?? strongest(found.sums);
    const last = at === this.network.length - 1, deep = found && (layer.depth > 1 || layer.size > MOST);
    const source = at ? this.network[at - 1].name : "the drawing", whole = layer.maps[0] * layer.maps[1] === 1;
    this.chosen = { at, layer, map, place, channel, before, after, found, last, source, whole, looks,
      fields: reached(this.network, at, place) };
    this.place(deep);
    if (!last) this.choices();
    this.reach();
    if (!found) this.pooled();
    if (deep) this.channels();
    this.explain(state.drawing);
    return [this.looked, ...(deep ? [this.equation, this.list] : [])];
  }

  /** Put together what there is to show. */
  place(deep) {
    const { figures, chosen: { layer, found, last, whole } } = this;
    showOnly(this.made, [...(last ? [] : [figures.layer]), this.told, this.written]);
    showOnly(this.written, [...(found ? [] : [figures.windows]), this.arithmetic()]);
    showOnly(this.aside, [...(last ? [] : [figures.map]), figures.field]);
    showOnly(this.equation, deep ? [figures.windows, figures.kernels, figures.parts, whole ? order(layer) : figures.all] : []);
  }

  picture(name, title, label, maps, frames) {
    tell(name === "map" ? this.caption : this.figures[name].firstChild, title);
    this.mosaics[name].show(label, maps, frames);
  }

  /** The chosen layer, and its chosen map. */
  choices() {
    const { at, layer, map, place: [row, column], place, after, looks } = this.chosen, all = looks[at + 1];
    const value = three(valueAt(after, row, column, map));
    this.picture("layer", `${layer.name}: choose one of ${shapeOf(layer)}`, `maps of ${layer.name}, large`, all, { chosen: map });
    this.picture("map", `map ${map}: choose a value`,
      `Map ${map} of ${layer.name}. The arrow keys choose a value. Row ${row}, column ${column}: ${value}.`,
      only(all, map), { place, written: after.height <= 5 ? three : null });
  }

  /** The pixels of the drawing that can reach the value. */
  reach() {
    const { fields: [region], looks } = this.chosen, { rows, columns, top, left } = region;
    this.picture("field", `${rows} x ${columns} pixels reach it`,
      `the drawing, with a frame of ${rows} x ${columns} pixels around row ${top}, column ${left}`, looks[0], { region });
  }

  /** The window in the one map that is pooled. */
  pooled() {
    const { at, map, fields, source, looks } = this.chosen, name = at ? `${source}, map ${map}` : source;
    this.picture("windows", name, `${name}, with the window`, only(looks[at], map), { region: fields[at] });
  }

  /** The window in all maps before, the kernels, what each channel gives, and their sum. */
  channels() {
    const { at, layer, map, before, channel, found, fields, looks, last, source, whole } = this.chosen;
    const { size, depth, kernel } = layer, chosen = channel, colours = "orange is positive, purple negative";
    this.picture("windows", at ? `window in each map of ${source}` : source,
      `maps of ${source}, each with a window of ${size} x ${size}`, looks[at], { chosen, region: fields[at] });
    this.picture("kernels", `\u00d7 ${last ? "weights of the score of" : "kernels of map"} ${map}`,
      `${counted(depth, "kernel")} of ${size} x ${size} for map ${map}, ${colours}`,
      signed(kernel, depth, size, size, found.weight), { chosen });
    if (whole) {
      this.picture("parts", "= products, place by place", `values times weights of ${map}, ${colours}`,
        signed(before, depth, size, size, (r, c, k) => found.window(r, c, k) * found.weight(r, c, k)), { chosen });
    } else this.sumOfMaps(`of map ${map}, ${colours}`);
    this.sums();
  }

  /** The map of each channel, and the map that they make together with the bias. */
  sumOfMaps(words) {
    const { layer, map, before, channel, place } = this.chosen, { depth } = layer;
    if (this.given?.before !== before || this.given.map !== map) {
      const each = parts(layer, before, map), [height, width] = layer.maps;
      const sum = Float32Array.from({ length: height * width }, (_, i) =>
        each.values.subarray(i * depth, (i + 1) * depth).reduce((a, b) => a + b, layer.bias[map]));
      this.given = { before, map, each: signed(each, depth, height, width, (r, c, k) => valueAt(each, r, c, k)),
        sum: signed(sum, 1, height, width, (r, c) => sum[r * width + c]) };
    }
    this.picture("parts", "= a map for each channel", `the map of each channel ${words}`, this.given.each, { chosen: channel, place });
    this.picture("all", `sum + bias${layer.relu ? ", before ReLU" : ""}`,
      `the sum of the maps of all channels and the bias ${words}`, this.given.sum, { place });
  }

  /** What each channel adds, as numbers, and what they come to. */
  sums() {
    const { layer, last, channel, found: { sums, sum, bias, value } } = this.chosen, most = Math.max(...sums.map(Math.abs), 1e-9);
    const ends = [["sum", sum], ["bias", bias], [layer.relu ? "ReLU" : last ? "score" : "value", value]];
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
    const { at, layer, map, channel, found, before, after, place, fields, source, whole } = this.chosen, { size } = layer;
    if (size > MOST) return make("p", {}, `A window of ${size} x ${size} values is too large to be written out.`);
    if (layer.pool) {
      const { top, left } = fields[at], window = (r, c) => valueAt(before, top + r, left + c, map);
      const value = valueAt(after, ...place, map);
      return make("div", { className: "explorer-pair" }, figure("window", numbers(size, window, (r, c) => window(r, c) === value)),
        sign("\u2192"), figure("largest", numbers(1, () => value)));
    }
    const index = (r, c) => (whole && size > 1 ? ((r * size + c) * layer.depth + channel).toLocaleString("en") : "");
    const [window, weight] = [found.window, found.weight].map((of) => (r, c) => of(r, c, channel));
    return make("div", { className: "explorer-pair" },
      figure(at ? `${source}, map ${channel}` : source, numbers(size, window, null, index)), sign("\u00d7"),
      figure("its weights", numbers(size, weight)), sign("="),
      figure(`products: ${three(found.sums[channel])}`, this.products(size, (r, c) => window(r, c) * weight(r, c))));
  }

  /** While it plays, products appear one after the other. */
  products(size, value) {
    const table = numbers(size, value);
    if (!this.player.on) return table;
    this.odd = !this.odd;
    table.classList.add("products", this.odd ? "odd" : "even");
    table.querySelectorAll("td").forEach((cell, at) => cell.style.setProperty("--at", at));
    return table;
  }

  /** In words, for everybody. Another value is told aloud, each stroke of a drawing not. */
  explain(drawing) {
    const { layer, map, place: [row, column], last } = this.chosen;
    const title = last ? `Score of ${map}` : `${layer.name}, map ${map}, row ${row}, column ${column}`;
    this.told.setAttribute("aria-live", this.drawn === drawing && !this.player.on ? "polite" : "off");
    this.drawn = drawing;
    tell(this.told, `${title}: ${layer.pool ? this.largest() : this.added()}`);
  }

  largest() {
    const { at, layer, map, place, before, fields, after } = this.chosen, { top, left, rows, columns } = fields[at];
    const values = Array.from({ length: rows * columns }, (_, i) => three(valueAt(before, top + Math.floor(i / columns), left + (i % columns), map)));
    return `the largest of ${layer.size > MOST ? `${values.length} values` : values.join(", ")} is ${three(valueAt(after, ...place, map))}.`;
  }

  added() {
    const { layer: { size, depth, relu }, channel, last, found: { sum, bias, total, sums } } = this.chosen, many = depth > 1;
    const terms = last ? `${(size ** 2 * depth).toLocaleString("en")} values times their weights` :
      many ? `${depth} channels` : `${size ** 2} products`;
    return `${terms} add up to ${three(sum)}; with the bias ${three(bias)} that is ${three(total)}.` +
      (relu ? ` ReLU ${total > 0 ? "keeps it" : "makes it 0"}.` : "") +
      (many ? ` Channel ${channel} adds ${three(sums[channel])}.` : "") +
      ` Its filter has ${counted(depth, "kernel")} of ${size} x ${size} weights.`;
  }
}

/** Which value of the maps before meets which weight of a dense layer. */
function order({ size, depth }) {
  const all = (size * size * depth).toLocaleString("en");
  return make("p", { className: "explorer-sizes" }, size > 1
    ? `Flatten writes all ${all} values one behind the other: place by place, and at each place map by map. Row r, ` +
      `column c of map k becomes number (${size} r + c) \u00b7 ${depth} + k, from 0 on` +
      `${size > MOST ? "" : "; the window above has these numbers below its values"}. The weight with the same number meets each.`
    : `Value k of the ${all} meets weight k.`);
}

/** How maps are looked at: from black, for 0 and less, to white, for the largest. */
export function look({ height, width, channels, values }, scale) {
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
