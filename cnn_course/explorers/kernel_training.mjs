// A kernel learns another from a picture and the map that this one makes. The arithmetic is that of
// `cnn_course.conv` and of Keras's SGD; a test compares them.
import { arrows, button, figure, isTable, keep, make, number, paint, showOnly, tell } from "./panel.mjs";
import { brief, chart, largest, numbersTable, paintSigned, roundUp } from "./chart.mjs";
import { numberField, replaced } from "./fields.mjs";
import { acceptsTraining, paceAt, Training } from "./trained.mjs";
import { randomOf } from "./random.mjs";

const SIDE = 3, MOST = 5000, LARGEST_PICTURE = 64, LARGEST_NUMBER = 1000;
const DIVERGES = "It diverges: with a learning rate of RATE each step leads past the goal, further than the step before. " +
  "Reset, and take a smaller one.";
const LEARNED = 1e-8, DIVERGED = 1e9; // losses at which training ends

// They have to fit into a cell.
const short = (value) => brief(value, Math.abs(value) < 0.01 ? 1 : 2);
const plain = (value) => (Math.abs(value) < 100 ? number(value) : brief(value));

/** Slide a kernel over a picture; rows of sums. */
function correlate(image, kernel) {
  return Array.from({ length: image.length - SIDE + 1 }, (_, r) => {
    const line = new Float64Array(image[0].length - SIDE + 1);
    for (let c = 0; c < line.length; c++) {
      let sum = 0;
      for (let i = 0; i < SIDE; i++) {
        for (let j = 0; j < SIDE; j++) sum += image[r + i][c + j] * kernel[i][j];
      }
      line[c] = sum;
    }
    return line;
  });
}

/** The map of a kernel, the mean of its squared differences from the wanted one, and the gradient of that. */
export function lossOf(image, wanted, kernel) {
  const map = correlate(image, kernel), count = map.length * map[0].length;
  const gradient = kernel.map((line) => line.map(() => 0));
  let loss = 0;
  map.forEach((line, r) => line.forEach((value, c) => {
    const difference = value - wanted[r][c];
    loss += difference ** 2 / count;
    for (let i = 0; i < SIDE; i++) {
      for (let j = 0; j < SIDE; j++) gradient[i][j] += (2 * difference * image[r + i][c + j]) / count;
    }
  }));
  return { map, loss, gradient };
}

/** The training before its first step. */
function startOf({ image, kernel, seed }) {
  const random = randomOf(`kernel ${seed}`), wanted = correlate(image, kernel);
  const start = kernel.map((line) => line.map(() => random() - 0.5));
  const first = { kernel: start, velocity: kernel.map((line) => line.map(() => 0)), ...lossOf(image, wanted, start) };
  return { of: { image, kernel, seed }, wanted, steps: [{ ...first, map: null }] };
}

const endOf = ({ loss }) => (loss > DIVERGED ? "diverged" : loss < LEARNED ? "learned" : "");

/** The training at a step, with all before it; what was computed already is kept. */
export function train(state, before = null, isEnough = () => false) {
  const same = before && ["image", "kernel", "seed"].every((name) => before.of[name] === state[name]);
  const training = same ? before : startOf(state), { steps, wanted } = training;
  const pace = (at) => paceAt(state, at);
  const kept = steps.findIndex(({ pace: taken }, at) => at > 0 && String(taken) !== String(pace(at - 1)));
  steps.length = Math.min(kept < 0 ? steps.length : kept, state.steps + 1);
  while (steps.length <= state.steps && !endOf(steps.at(-1))) {
    const last = steps.at(-1), [rate, momentum] = pace(steps.length - 1);
    const velocity = last.velocity.map((line, i) => line.map((old, j) => momentum * old - rate * last.gradient[i][j]));
    const kernel = last.kernel.map((line, i) => line.map((weight, j) => weight + velocity[i][j]));
    steps.push({ kernel, velocity, pace: [rate, momentum], ...lossOf(state.image, wanted, kernel), map: null });
    if (steps.length % 32 === 0 && isEnough()) break;
  }
  return training;
}

