// Training in the page: step by step, or on and on until it is paused, with a learning rate and a momentum
// that may change on the way. The state says how it went, so that an address brings it back.
import { button, clamp, isWhole, make, Panel } from "./panel.mjs";

const RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];
const MOMENTA = [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98];
const MOST_PERIODS = 500; // of an address
const [SLICE, CATCHING_UP] = [12, 40]; // milliseconds of work before the page is drawn again
const LEAP = 400; // milliseconds between two pictures for those who want no motion
const FRAME = 1000 / 60; // and for all others

/** Learning rate and momentum of a step: those that were set when it was taken. */
export function paceAt({ past, rate, momentum }, step) {
  const period = past.find(([until]) => step < until);
  return period ? period.slice(1) : [rate, momentum];
}

/** What was set before a step: periods, each until which step, with which learning rate and momentum. */
export function periods(state, step) {
  const earlier = state.past.filter(([until]) => until < step);
  return step ? [...earlier, [step, ...paceAt(state, step - 1)]] : [];
}

/** Whether what an address says of a training can be: `most` steps. */
export function acceptsTraining({ steps, rate, momentum, seed, past }, most) {
  const pace = (one, two) => Number.isFinite(one) && one > 0 && one <= 10 && Number.isFinite(two) && two >= 0 && two < 1;
  return isWhole(steps, 0, most) && isWhole(seed, 1) && pace(rate, momentum)
    && Array.isArray(past) && past.length <= MOST_PERIODS
    && past.every((one, at) => Array.isArray(one) && one.length === 3 && isWhole(one[0], 1, most)
      && pace(one[1], one[2]) && (!at || one[0] > past[at - 1][0]));
}

/** A panel that trains. Its class has `most`, and `reach(state, isEnough)`: go on towards `state.steps`
 * until that says so, and return what there is, with `steps` and, where training ended, `ended`. */
export class Training extends Panel {
  compute(state) {
    const end = performance.now() + (this.running ? SLICE : CATCHING_UP);
    return this.reach(state, () => performance.now() > end);
  }

  change(changes) {
    const paced = "rate" in changes || "momentum" in changes;
    super.change(paced ? { past: periods(this.state, this.at), ...changes } : changes);
  }

  /** Show what there is; what is still to be computed comes after the page was drawn. */
  show(result = this.compute(this.state)) {
    this.at = result.steps;
    super.show(result);
    const behind = result.steps < this.state.steps && !result.ended;
    if (behind && !this.running) requestAnimationFrame(() => this.box.isConnected && this.show());
  }

  /** Go so many steps on, or back. */
  advance(by) {
    const { state } = this, steps = clamp(this.at + by, 0, this.most);
    const wanted = { ...state, steps, past: by < 0 ? periods(state, steps) : state.past };
    const result = this.compute(wanted);
    this.remember(); // a run is one change
    this.message.textContent = "";
    this.shown = { ...wanted, steps: result.ended || this.running ? result.steps : steps };
    this.model.set("state", this.shown);
    this.show(result);
    this.back.setAttribute("aria-disabled", "false");
    this.check(this.state, result);
    if (result.ended || steps === this.most) this.pause();
    if (!this.running) this.model.save_changes();
  }

  /** How many steps a picture of a running training is on, at a step. */
  speed() { return 1; }

  run() {
    if (this.running) return this.pause();
    this.running = true;
    this.label();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const later = (act) => (still ? setTimeout(act, LEAP) : requestAnimationFrame(act));
    let pictures = 0, before = performance.now();
    const turn = () => {
      if (!this.running || !this.box.isConnected) return;
      const now = performance.now(), missed = clamp((now - before) / FRAME, 1, 20); // a slow device shows fewer pictures
      before = now;
      const first = !still && this.state.steps < 20; // they can be followed
      if (!first || pictures++ % 8 === 0) this.advance(Math.round(this.speed(this.state.steps) * (first ? 1 : missed)));
      later(turn);
    };
    later(turn);
  }

  pause() {
    if (!this.running) return;
    this.running = false;
    this.label();
    this.model.save_changes();
    this.show();
  }

  label() {
    this.runner.textContent = this.running ? "\u275a\u275a pause" : "\u25b6 run";
    this.runner.setAttribute("aria-label", this.running ? "pause" : "run");
    this.sum.setAttribute("aria-live", this.running ? "off" : "polite"); // nobody listens that fast
  }

  /** What every training has: how fast it learns, and the keys that lead through it. */
  learning() {
    this.runner = button("\u25b6 run", "run", () => this.run());
    const again = () => this.change({ steps: 0, past: [] });
    const other = () => this.change({ steps: 0, past: [], seed: this.state.seed + 1 });
    return [
      this.graded("rate", "learning rate", RATES), this.graded("momentum", "momentum", MOMENTA),
      make("div", { className: "explorer-steps", role: "group", ariaLabel: "training" }, this.runner,
        button("step", "one step", () => this.advance(1)), ...this.backwards(),
        button("reset", "reset: the same start again", again),
        button("other start", "another random start", other)),
    ];
  }

  /** Keys that lead back, where what was is kept. */
  backwards() { return []; }

  /** A slider over values that are not evenly far from one another. */
  graded(name, text, values) {
    const label = this.slider(name, text, [0, values.length - 1, 1], String), [, input, words] = label.children;
    input.show = (value) => {
      const far = values.map((one) => Math.abs(one - value));
      input.value = far.indexOf(Math.min(...far));
      words.textContent = value;
      input.setAttribute("aria-valuetext", value);
    };
    input.oninput = () => this.change({ [name]: values[input.value] });
    return label;
  }
}
