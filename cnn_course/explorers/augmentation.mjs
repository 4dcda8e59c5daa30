// The augmentation explorer: nine draws of a picture, and the Keras code for them.
import { augment } from "./augmented.mjs";
import { arrows, button, figure, group, isWhole, keep, make, number, paint, Panel, showOnly, tell } from "./panel.mjs";

const LARGEST_OWN = 128; // rows or columns of a picture of one's own
const SEEDS = 2 ** 32;
const FILL_MODES = ["reflect", "nearest", "wrap", "constant"];
const times = (factor) => `${number(1 - factor)} to ${number(1 + factor)} times`;
const share = (factor, size, where) => `\u00b1${number(factor * size)} of ${size} pixels, ${where}`;
const way = (value, there, back, unit, scale) =>
  `${number(Math.abs(value) * scale)}${unit} ${value > 0 ? there : back}`;

/** Each slider: what it is called, what its factor means, and what one draw did. */
const FACTORS = {
  rotation: { text: "rotation", means: (factor) => `\u00b1${number(factor * 360)}\u00b0`,
    did: (value) => `turned by ${way(value, "against the clock", "with the clock", "\u00b0", 360)}` },
  zoom: { text: "zoom", means: (factor, { height }) => `${times(factor)} as much; ${height} pixels become ` +
      `${number(height / (1 + factor))} to ${number(height / (1 - factor))}`,
    did: (value) => `${number(1 + value)} times as much, so ${number(1 / (1 + value))} times as large` },
  height: { text: "translation, height", means: (factor, { height }) => share(factor, height, "up or down"),
    did: (value, { height }) => `shifted by ${way(value, "down", "up", " pixels", height)}` },
  width: { text: "translation, width", means: (factor, { width }) => share(factor, width, "left or right"),
    did: (value, { width }) => `shifted by ${way(value, "to the right", "to the left", " pixels", width)}` },
  shear: { text: "shear", means: (factor, { height }) =>
      `the last row by \u00b1${number(factor * (height - 1))} pixels, the first by none`,
    did: (value, { height }) =>
      `its last row sheared by ${way(value, "to the left", "to the right", " pixels", height - 1)}` },
  brightness: { text: "brightness", means: (factor) => `\u00b1${number(factor * 255)} of 255`,
    did: (value) => way(value, "brighter", "darker", " of 255", 255) },
  contrast: { text: "contrast", means: (factor) => `${times(factor)} as far from the mean`,
    did: (value) => `${number(1 + value)} times as far from the mean` },
};

/** Red, green and blue, each of them rows, from a picture as JSON; and back. */
export function unpacked({ rows, columns, bytes }) {
  const read = atob(bytes);
  return [0, 1, 2].map((channel) => Array.from({ length: rows }, (_, r) =>
    Float32Array.from({ length: columns }, (_, c) => read.charCodeAt(3 * (r * columns + c) + channel))));
}

export function packed(channels) {
  const rows = channels[0].length, columns = channels[0][0].length, letters = [];
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
    for (const plane of channels) letters.push(String.fromCharCode(plane[r][c]));
  }
  return { rows, columns, bytes: btoa(letters.join("")) };
}

/** Keras code with the layers that are on. */
export function code(state) {
  const far = Object.fromEntries(Object.keys(FACTORS).map((name) => [name, String(+state[name].toFixed(6))]));
  const fill = `fill_mode="${state.fill_mode}")`;
  const lines = [
    [state.flip, 'RandomFlip("horizontal"),'],
    [state.rotation, `RandomRotation(${far.rotation}, ${fill},`],
    [state.zoom, `RandomZoom(${far.zoom}, ${fill},`],
    [state.height || state.width, `RandomTranslation(${far.height}, ${far.width}, ${fill},`],
    [state.shear, `RandomShear(${far.shear}, ${fill},`],
    [state.brightness, `RandomBrightness(${far.brightness}),`],
    [state.contrast, `RandomContrast((${far.contrast}, ${far.contrast})),  # one number alone would only raise it`],
  ].filter(([on]) => on).map(([, line]) => `    layers.${line}`);
  const made = lines.length ? ["augment = keras.Sequential([", ...lines, "])"] : ["augment = layers.Identity()"];
  return ["import keras", "from keras import layers", "", ...made].join("\n");
}

const MOVES = ["rotation", "zoom", "height", "width", "shear"];
const AUGMENTATION_TASKS = [
  { name: "task-flip-only", text: "leave nothing on but the flip. How many of the nine cats look the other way?",
    shows: "Each picture is flipped with a probability of one half. The seed decides which, and draw again takes the next.",
    done: (state) => state.flip && Object.keys(FACTORS).every((name) => !state[name]) },
  { name: "task-black", text: "let black pixels come in from the side.",
    shows: "With constant, what comes from outside the picture is 0. The other fill modes take pixels from inside.",
    done: (state) => state.fill_mode === "constant" && MOVES.some((name) => state[name]) },
  { name: "task-colours", text: "let the nine draws differ, although no pixel moves.",
    shows: "Brightness and contrast change values, not places, and mix no pixels. What leaves 0 to 255 is cut off, and lost.",
    done: (state) => !state.flip && MOVES.every((name) => !state[name]) && Boolean(state.brightness || state.contrast) },
];

class Augmentation extends Panel {
  get title() { return "Augmentation explorer"; }

  get tasks() { return AUGMENTATION_TASKS; }

