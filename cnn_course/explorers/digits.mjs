// The digit network: chapter 2's convnet, computed here for what the reader draws, and seen through.
import { button, figure, isWhole, keep, make, Panel, showOnly, tell } from "./panel.mjs";
import { forward, networkOf, SIDE } from "./digit_network.mjs";
import { Mosaic } from "./mosaic.mjs";
import { Answers } from "./answers.mjs";
import { look, shapeOf, Value } from "./value.mjs";
import { Pad } from "./pad.mjs";
import { DIGIT_TASKS } from "./digit_tasks.mjs";

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

class DigitNetwork extends Panel {
  get title() { return "Digit network explorer"; }

  get tasks() { return DIGIT_TASKS; }

  begin(el) {
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
    this.value = new Value(this.network, (changes) => this.change(changes), () => this.save());
    this.player = this.value.player;
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

  compute({ drawing }) {
    if (this.computed?.drawing !== drawing) this.computed = { drawing, ...forward(pixelsOf(drawing), this.network) };
    return this.computed;
  }

  /** Another map is looked at where it is largest, at the channel that adds most to that. */
  change(changes) {
    const other = "layer" in changes || "map" in changes;
    if (other || "drawing" in changes) this.player.stop();
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
    const { drawing, layer, map, scale } = state;
    const looks = result[scale] ??= result.maps.map((maps) => look(maps, scale));
    const shown = this.value.show(state, { ...result, looks }), { channel, last } = this.value.chosen;
    this.whichChannel.show(channel);
    showOnly(this.body, [this.through, ...shown]);
    this.pad.show();
    this.answers.show(result, last ? map : null);
    this.strip.forEach((part, at) => {
      const { name } = this.network[at], shape = shapeOf(this.network[at]), marked = name === layer;
      tell(part.lastChild, shape);
      part.classList.toggle("marked", marked);
      part.mosaic.show(`${name}: ${shape}, the larger a value, the brighter`, looks[at + 1], { chosen: marked ? map : -1 });
    });
    if (state.drawing_name === "own") this.own = drawing;
    tell(this.sum, (/[1-9a-f]/.test(drawing) ? "" : "Nothing is drawn. ") + this.answers.words);
  }
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