const KERNEL_TASKS = [
  { name: "task-kernel-learned", text: "let it run until the kernel is found.",
    shows: "Picture and map are enough: each step takes a part of the gradient off each weight, until nothing is left to learn.",
    done: (state, { ended }) => ended === "learned" },
  { name: "task-kernel-diverges", text: "make it diverge: each step worse than the one before.",
    shows: "The gradient only says which way is down. With too large a learning rate a step leads past the valley, to a higher place.",
    done: (state, { ended }) => ended === "diverged" },
  { name: "task-kernel-fast", text: "let it be found in fewer than 100 steps.",
    shows: "A learning rate that is too small takes many small steps. One just below divergence swings back and forth. The best lies between.",
    done: (state, { ended, steps }) => ended === "learned" && steps < 100 },
];

class KernelTraining extends Training {
  get title() { return "Kernel training explorer"; }

  get tasks() { return KERNEL_TASKS; }

  get most() { return MOST; }

  begin() {
    Object.assign(this, { chosen: [0, 0], own: {} }); // own: the reader's, to come back to
    keep(this.sum);
    this.aside = keep(make("div", { className: "explorer-curves" }));
    this.canvases = ["picture", "wanted", "now"].map(() => make("canvas", { role: "img" }));
    const titles = ["picture", "map wanted", "map now"];
    this.maps = titles.map((title, at) => keep(figure(title, this.canvases[at])));
  }

  reach(state, isEnough) {
    this.training = train(state, this.training, isEnough);
    const { steps, wanted } = this.training, last = steps.at(-1);
    return { steps: steps.length - 1, all: steps, wanted, last, ended: endOf(last) };
  }

  controls() {
    const named = (what, text) => {
      const known = this.model.get("choices")[`${what}s`], names = Object.keys(known).map((name) => [name]);
      const own = what === "kernel" || this.state[`${what}_name`] === "own" ? [["own", "your own"]] : [];
      return this.choice(`${what}_name`, text, [...names, ...own], (name) => this.fresh({
        [what]: known[name] ?? this.own[what] ?? this.state[what], [`${what}_name`]: name }));
    };
    return [named("image", "picture"), named("kernel", "kernel to be learned"), ...this.learning()];
  }

  /** With something else to learn from, or to be learned, training begins anew. */
  fresh(changes) { return { ...changes, steps: 0, past: [] }; }

  /** The kernel that is to be learned: a number that is typed makes it the reader's own. */
  wanted({ kernel }, limit) {
    const table = numbersTable(kernel, limit, plain, { chosen: this.chosen });
    [...table.rows].forEach((row, r) => [...row.cells].forEach((cell, c) => cell.replaceChildren(
      numberField(plain(kernel[r][c]), `kernel wanted, row ${r}, column ${c}`, { cell: `wanted-${r}-${c}`, most: LARGEST_NUMBER,
        take: (value) => this.change(this.fresh({ kernel: replaced(kernel, r, c, value), kernel_name: "own" })),
        refuse: (why) => { this.message.textContent = why; } }))));
    arrows(table);
    return table;
  }

  backwards() {
    return [button("back", "one step back", () => this.advance(-1))];
  }

  speed(steps) { return 1 + Math.floor(steps / 150); }

  draw(state, result) {
    const { all, wanted, last, steps } = result;
    for (const what of ["image", "kernel"]) if (state[`${what}_name`] === "own") this.own[what] = state[what];
    this.paintMaps(state, wanted, last);
    const limit = Math.max(largest(state.kernel), 1), choose = (r, c) => {
      this.chosen = [r, c];
      this.show();
    };
    const now = numbersTable(last.kernel, limit, plain, { name: "kernel", chosen: this.chosen, choose });
    arrows(now, this.chosen);
    showOnly(this.body, [
      make("div", { className: "explorer-learner" }, make("div", { className: "explorer-trio" }, ...this.maps),
        make("div", { className: "explorer-trio" }, figure("kernel now", now),
          figure("kernel wanted", this.wanted(state, limit)),
          figure("gradient", numbersTable(last.gradient, largest(last.gradient), short, { chosen: this.chosen })))),
      this.aside,
    ]);
    showOnly(this.aside, [
      figure(`loss after ${steps} step${steps === 1 ? "" : "s"}: ${brief(last.loss, 3)}`, this.curve(state, all, steps)),
      this.arithmetic(all), this.sum,
    ]);
    if (result.ended === "diverged") this.message.textContent = DIVERGES.replace("RATE", last.pace[0]);
    tell(this.sum, this.words(state, result));
  }