  begin(el) {
    el.classList.add("explorer-augmentation");
    this.picked = 0;
    this.original = make("canvas", { role: "img", ariaLabel: "the picture as it is" });
    this.buttons = Array.from({ length: 9 }, (_, at) => this.place(at));
    this.table = make("table", { className: "explorer-draws" }, ...[0, 3, 6].map((at) =>
      make("tr", {}, ...this.buttons.slice(at, at + 3).map((one) => make("td", {}, one)))));
    arrows(this.table);
    this.text = make("pre", { className: "explorer-code" });
    const copy = button("copy", "copy the code", () => this.copy(this.text, "code"));
    copy.dataset.cell = "copy";
    this.figures = [figure("as it is", this.original, this.sum), figure("nine draws", this.table),
      figure("in Keras", this.text, copy)].map(keep);
  }

  get looksAt() { return ["picked"]; }

  place(at) {
    const one = make("button", { type: "button", onclick: () => this.look("picked", at) }, make("canvas"));
    one.dataset.cell = `picture-${at + 1}`;
    return one;
  }

  controls() {
    const { most, photographs } = this.model.get("choices");
    const named = [...Object.keys(photographs).map((name) => [name]), ["own", "your own"]];
    const slider = (name) => this.slider(name, FACTORS[name].text, [0, most[name], 0.01], (factor) =>
      (factor ? FACTORS[name].means(factor, this.size) : "off"));
    return [
      group("input", this.choice("picture_name", "picture", named, (name) => this.chosen(name)),
        this.picker((channels) => this.take(packed(channels)), LARGEST_OWN),
        this.choice("draws", "draws", [["random", "at random"], ["ends", "at the ends"]]),
        make("div", { className: "explorer-steps" }, this.again(), this.none())),
      group("places", this.choice("flip", "horizontal flip", [["false", "off"], ["true", "on"]]),
        ...MOVES.map(slider), this.choice("fill_mode", "fill mode", FILL_MODES.map((mode) => [mode]))),
      group("colours", slider("brightness"), slider("contrast")),
    ];
  }

  again() {
    return make("button", { type: "button", textContent: "draw again", onclick: () =>
      this.change({ seed: (this.state.seed + 1) % SEEDS }) });
  }

  none() {
    const off = Object.fromEntries(Object.keys(FACTORS).map((name) => [name, 0]));
    return make("button", { type: "button", textContent: "all off", onclick: () =>
      this.change({ ...off, flip: false }) });
  }

  chosen(name) {
    if (name !== "own") return { picture_name: name, picture: null };
    const own = this.state.picture ?? this.own;
    if (own) return { picture_name: name, picture: own };
    this.message.textContent = "There is no picture of your own yet. Choose a file.";
    return null;
  }

  take(picture) {
    this.own = picture;
    this.change({ picture, picture_name: "own" });
  }

  get size() { return { height: this.result.picture[0].length, width: this.result.picture[0][0].length }; }

  compute(state) {
    const source = state.picture ?? this.model.get("choices").photographs[state.picture_name];
    if (this.source?.bytes !== source.bytes) this.unpacked = unpacked(this.source = source);
    const picture = this.unpacked;
    return { picture, ...augment(picture, state) };
  }

  show(result = this.compute(this.state)) {
    this.result = result; // the sliders' words depend on the size of the picture
    super.show(result);
  }

  draw(state, { picture, changes, pictures }) {
    this.picked = Math.min(this.picked, pictures.length - 1);
    showOnly(this.body, this.figures);
    paint(this.original, picture);
    pictures.forEach((one, at) => {
      const place = this.buttons[at];
      paint(place.firstChild, one);
      place.setAttribute("aria-label", `picture ${at + 1}: ${this.told(changes[at])}`);
      place.setAttribute("aria-pressed", String(at === this.picked));
    });
    this.figures[1].firstChild.textContent = `nine draws, seed ${state.seed}`;
    this.text.textContent = code(state);
    tell(this.sum, `Seed ${state.seed}, picture ${this.picked + 1}: ${this.told(changes[this.picked])}.`);
  }

  told(change) {
    const did = Object.entries(FACTORS).filter(([name]) => change[name])
      .map(([name, { did }]) => did(change[name], this.size));
    return [...(change.flip ? ["flipped"] : []), ...did].join("; ") || "as it is";
  }
}

/** Whether a value is a picture as JSON. */
function isPicture(value) {
  try {
    const { rows, columns, bytes } = value;
    return isWhole(rows, 1, LARGEST_OWN) && isWhole(columns, 1, LARGEST_OWN) && atob(bytes).length === 3 * rows * columns;
  } catch {
    return false;
  }
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts(state, { most, photographs }) {
  const { picture, picture_name, flip, fill_mode, draws, seed } = state;
  const named = picture === null && typeof picture_name === "string" && Object.hasOwn(photographs, picture_name);
  if (!named && !(picture_name === "own" && isPicture(picture))) return false;
  const good = (name) => Number.isFinite(state[name]) && state[name] >= 0 && state[name] <= most[name];
  if (!Object.keys(FACTORS).every(good)) return false;
  return typeof flip === "boolean" && FILL_MODES.includes(fill_mode) && ["random", "ends"].includes(draws)
    && isWhole(seed, 0, SEEDS - 1);
}

/** What of a state belongs into an address: a picture of one's own stays where it is. */
function kept({ picture, ...rest }) { return rest; }

/** The state that an address stands for. */
function revived(found, { state, choices }) {
  const wanted = { ...state, ...found };
  const named = Object.hasOwn(choices.photographs, wanted.picture_name);
  const { picture, picture_name } = state;
  return { ...wanted, ...(named ? { picture: null } : { picture, picture_name }) };
}

export default { accepts, kept, revived, render: ({ model, el }) => { new Augmentation(model, el); } };
