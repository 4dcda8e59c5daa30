// A small network learns digits in the page: convolution, ReLU, max pooling, dense, softmax. The arithmetic is
// that of `cnn_course.conv` and of Keras's SGD, from the same start in the same order; a test compares them.
import { button, figure, keep, make, paint, showOnly, tell } from "./panel.mjs";
import { brief, chart, largest, paintSigned, roundUp } from "./chart.mjs";
import { acceptsTraining, paceAt, Training } from "./trained.mjs";
import { randomOf } from "./random.mjs";

const SIDE = 8, KERNEL = 3, FILTERS = 8, MAP = SIDE - KERNEL + 1, POOLED = MAP / 2, CLASSES = 10;
const VALUES = POOLED * POOLED * FILTERS, BATCH = 20, MOST = 5000, SHOWN = 24; // digits on the screen
const EVERY = 6; // steps between two tests on digits that it has not seen
const DIVERGED = 1000; // a loss at which training ends
const ENDS = {
  diverged: "It diverges: a learning rate of RATE is too large, and the weights grow without end. Reset, and take a smaller one.",
  dead: "It is dead: no kernel finds anything in any digit, so no gradient comes back to them. A learning rate of RATE, with this " +
    "momentum, is too large. Reset, and take a smaller one.",
};

/** The digits: pixels from 0 to 1, SIDE x SIDE each, labels, and how many of them are to learn from. */
export function digitsOf({ pixels, labels, training }) {
  const packed = atob(pixels), values = new Float64Array(2 * packed.length);
  for (let at = 0; at < packed.length; at++) {
    values[2 * at] = (packed.charCodeAt(at) >> 4) / 15;
    values[2 * at + 1] = (packed.charCodeAt(at) & 15) / 15;
  }
  const length = SIDE * SIDE, all = Array.from(labels, (_, at) => values.subarray(at * length, (at + 1) * length));
  return { pixels: all, labels: Array.from(labels, Number), training };
}

/** Kernels, their bias, dense weights, their bias; and nothing learned. */
function startOf(seed) {
  const random = randomOf(`digits ${seed}`);
  const drawn = (length, limit) => Float64Array.from({ length }, () => (2 * random() - 1) * limit);
  const kernels = drawn(KERNEL * KERNEL * FILTERS, Math.sqrt(6 / (KERNEL * KERNEL * (1 + FILTERS))));
  const dense = drawn(VALUES * CLASSES, Math.sqrt(6 / (VALUES + CLASSES)));
  const weights = [kernels, new Float64Array(FILTERS), dense, new Float64Array(CLASSES)];
  const none = () => weights.map(({ length }) => new Float64Array(length));
  return { seed, random, weights, velocity: none(), gradient: none(), order: [], paces: [], losses: [], unseen: [] };
}

/** Which digits the next step takes: all in a random order, then again. */
function batchOf({ order, random }, training) {
  if (!order.length) {
    for (let at = 0; at < training; at++) order.push(at);
    for (let last = training - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [order[last], order[other]] = [order[other], order[last]];
    }
  }
  return order.splice(0, BATCH);
}

/** What the network makes of one digit: maps after ReLU, the largest of each 2 x 2, where it was, probabilities. */
function forward(pixels, [kernels, bias, dense, denseBias]) {
  const maps = new Float64Array(MAP * MAP * FILTERS), pooled = new Float64Array(VALUES), won = new Int32Array(VALUES);
  for (let r = 0, at = 0; r < MAP; r++) {
    for (let c = 0; c < MAP; c++, at += FILTERS) {
      maps.set(bias, at);
      for (let i = 0; i < KERNEL; i++) {
        for (let j = 0; j < KERNEL; j++) {
          const pixel = pixels[(r + i) * SIDE + c + j], from = (i * KERNEL + j) * FILTERS;
          for (let f = 0; pixel && f < FILTERS; f++) maps[at + f] += pixel * kernels[from + f];
        }
      }
      for (let f = 0, place = ((r >> 1) * POOLED + (c >> 1)) * FILTERS; f < FILTERS; f++, place++) {
        if (maps[at + f] < 0) maps[at + f] = 0;
        if ((r | c) & 1 && maps[at + f] <= pooled[place]) continue; // the first of a window always counts
        pooled[place] = maps[at + f];
        won[place] = at + f;
      }
    }
  }
  const scores = Float64Array.from(denseBias);
  pooled.forEach((value, at) => {
    for (let k = 0; value && k < CLASSES; k++) scores[k] += value * dense[at * CLASSES + k];
  });
  const most = Math.max(...scores), powers = scores.map((score) => Math.exp(score - most)), sum = powers.reduce((a, b) => a + b);
  return { maps, pooled, won, probabilities: powers.map((power) => power / sum), loss: (label) => Math.log(sum) + most - scores[label] };
}