  paintMaps({ image }, wanted, last) {
    const { map } = last.map ? last : lossOf(image, wanted, last.kernel), limit = largest(wanted);
    const [low, high] = [Math.min(...image.flat()), Math.max(...image.flat())];
    paint(this.canvases[0], [image], low, high);
    paintSigned(this.canvases[1], wanted, limit);
    paintSigned(this.canvases[2], map, limit);
    const words = [`the picture, ${image.length} x ${image[0].length}`, "the map that is wanted", "the map of the kernel now"];
    this.canvases.forEach((canvas, at) => canvas.setAttribute("aria-label", `${words[at]}; orange is positive, purple negative`));
    this.canvases[0].setAttribute("aria-label", words[0]);
  }

  curve(state, all, steps) {
    const losses = all.map(({ loss }) => loss);
    return chart({
      x: "step", y: "loss (each line is ten times the next)", lines: [{ name: "loss", values: losses, className: "first" }],
      last: roundUp(Math.max(steps, 50)), at: steps, marks: state.past.map(([until]) => until).filter((until) => until < steps),
      says: `The loss from ${brief(losses[0], 3)} at the start to ${brief(losses.at(-1), 3)} after ${steps} steps, on a logarithmic axis.`,
      choose: (place) => place >= 0 && place < steps && this.advance(place - this.at),
    });
  }

  /** How the chosen weight came about. */
  arithmetic(all) {
    const [i, j] = this.chosen, [before, now] = all.slice(-2), place = `Weight in row ${i}, column ${j}`;
    const text = all.length < 2
      ? `${place}: it starts at ${brief(before.kernel[i][j], 4)}, drawn at random. Its gradient is ${brief(before.gradient[i][j])}: ` +
        `the next step makes it ${before.gradient[i][j] > 0 ? "smaller" : "larger"}.`
      : `${place}: move = momentum ${now.pace[1]} \u00b7 last move (${brief(before.velocity[i][j])}) \u2212 learning rate ${now.pace[0]} ` +
        `\u00b7 gradient (${brief(before.gradient[i][j])}) = ${brief(now.velocity[i][j])}. ` +
        `So ${brief(before.kernel[i][j], 4)} became ${brief(now.kernel[i][j], 4)}.`;
    return make("p", { className: "explorer-sizes", textContent: text });
  }

  words(state, { last, steps, ended }) {
    const far = largest(last.kernel.map((line, i) => line.map((weight, j) => weight - state.kernel[i][j])));
    const at = `Step ${steps}: loss ${brief(last.loss, 3)}; no weight is further than ${brief(far)} from the kernel that is looked for.`;
    return ended === "learned" ? `${at} Learned: it is found from the picture and the map alone.` : at;
  }
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts(state) {
  const small = (table, least, most) => isTable(table) && [table, table[0]].every(({ length }) => length >= least && length <= most)
    && table.every((line) => line.every((value) => Math.abs(value) <= LARGEST_NUMBER));
  return small(state.image, SIDE + 1, LARGEST_PICTURE) && small(state.kernel, SIDE, SIDE) && acceptsTraining(state, MOST);
}

/** An address has the names of picture and kernel; and the numbers of a kernel that somebody typed. */
export function kept({ image, kernel, ...rest }) {
  return rest.kernel_name === "own" ? { ...rest, kernel } : rest;
}

export function revived(found, { state, choices }) {
  const wanted = { ...state, ...found };
  for (const what of ["image", "kernel"]) {
    const known = choices[`${what}s`], name = `${what}_name`;
    if (what === "kernel" && wanted[name] === "own" && found.kernel) continue;
    const there = Object.hasOwn(known, wanted[name]);
    wanted[what] = there ? known[wanted[name]] : state[what];
    if (!there && typeof wanted[name] === "string") wanted[name] = state[name];
  }
  return wanted;
}

export default { accepts, kept, revived, render: ({ model, el }) => { new KernelTraining(model, el); } };
