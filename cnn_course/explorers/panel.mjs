// What every explorer on the screen has: controls, a message, a place for what it shows, a sentence
// that is read aloud. Python puts an explorer's modules behind one another, as one piece, since
// neither a widget nor a page that is opened as a file can load a second one.

export const LARGEST = 256; // a picture of one's own is made at most so large

export const number = (value) => (Math.abs(value) < 1e6 ? String(+value.toFixed(2)) : value.toExponential(2))
  .replaceAll("-", "\u2212");

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

/** Controls that belong together: to what goes in, to what is learned or to what comes out. */
export function group(name, ...controls) {
  return make("div", { className: `explorer-group of-${name}`, role: "group", ariaLabel: name }, ...controls);
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

/** Where the arrow keys lead, in rows and columns. */
export const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const HANDLERS = ["onclick", "onchange", "oninput", "onfocus", "onmouseup", "onkeydown"];

/** A field of which a click selects all, so that what is typed takes its place. Without the second
 * line WebKit, when the button of the mouse comes up, selects nothing again. */
export const SELECTING = {
  onfocus: ({ target }) => target.select(),
  onmouseup: (event) => event.preventDefault(),
};

/** Mark what is made once: it is shown as it is, and never made like something else. */
export const keep = (element) => Object.assign(element, { kept: true });

/** Show these and no others. What is there becomes like them in place: focus, clicks and half-typed numbers stay. */
export function showOnly(parent, children) {
  children.forEach((child, at) => {
    const there = parent.childNodes[at];
    if (there) become(there, child);
    else parent.append(child);
  });
  while (parent.childNodes.length > children.length) parent.lastChild.remove();
}

function become(there, wanted) {
  if (there === wanted) return;
  const other = there.nodeName !== wanted.nodeName || there.kept || wanted.kept;
  if (other || there instanceof HTMLCanvasElement || there instanceof SVGElement) return there.replaceWith(wanted);
  if (!(there instanceof HTMLElement)) {
    if (there.data !== wanted.data) there.data = wanted.data;
    return;
  }
  const typing = there === document.activeElement && there.value !== there.defaultValue;
  for (const { name } of [...there.attributes]) if (!wanted.hasAttribute(name)) there.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  for (const name of HANDLERS) there[name] = wanted[name];
  const { value } = wanted; // read before its options move: a list without its chosen one chooses another
  showOnly(there, [...wanted.childNodes]);
  if (value !== undefined && !typing) there.value = value;
}

const controlsOf = (table) => [...table.rows].map((row) => [...row.querySelectorAll("input, button")]);

/** Say what is new in a place that a screen reader listens to; the same words are not said again. */
export function tell(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** Within a table of controls, the arrow keys lead from one to the next; Tab leads out of it. */
export function arrows(table, first = [0, 0]) {
  const rows = controlsOf(table);
  for (const one of rows.flat()) one.tabIndex = -1;
  const [one] = [rows[first[0]]?.[first[1]] ?? rows.flat()[0]];
  if (one) one.tabIndex = 0;
  table.setAttribute("role", "grid"); // so that a screen reader hands the arrow keys on
  table.onkeydown = lead;
  table.addEventListener("focusin", ({ currentTarget, target }) => {
    for (const other of controlsOf(currentTarget).flat()) other.tabIndex = other === target ? 0 : -1;
  });
}

function lead(event) {
  const rows = controlsOf(event.currentTarget), row = rows.findIndex((line) => line.includes(event.target));
  if (!(event.key in STEPS) || row < 0) return;
  event.preventDefault();
  const [down, right] = STEPS[event.key];
  rows[row + down]?.[rows[row].indexOf(event.target) + right]?.focus();
}

/** Draw rows of brightness from `low` to `high`; three of them are red, green and blue. With
 * `large`, a small picture has several dots a pixel, so that a line over it is thin; units stay its pixels. */
export function paint(canvas, channels, low = 0, high = 255, large = false) {
  const [red, green, blue] = channels.length === 3 ? channels : [channels[0], channels[0], channels[0]];
  const [height, width] = [red.length, red[0].length], times = large ? Math.ceil(320 / Math.max(height, width)) : 1;
  Object.assign(canvas, { width: width * times, height: height * times });
  const small = times > 1 ? make("canvas", { width, height }) : canvas;
  const context = small.getContext("2d"), picture = context.createImageData(width, height);
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
  const shown = canvas.getContext("2d");
  if (times > 1) {
    shown.imageSmoothingEnabled = false;
    shown.scale(times, times);
    shown.drawImage(small, 0, 0);
  }
  Object.assign(shown, { lineWidth: 3 / times, strokeStyle: "#ee7733" });
  return shown;
}

const isScalar = (value) => typeof value === "number" || typeof value === "boolean"
  || (typeof value === "string" && value.length < 30);

/** Where two values differ, [path, before, after], as far as two such places. */
export function differences(before, after, path = [], found = []) {
  if (before === after || found.length > 1) return found;
  const listed = Array.isArray(before) && Array.isArray(after) && before.length === after.length;
  const named = before && after && [before, after].every((one) => typeof one === "object" && !Array.isArray(one))
    && Object.keys(before).join() === Object.keys(after).join();
  if (!listed && !named) found.push([path, before, after]);
  if (named) for (const key of Object.keys(after)) differences(before[key], after[key], [...path, key], found);
  for (let at = 0; listed && at < after.length; at++) {
    if (before[at] !== after[at]) differences(before[at], after[at], [...path, at], found);
  }
  return found;
}

const MOST_UNDONE = 100; // changes that one can go back
const HANDS = ["pointerdown", "keydown", "click", "change"]; // what begins another change of the reader's

/** An explorer on the screen. What it computes and shows, its own class says. */
export class Panel {
  constructor(model, el) {
    this.model = model;
    el.classList.add("explorer");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", this.title);
    Object.assign(this, { past: [], hands: 0 });
    for (const kind of HANDS) el.addEventListener(kind, ({ repeat }) => { this.hands += repeat ? 0 : 1; }, true);
    el.addEventListener("keydown", (event) => this.undoes(event));
    // Keys belong to the explorer, not to JupyterLab, which asks the element that has the focus.
    el.addEventListener("focusin", ({ target }) => (target.dataset.lmSuppressShortcuts = "true"));
    this.box = make("div", { className: "explorer-controls" });
    this.message = make("p", { className: "explorer-message", role: "status" });
    this.body = make("div", { className: "explorer-body" });
    this.sum = make("p", { className: "explorer-sum" });
    this.sum.setAttribute("aria-live", "polite");
    el.append(this.head(el), this.box, this.message, this.body, this.sum);
    this.begin(el);
    this.come();
    this.box.append(...this.controls());
    this.filled = [...this.box.querySelectorAll("[data-name]")];
    model.on("change:state", () => {
      if (this.state === this.shown) return;
      this.come();
      this.show();
    });
    model.on("change:done", () => this.ask());
    this.show();
  }

  /** The title, what was changed last and can be undone, and the tasks. */
  head(el) {
    const large = button("\u2922", "whole screen", () => (document.fullscreenElement ? document.exitFullscreen() : el.requestFullscreen()));
    large.hidden = !document.fullscreenEnabled;
    this.back = button("\u21b6 undo", "undo the last change", () => this.undo());
    this.latest = make("span", { className: "explorer-latest", role: "status" });
    this.task = make("p", { role: "status" });
    this.pips = this.tasks.map((_, at) => make("button", { type: "button", onclick: () => this.ask(at) }));
    this.pips.forEach((pip, at) => { pip.dataset.task = this.tasks[at].name; }); // progress.js counts them
    this.ask();
    return make("div", { className: "explorer-head" },
      make("strong", { textContent: this.title, ariaHidden: "true" }),
      make("div", { className: "explorer-steps explorer-undo" }, this.latest, this.back, large),
      make("div", { className: "explorer-tasks", hidden: !this.tasks.length },
        make("div", { className: "explorer-steps", role: "group", ariaLabel: "tasks" }, ...this.pips), this.task));
  }

  get state() { return this.model.get("state"); }

  /** What an explorer is called, for those who do not see where it begins. */
  get title() { return "Explorer"; }

  /** What there is to try, from easy to hard: `{ name, text, shows, done(state, result, panel) }`. The
   * name, once published, stays: progress is kept by it. */
  get tasks() { return []; }

  /** Names of places that are looked at, numbers that change nothing else. */
  get looksAt() { return []; }

  /** Come to the places that a link names; in JupyterLab there is none. */
  come() {
    for (const name of this.looksAt) this[name] = isWhole(this.model.view?.[name], 0) ? this.model.view[name] : this[name];
  }

  /** Keep the state; while something plays, what it comes to. */
  save() {
    if (!this.player?.on) this.model.save_changes();
  }

  /** Look at another place. */
  look(name, place) {
    this[name] = place;
    if (this.model.view) {
      this.model.view[name] = place;
      this.save();
    }
    this.show(this.computed);
  }

  /** What an explorer has besides, before its controls are made. */
  begin() {}

  /** Show a task: the one that is asked for, or the first that is not done. */
  ask(at = null) {
    const known = this.model.get("done") ?? [], done = this.tasks.map(({ name }) => known.includes(name));
    const open = done.indexOf(false);
    this.asked = at ?? this.asked ?? (open < 0 ? done.length - 1 : open);
    this.pips.forEach((pip, place) => {
      pip.textContent = done[place] ? "\u2713" : place + 1;
      pip.setAttribute("aria-label", `task ${place + 1}${done[place] ? ", done" : ""}`);
      pip.setAttribute("aria-current", String(place === this.asked));
    });
    if (!done.length) return;
    const { text, shows } = this.tasks[this.asked];
    this.task.classList.toggle("done", done[this.asked]);
    tell(this.task, `Task ${this.asked + 1} of ${done.length}: ${text}` + (done[this.asked] ? ` \u2713 Done. ${shows}` : ""));
  }

  /** Mark the tasks that a change of the reader's has done. */
  check(state, result) {
    const known = this.model.get("done") ?? [];
    const news = this.tasks.filter(({ name, done }) => !known.includes(name) && done(state, result, this));
    if (!news.length) return;
    this.model.set("done", [...known, ...news.map(({ name }) => name)]);
    this.save();
    this.ask(this.tasks.indexOf(news[0]));
  }

  /** Go back to the state before the last change. */
  undo() {
    const before = this.past.pop();
    if (before) this.enter(before, this.compute(before), "Undone");
  }

  undoes(event) {
    const { key, target } = event, wanted = (event.ctrlKey || event.metaKey) && !event.shiftKey && key === "z";
    if (!wanted || (target.type === "text" && target.value !== target.defaultValue)) return; // half typed
    event.preventDefault();
    this.undo();
  }

  /** Show another state than the one that is shown, and say what is different. */
  enter(state, result, how) {
    const before = this.state;
    this.message.textContent = "";
    this.shown = state;
    this.model.set("state", state);
    this.save();
    this.show(result);
    const said = this.changed(before, state), slides = document.activeElement?.type === "range"; // it says so itself
    this.latest.setAttribute("aria-live", slides ? "off" : "polite");
    if (said && !this.player?.on) tell(this.latest, `${how}: ${said}`);
    this.back.setAttribute("aria-disabled", String(!this.past.length));
  }

  /** What is different between two states, in words; of many numbers, only that they are. */
  changed(before, after) {
    const says = (key, value) => {
      const control = this.filled.find(({ dataset }) => dataset.name === key);
      const text = [...(control?.options ?? [])].find((option) => option.value === String(value))?.textContent;
      return text ?? (typeof value === "number" ? number(value) : String(value));
    };
    return Object.keys(after).filter((key) => !key.endsWith("_name")).flatMap((key) => {
      const [one, ...more] = differences(before[key], after[key], [key]);
      if (!one) return [];
      const [path, old, now] = one, name = `${key}_name`;
      if (!more.length && isScalar(old) && isScalar(now)) {
        return [`${this.called(path)} ${says(key, old)} \u2192 ${says(key, now)}`];
      }
      if (before[name] !== after[name]) return [`${key} ${says(name, before[name])} \u2192 ${says(name, after[name])}`];
      return [Array.isArray(old) && Array.isArray(now) && old.length !== now.length ? `${key} ${old.length} \u2192 ${now.length}` : key];
    }).join("; ");
  }

  /** What a part of the state is called: by its control, or by its place in a table. */
  called([key, ...place]) {
    const control = this.filled.find(({ dataset }) => dataset.name === key);
    if (place.length === 2) return `${key}, row ${place[0]}, column ${place[1]}:`;
    return control?.closest("label").firstChild.textContent ?? [key, ...place].join(" ");
  }

  /** Keep the state that undo leads back to. */
  remember() {
    if (this.hands !== this.lastHand) this.past.push(this.state); // one line of a pen is one change
    this.lastHand = this.hands;
    if (this.past.length > MOST_UNDONE) this.past.shift();
  }

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
    this.remember();
    this.enter(wanted, result, "Changed");
    this.check(wanted, result);
  }

  /** Show the state; who had the focus keeps it. */
  show(result = this.compute(this.state)) {
    Object.assign(this, { shown: this.state, computed: result });
    for (const control of this.filled) {
      if (control.type === "range") control.show(this.state[control.dataset.name]);
      else control.value = String(this.state[control.dataset.name]);
    }
    const cells = () => [...this.body.querySelectorAll("[data-cell]")];
    const focused = this.body.contains(document.activeElement) && document.activeElement;
    const at = focused ? cells().indexOf(focused) : -1;
    this.draw(this.state, result);
    if (!focused) return;
    if (focused.isConnected) focused.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
    else (cells().find((one) => one.dataset.cell === focused.dataset.cell) ?? cells()[Math.min(at, cells().length - 1)])?.focus();
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
    const words = make("output", { ariaHidden: "true" }); // the slider itself says them
    input.dataset.name = name;
    input.show = (value) => {
      input.value = value;
      words.textContent = say(value);
      input.setAttribute("aria-valuetext", say(value));
    };
    input.oninput = () => this.change({ [name]: Number(input.value) });
    return make("label", {}, make("span", { textContent: text }), input, words);
  }

  /** Put text to the clipboard; where a page may not write there, the text is selected instead. */
  async copy(element, what) {
    try {
      await navigator.clipboard.writeText(element.textContent);
      this.message.textContent = `The ${what} is copied.`;
    } catch {
      getSelection().selectAllChildren(element);
      this.message.textContent = `This page may not copy. The ${what} is selected: press Ctrl+C, or \u2318+C on a Mac.`;
    }
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
  context.fillStyle = "#fff"; // where a picture is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return [0, 1, 2].map((channel) => Array.from({ length: height }, (_, r) =>
    Array.from({ length: width }, (_, c) => data[4 * (r * width + c) + channel])));
}