/** Add what one digit says about every weight; return its loss. */
function backward(pixels, label, weights, gradient) {
  const { pooled, won, maps, probabilities, loss } = forward(pixels, weights), [dkernels, dbias, ddense, ddenseBias] = gradient;
  const wrong = probabilities.map((share, k) => (share - (k === label ? 1 : 0)) / BATCH);
  wrong.forEach((value, k) => { ddenseBias[k] += value; });
  for (let at = 0; at < VALUES; at++) {
    let back = 0;
    for (let k = 0; k < CLASSES; k++) {
      ddense[at * CLASSES + k] += pooled[at] * wrong[k];
      back += weights[2][at * CLASSES + k] * wrong[k];
    }
    if (!(maps[won[at]] > 0)) continue; // switched off by ReLU
    const f = won[at] % FILTERS, place = (won[at] - f) / FILTERS, r = Math.floor(place / MAP), c = place % MAP;
    dbias[f] += back;
    for (let i = 0; i < KERNEL; i++) {
      for (let j = 0; j < KERNEL; j++) dkernels[(i * KERNEL + j) * FILTERS + f] += back * pixels[(r + i) * SIDE + c + j];
    }
  }
  return loss(label);
}

/** Of the digits that it has not seen: the share that is read rightly, the mean loss, whether a kernel finds anything. */
function tested({ weights }, { pixels, labels, training }) {
  let right = 0, loss = 0, alive = false;
  for (let at = training; at < labels.length; at++) {
    const answer = forward(pixels[at], weights);
    loss += answer.loss(labels[at]) / (labels.length - training);
    if (bestOf(answer.probabilities) === labels[at]) right += 1;
    alive ||= answer.pooled.some((value) => value > 0);
  }
  return { accuracy: right / (labels.length - training), loss, alive };
}

const bestOf = (shares) => shares.indexOf(Math.max(...shares));

const endOf = ({ losses, unseen }) => (losses.at(-1) > DIVERGED ? "diverged" : unseen.at(-1).alive ? "" : "dead");

function step(training, digits, [rate, momentum]) {
  const { weights, velocity, gradient } = training;
  for (const one of gradient) one.fill(0);
  let loss = 0;
  for (const at of batchOf(training, digits.training)) loss += backward(digits.pixels[at], digits.labels[at], weights, gradient) / BATCH;
  weights.forEach((values, part) => values.forEach((_, at) => {
    velocity[part][at] = momentum * velocity[part][at] - rate * gradient[part][at];
    values[at] += velocity[part][at];
  }));
  training.losses.push(loss);
  training.paces.push([rate, momentum]);
}

/** The training at a step; what was computed already is kept where it leads there. */
export function train(state, digits, before = null, isEnough = () => false) {
  const leads = before?.seed === state.seed && before.paces.length <= state.steps
    && before.paces.every((pace, at) => String(pace) === String(paceAt(state, at)));
  const training = leads ? before : startOf(state.seed), { losses, unseen } = training;
  if (!unseen.length) unseen.push(tested(training, digits));
  while (losses.length < state.steps && !endOf(training)) {
    step(training, digits, paceAt(state, losses.length));
    unseen.push(losses.length % EVERY ? unseen.at(-1) : tested(training, digits));
    if (isEnough()) break;
  }
  return training;
}

const TRAINING_TASKS = [
  { name: "task-training-most", text: "train until it reads four of five unseen digits rightly.",
    shows: "It has learned from other digits, and what it has learned holds for these. Look at its kernels: they are no longer random.",
    done: (state, { accuracy }) => accuracy >= 0.8 },
  { name: "task-training-slow", text: "start again, and find a learning rate with which 50 steps teach it next to nothing.",
    shows: "Steps that are too small lead the same way, but take long to get anywhere.",
    done: ({ past }, { accuracy, steps }) => steps >= 50 && !past.length && accuracy < 0.3 },
  { name: "task-training-fast", text: "start again, and let it read more than 85 % rightly after 100 steps at most.",
    shows: "Learning rate and momentum work together: momentum 0.9 makes a step in a steady direction ten times as long.",
    done: (state, { accuracy, steps }) => accuracy > 0.85 && steps <= 100 },
];

class DigitTraining extends Training {
  get title() { return "Digit training explorer"; }

  get tasks() { return TRAINING_TASKS; }

  get most() { return MOST; }

  begin() {
    this.digits = digitsOf(this.model.get("choices").digits);
    this.looked = this.digits.training; // the digit whose maps are shown
    const canvas = () => make("canvas", { role: "img" });
    this.filters = Array.from({ length: FILTERS }, () => [canvas(), canvas()]);
    this.detectors = keep(make("div", { className: "explorer-detectors" },
      ...this.filters.map(([kernel, map]) => make("div", {}, kernel, map))));
    this.answers = Array.from({ length: SHOWN }, (_, k) => this.answer(this.digits.training + k * 7));
    this.unseen = keep(make("div", { className: "explorer-unseen" }, ...this.answers.map(({ key }) => key)));
  }

