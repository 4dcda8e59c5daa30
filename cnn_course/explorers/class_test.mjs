// A class test on the screen: the chapter's own or one of a seed, answered, marked and printed there.
import { button, isWhole, labelled, make, Panel, SELECTING, showOnly, tell } from "./panel.mjs";
import { KINDS, sources } from "./layers.mjs";
import { generate, testAbout } from "./generated.mjs";
import { inWords, markAnswers, slides } from "./questions.mjs";

const LARGEST_SEED = 2 ** 31;
const LONGEST_ANSWER = 200; // letters of an answer
const WHAT = { add: "add, value by value", concatenate: "concatenate along the channels" };
const HEADS = ["question", "points", "your answer", "verdict"];
const numbered = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** What a layer is, in words. */
function described(layer) {
  const { kind, size, stride, padding } = layer, parts = [WHAT[kind] ?? KINDS[kind].name];
  if (kind === "dense") parts.push(numbered(layer.units, "unit"));
  if (kind === "conv") parts.push(`${numbered(layer.filters, "filter")} of ${size} x ${size}`);
  if (kind === "depthwise") parts.push(`one kernel of ${size} x ${size} for each channel`);
  if (kind === "max" || kind === "average") parts[0] += ` ${size} x ${size}`;
  if (slides(layer)) parts.push(`stride ${stride}`, `padding ${padding}`);
  return `${parts.join(", ")}${layer.bias === false ? ", without bias" : ""}`;
}

const tables = (name, head, rows) => make("table", { className: "explorer-layers", ariaLabel: name },
  make("thead", {}, make("tr", {}, ...head.map((textContent) => make("th", { textContent, scope: "col" })))),
  make("tbody", {}, ...rows));

const points = (marks) => marks?.reduce((sum, one) => sum + one.points, 0) ?? 0;
const possible = (test) => test.questions.reduce((sum, one) => sum + one.points, 0);
const CLASS_TEST_TASKS = [
  { name: "task-marked", text: "answer one question, and let it be marked.",
    shows: "The verdict says what was counted, and which mistake your number looks like.",
    done: (state, { marks }) => points(marks) > 0 },
  { name: "task-half", text: "get half of the points of a test.",
    shows: "An answer that follows rightly from a wrong one before it counts as right.",
    done: (state, { test, marks }) => points(marks) >= possible(test) / 2 },
  { name: "task-all", text: "get all points of a test that a seed has made.",
    shows: "Its network was new to you, and you counted it without a mistake.",
    done: ({ level }, { test, marks }) => level !== "own" && points(marks) === possible(test) },
];

class ClassTest extends Panel {
  get title() { return "Explorer of class tests"; }

  get tasks() { return CLASS_TEST_TASKS; }

  begin(el) {
    this.root = el;
    this.made = {}; // test by level and seed: drawing one takes a moment
    this.name = `class-test-${Math.random().toString(36).slice(2)}`; // its own on a page
  }

  compute({ level, seed, answers, marked }) {
    const test = this.test(level, seed);
    return { test, marks: marked ? markAnswers(answers, test.network, test.questions) : null };
  }

  test(level, seed) {
    const { own } = this.model.get("choices");
    const name = level === "own" ? level : `${level} ${seed}`;
    this.made[name] ??= level === "own" ? testAbout(own.title, own, own.names, own.kinds) : generate(seed, level);
    return this.made[name];
  }

  controls() {
    const anew = { answers: {}, marked: false };
    const { levels } = this.model.get("choices");
    const level = this.choice("level", "test", levels, (value) => ({ level: value, ...anew }));
    const seed = make("input", { type: "text", inputMode: "numeric", size: 8, ...SELECTING });
    seed.dataset.name = "seed";
    seed.onchange = () => {
      const number = Number(seed.value.trim());
      if (/^\d+$/.test(seed.value.trim()) && number < LARGEST_SEED) return this.change({ seed: number, ...anew });
      this.message.textContent = `"${seed.value}" is no whole number from 0. ${this.state.seed} is kept.`;
      seed.value = String(this.state.seed);
    };
    const another = button("another test", "another test, from a seed drawn at random", () =>
      this.change({ seed: Math.floor(Math.random() * 1e6), ...anew,
        level: this.state.level === "own" ? "exam" : this.state.level }));
    return [level, labelled("seed", seed), another];
  }

