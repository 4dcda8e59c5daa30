// What every explorer on the screen has: controls, a message, a place for what it shows, a sentence
// that is read aloud. Python puts an explorer's modules behind one another, as one piece, since
// neither a widget nor a page that is opened as a file can load a second one.

export const LARGEST = 256; // a picture of one's own is made at most so large

export const number = (value) => String(+value.toFixed(2)).replace("-", "\u2212");

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A labelled control. */
export function labelled(text, control) {
  return make("label", {}, make("span", { textContent: text }), control);
}

export function figure(title, ...content) {
  return make("figure", {}, make("figcaption", { textContent: title }), ...content);
}

/** A button, with what it does for those who do not see its sign. */
export function button(text, label, act) {
  const made = make("button", { type: "button", textContent: text, onclick: act });
  made.setAttribute("aria-label", label);
  return made;
}

/** Whether values are rows of finite numbers, all of the same length. */
export function isTable(values) {
  return Array.isArray(values) && values.length > 0
    && values.every((line) => Array.isArray(line) && line.length === values[0].length && line.length > 0
      && line.every(Number.isFinite));
}

/** Whether a value is a whole number in a sensible range. */
export function isWhole(value, least, most = 100_000) {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Show these elements and no others; one that is there already is not touched. */
export function showOnly(parent, children) {
  children.forEach((child, at) => {
    const there = parent.children[at];
    if (there !== child) there ? there.replaceWith(child) : parent.append(child);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
}

/** What is typed counts before the focus moves on: the field itself is soon another one. */
function settle(field) {
  if (!field.defaultValue || field.value === field.defaultValue) return;
  const take = field.onchange;
  field.onchange = null; // once is enough: a field that is removed would take it again
  take?.();
  if (field.isConnected) field.onchange = take;
}

/** Within a table of controls, the arrow keys lead from one to the next; Tab leads out of it. */
export function arrows(table, first) {
  const rows = [...table.rows].map((row) => [...row.querySelectorAll("input, button")]);
  for (const one of rows.flat()) one.tabIndex = -1;
  if (rows.flat().length) (rows[first?.[0]]?.[first[1]] ?? rows.find((row) => row.length)[0]).tabIndex = 0;
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  table.onkeydown = (event) => {
    const row = rows.findIndex((line) => line.includes(event.target));
    if (!(event.key in steps) || row < 0) return;
    event.preventDefault();
    const [down, right] = steps[event.key];
    const next = rows[row + down]?.[rows[row].indexOf(event.target) + right];
    if (!next) return;
    const explorer = table.closest(".explorer");
    settle(event.target);
    explorer.querySelector(`[data-cell="${next.dataset.cell}"]`).focus();
  };
  table.addEventListener("focusin", ({ target }) => {
    for (const one of rows.flat()) one.tabIndex = one === target ? 0 : -1;
  });
}

/** Draw rows of brightness from `low` to `high`; three of them are red, green and blue. */
export function paint(canvas, channels, low = 0, high = 255) {
  const [red, green, blue] = channels.length === 3 ? channels : [channels[0], channels[0], channels[0]];
  const [height, width] = [red.length, red[0].length];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), picture = context.createImageData(width, height);
  const scale = 255 / Math.max(high - low, 1e-9);
  for (let r = 0, at = 0; r < height; r++) {
    for (let c = 0; c < width; c++, at += 4) {
      picture.data[at] = (red[r][c] - low) * scale;
      picture.data[at + 1] = (green[r][c] - low) * scale;
      picture.data[at + 2] = (blue[r][c] - low) * scale;
      picture.data[at + 3] = 255;
    }
  }
  context.putImageData(picture, 0, 0);
  return context;
}

/** An explorer on the screen. What it computes and shows, its own class says. */
export class Panel {
  constructor(model, el) {
    this.model = model;
    el.classList.add("explorer");
    el.dataset.lmSuppressShortcuts = "true"; // keys belong to the explorer, not to JupyterLab
    this.box = make("div", { className: "explorer-controls" });
    this.message = make("p", { className: "explorer-message", role: "status" });
    this.body = make("div", { className: "explorer-body" });
    this.sum = make("p", { className: "explorer-sum" });
    this.sum.setAttribute("aria-live", "polite");
    el.append(this.box, this.message, this.body, this.sum);
    el.addEventListener("keydown", ({ key, target }) => key === "Tab" && settle(target));
    this.begin(el);
    this.box.append(...this.controls());
    this.filled = [...this.box.querySelectorAll("[data-name]")];
    model.on("change:state", () => this.state !== this.shown && this.show());
    this.show();
  }

  get state() { return this.model.get("state"); }

  /** What an explorer has besides, before its controls are made. */
  begin() {}

  /** Take a change over if something comes out; otherwise say why, and keep what was there. */
  change(changes) {
    const wanted = { ...this.state, ...changes };
    let result;
    try {
      result = this.compute(wanted);
    } catch (error) {
      this.message.textContent = error.message;
      return this.show();
    }
    this.message.textContent = "";
    this.shown = wanted;
    this.model.set("state", wanted);
    this.model.save_changes();
    this.show(result);
  }

  /** Show the state; who had the focus keeps it. */
  show(result = this.compute(this.state)) {
    this.shown = this.state;
    for (const control of this.filled) {
      if (control.type === "range") control.show(this.state[control.dataset.name]);
      else control.value = String(this.state[control.dataset.name]);
    }
    const focused = this.body.contains(document.activeElement) && document.activeElement.dataset.cell;
    this.draw(this.state, result);
    if (focused) this.body.querySelector(`[data-cell="${focused}"]`)?.focus();
  }

  /** A list to choose from; `take` says what a choice changes. */
  choice(name, text, options, take = null) {
    const select = make("select", {}, ...options.map(([value, label]) =>
      make("option", { value, textContent: label ?? value })));
    select.dataset.name = name;
    const meaning = { true: true, false: false };
    const value = (word) => (/^\d+$/.test(word) ? Number(word) : meaning[word] ?? word);
    select.onchange = ({ target }) => {
      const changes = take ? take(target.value) : { [name]: value(target.value) };
      return changes ? this.change(changes) : this.show();
    };
    return labelled(text, select);
  }

  /** A slider; `say` puts its value into words. */
  slider(name, text, [least, most, step], say) {
    const input = make("input", { type: "range", min: least, max: most, step });
    const words = make("output");
    input.dataset.name = name;
    input.show = (value) => {
      input.value = value;
      words.textContent = say(value);
      input.setAttribute("aria-valuetext", say(value));
    };
    input.oninput = () => this.change({ [name]: Number(input.value) });
    return make("label", {}, make("span", { textContent: text }), input, words);
  }

  /** Read a picture of the reader's own as red, green and blue, 0 to 255; on a page it stays there. */
  picker(take, largest = LARGEST) {
    const file = make("input", { type: "file", accept: "image/*" });
    file.onchange = async () => {
      if (!file.files.length) return;
      try {
        take(await readPicture(file.files[0], largest));
      } catch {
        this.message.textContent = `${file.files[0].name} cannot be read as a picture. The one before is kept.`;
      }
    };
    return labelled("a picture of your own", file);
  }
}

async function readPicture(file, largest) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, largest / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
  const context = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return [0, 1, 2].map((channel) => Array.from({ length: height }, (_, r) =>
    Array.from({ length: width }, (_, c) => data[4 * (r * width + c) + channel])));
}