  /** A digit that it has not seen, to be looked at, with what the network takes it for. */
  answer(at) {
    const picture = make("canvas"), said = make("span"), key = button("", "", () => {
      this.looked = at;
      this.show();
    });
    key.append(picture, said);
    key.dataset.cell = `digit-${at}`;
    paint(picture, [rowsOf(this.digits.pixels[at], SIDE)], 0, 1);
    return { at, key, said };
  }

  reach(state, isEnough) {
    this.training = train(state, this.digits, this.training, isEnough);
    const { losses, unseen } = this.training;
    return { steps: losses.length, ended: endOf(this.training), accuracy: unseen.at(-1).accuracy };
  }

  controls() { return this.learning(); }

  speed(steps) { return steps < 100 ? 1 : 3; }

  draw(state, { steps, ended }) {
    const { weights, losses, unseen } = this.training, now = this.running ? unseen.at(-1) : tested(this.training, this.digits);
    this.paintDetectors(weights);
    for (const one of this.answers) this.show1(one, weights);
    const percent = `${(100 * now.accuracy).toFixed(0)} %`;
    showOnly(this.body, [
      make("div", { className: "explorer-learner" },
        figure("8 kernels, and what each finds in the marked digit", this.detectors),
        figure("unseen digits, and what it takes them for", this.unseen)),
      make("div", { className: "explorer-curves" }, figure("loss", this.losses(state, losses, unseen, steps)),
        figure(`read rightly, of ${this.digits.labels.length - this.digits.training} unseen digits: ${percent}`, this.accuracy(unseen, steps))),
    ]);
    if (ended) this.message.textContent = ENDS[ended].replace("RATE", paceAt(state, steps - 1)[0]);
    const epochs = (steps * BATCH) / this.digits.training;
    tell(this.sum, `Step ${steps}, ${BATCH} digits each: it has seen its ${this.digits.training} digits ${epochs.toFixed(1)} times. ` +
      (losses.length ? `Loss of the last ${BATCH}: ${brief(losses.at(-1))}. ` : "") +
      `Of those that it has not seen, it reads ${percent} rightly.`);
  }

  show1({ at, key, said }, weights) {
    const { pixels, labels } = this.digits, answer = bestOf(forward(pixels[at], weights).probabilities), right = answer === labels[at];
    said.textContent = right ? answer : `${answer} \u2717`;
    key.classList.toggle("wrong", !right);
    key.setAttribute("aria-label", `a ${labels[at]}, taken for a ${answer}`);
    key.setAttribute("aria-pressed", String(at === this.looked));
  }

  paintDetectors([kernels]) {
    const { maps } = forward(this.digits.pixels[this.looked], this.training.weights), most = largest([maps]), strong = largest([kernels]);
    this.filters.forEach(([kernel, map], f) => {
      const weight = rowsOf(kernels.filter((_, at) => at % FILTERS === f), KERNEL);
      paintSigned(kernel, weight, strong);
      kernel.setAttribute("aria-label", `kernel ${f + 1}: ${weight.map((line) => Array.from(line, (value) => brief(value)).join(" ")).join("; ")}`);
      paint(map, [rowsOf(maps.filter((_, at) => at % FILTERS === f), MAP)], 0, most);
      map.setAttribute("aria-label", `map of kernel ${f + 1}, the larger a value, the brighter`);
    });
  }

  losses({ past }, losses, unseen, steps) {
    return chart({
      x: "step", y: "", first: 0, last: roundUp(Math.max(steps, 50)), at: steps, marks: past.map(([until]) => until).filter((until) => until < steps),
      lines: [{ name: "its batch", values: losses, className: "first faint" },
        { name: "unseen digits", values: unseen.map(({ loss }) => loss), className: "second" }],
      says: `The loss on digits that it has not seen, from ${brief(unseen[0].loss)} to ${brief(unseen.at(-1).loss)}.`,
    });
  }

  accuracy(unseen, steps) {
    const shares = unseen.map(({ accuracy }) => 100 * accuracy);
    return chart({
      x: "step", y: "%", last: roundUp(Math.max(steps, 50)), at: steps, log: false, range: [0, 100], lines: [{ name: "", values: shares, className: "second" }],
      says: `Unseen digits that are read rightly, from ${shares[0].toFixed(0)} % to ${shares.at(-1).toFixed(0)} %.`,
    });
  }
}

const rowsOf = (values, width) => Array.from({ length: values.length / width }, (_, r) => values.subarray(r * width, (r + 1) * width));

/** Whether a state, which may come from an address, can be shown. */
export const accepts = (state) => acceptsTraining(state, MOST);

export default { accepts, render: ({ model, el }) => { new DigitTraining(model, el); } };