  draw({ level, seed, answers, marked }, { test, marks }) {
    const { rules } = this.model.get("choices"), { network, names } = test;
    const layers = network.layers.map((layer, place) => make("tr", {},
      make("th", { scope: "row", textContent: names[place] }),
      make("td", { textContent: sources(network.layers, place).map((one) => names[one - 1] ?? "input").join(" and ") }),
      make("td", { textContent: described(layer) })));
    const questions = test.questions.map((question, at) => this.question(question, answers, marks?.[at], at));
    const mark = button("mark", "mark all answers", () => {
      this.change({ marked: true });
      // Exercises of the page hear it, see ../checks/exercises.mjs.
      this.root.dispatchEvent(new CustomEvent("class-test-marked", { bubbles: true, detail: this.result }));
    });
    const clear = button("clear", "clear all answers", () => this.change({ answers: {}, marked: false }));
    const print = button("print", "print this test", () => this.print());
    mark.dataset.cell = "mark";
    clear.dataset.cell = "clear";
    print.dataset.cell = "print";
    showOnly(this.body, [make("div", { className: "explorer-test" },
      make("p", {}, make("strong", { textContent: test.title })),
      make("p", { textContent: `A picture of ${network.input.join(" x ")}, called input, and these layers:` }),
      tables("layers", ["layer", "takes", "what it is"], layers),
      make("p", { textContent: rules }), tables("questions", HEADS, questions),
      make("p", { className: "explorer-steps" }, mark, clear, print))]);
    const most = possible(test);
    this.result = { level, seed, points: points(marks), possible: most };
    tell(this.sum, `${test.title}: ${marked ? `${points(marks)} of ` : ""}${most} points.`);
  }

  question({ name, text, points, kind }, answers, mark, at) {
    const input = make("input", { type: "text", autocomplete: "off", defaultValue: answers[name] ?? "" });
    const verdict = mark ? inWords(mark, this.model.get("choices").hints) : "";
    input.dataset.cell = name;
    input.maxLength = LONGEST_ANSWER;
    input.setAttribute("aria-label", `${text}, ${numbered(points, "point")}`);
    if (kind !== "shape" && !kind.endsWith("activation")) input.inputMode = "numeric";
    if (mark) input.setAttribute("aria-invalid", String(!["right", "follows", "open"].includes(mark.outcome)));
    input.onchange = ({ target }) =>
      this.change({ answers: { ...this.state.answers, [name]: target.value }, marked: false });
    const cells = [mark ? `${mark.points} of ${points}` : String(points), input, verdict].map((content, column) => {
      const cell = make("td", {}, content);
      cell.dataset.head = HEADS[column + 1]; // a phone shows it in the cell
      return cell;
    });
    cells[2].id = `${this.name}-${at}`;
    if (mark) input.setAttribute("aria-describedby", cells[2].id);
    return make("tr", {}, make("th", { scope: "row", textContent: text }), ...cells);
  }

  print() {
    this.root.classList.add("explorer-printed");
    addEventListener("afterprint", () => this.root.classList.remove("explorer-printed"), { once: true });
    print();
  }
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts({ level, seed, answers, marked }, { levels }) {
  return levels.some(([known]) => known === level) && isWhole(seed, 0, LARGEST_SEED - 1)
    && typeof marked === "boolean" && typeof answers === "object" && answers !== null && !Array.isArray(answers)
    && Object.values(answers).every((text) => typeof text === "string" && text.length <= LONGEST_ANSWER);
}

export default { accepts, render: ({ model, el }) => { new ClassTest(model, el); } };
