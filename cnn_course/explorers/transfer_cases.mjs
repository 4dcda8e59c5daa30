// The explorer of transfers. What it says, `cnn_course.cases` has said: `choices` has a stretch for
// every number of pictures on the plane, and this module looks it up and draws it.
import { clamp, figure, isWhole, keep, labelled, make, Panel, SELECTING, showOnly, tell } from "./panel.mjs";

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 44, TOP = 34, WIDE = 268, ROW = 54; // units of the plane: where it begins, how large it is
const NICE = [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]; // steps of the arrow keys
const LEADS = { true: "\u2713", false: "\u2717", null: "\u2013" };
const AGREES = { true: "Rule and measurement agree.", false: "The measurement contradicts the rule.",
  null: "Nothing is measured for it yet." };
const count = (value) => value.toLocaleString("en");

/** What is said about a case. */
export function looked({ pictures, similarity }, { stretches }) {
  const found = stretches[similarity].find(({ from, to }) => from <= pictures && pictures <= to);
  return { ...found, case: found.case.join(count(pictures)) };
}

/** Neighbouring stretches of which the rule says the same, as one. */
export function regions(stretches) {
  const found = [];
  for (const { from, to, rule, number } of stretches) {
    if (found.at(-1)?.number === number) found.at(-1).to = to;
    else found.push({ from, to, rule, number });
  }
  return found;
}

/** The next number of pictures to the right (1) or to the left (-1). */
export function next(pictures, way, most) {
  const all = [];
  for (let power = 1; power <= most; power *= 10) all.push(...NICE.map((one) => +(one * power).toFixed(6)));
  const fit = all.filter((one) => Number.isInteger(one) && one <= most && (one - pictures) * way > 0);
  return (way > 0 ? fit[0] : fit.at(-1)) ?? pictures;
}

/** A number of pictures that is written in one of the usual ways: 1200 or 1,200; otherwise NaN. */
export function typed(text) {
  const digits = text.trim();
  return /^(\d+|\d{1,3}(,\d{3})+)$/.test(digits) ? Number(digits.replaceAll(",", "")) : NaN;
}

const across = (pictures, most) => LEFT + (WIDE * Math.log(pictures)) / Math.log(most);

/** The number of pictures at a place of the plane, with two digits that count. */
function under(x, most) {
  const exact = most ** clamp((x - LEFT) / WIDE, 0, 1), unit = 10 ** Math.max(Math.floor(Math.log10(exact)) - 1, 0);
  return clamp(Math.round(exact / unit) * unit, 1, most);
}

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const TRANSFER_TASKS = [
  { name: "task-several", text: "find a case for which the rule names two strategies or more.",
    shows: "There the rule leaves it to you, and to a measurement.",
    done: (state, { rule }) => rule.length > 1 },
  { name: "task-unmeasured", text: "find a case for which nothing is measured yet.",
    shows: "Too far from the squares, the rule stands alone. Whether it holds there, an experiment of your own would say.",
    done: (state, { agrees }) => agrees === null },
  { name: "task-border", text: "find a number of pictures at which one picture more changes what the rule names.",
    shows: "The border is a convention: one picture more changes next to nothing of what would be measured.",
    done: (state, { rule }, { choices }) => state.pictures < choices.most
      && looked({ ...state, pictures: state.pictures + 1 }, choices).rule.join() !== rule.join() },
];

class TransferCases extends Panel {
  get title() { return "Explorer of transfers"; }

  get tasks() { return TRANSFER_TASKS; }

  begin() {
    this.choices = this.model.get("choices");
    this.similarities = Object.keys(this.choices.stretches);
    this.places = make("div", { className: "explorer-plane" }, this.plane());
    this.key = make("small", { textContent: "Numbers: what the rule of thumb names, as in the list of " +
      "strategies. Square: measured. Circle: your case, with a line to the measured cell that is taken for it." });
    this.places.append(this.key);
    this.case = keep(figure("your case", this.places));
    this.said = keep(make("dl", { className: "explorer-case" }));
  }

  compute(state) {
    if (!isWhole(state.pictures, 1, this.choices.most) || !this.similarities.includes(state.similarity)) {
      throw new Error(`There is no such case: ${state.pictures} pictures, ${state.similarity}.`);
    }
    return looked(state, this.choices);
  }

  controls() {
    const input = make("input", { type: "text", inputMode: "numeric", size: 7, ...SELECTING });
    input.dataset.name = "pictures";
    input.onchange = () => {
      const wanted = typed(input.value), { most } = this.choices;
      if (isWhole(wanted, 1, most)) return this.change({ pictures: wanted });
      const { pictures } = this.state;
      this.message.textContent =
        `"${input.value}" is not a whole number from 1 to ${count(most)}. ${count(pictures)} is kept.`;
      input.value = String(pictures);
    };
    return [labelled("training pictures", input),
      this.choice("similarity", "similarity to the source", this.similarities.map((one) => [one]))];
  }

  /** The plane with what does not move: regions of the rule, measured cells, scales. */
  plane() {
    const { stretches, measured, most } = this.choices, height = TOP + ROW * this.similarities.length;
    const drawn = draw("svg", { viewBox: `0 0 ${LEFT + WIDE + 8} ${height + 34}`, tabindex: 0, role: "application",
      "aria-label": "Plane: training pictures from left to right, similarity from top to bottom. " +
        "The arrow keys move your case." });
    drawn.dataset.cell = "plane";
    this.similarities.forEach((similarity, row) => {
      const top = TOP + row * ROW;
      drawn.append(draw("text", { x: LEFT - 6, y: top + ROW / 2 + 4, "text-anchor": "end" }, similarity));
      regions(stretches[similarity]).forEach((region, place) =>
        drawn.append(...this.region(region, place, top)));
      for (const pictures of measured[similarity]) {
        drawn.append(draw("rect", { class: "measured", x: across(pictures, most) - 4, y: top + ROW / 2 + 4,
          width: 8, height: 8 }, draw("title", {}, `measured: ${similarity}, ${count(pictures)} pictures`)));
      }
    });
    drawn.append(...this.scales(height));
    this.line = draw("line", { class: "taken" });
    this.point = draw("circle", { class: "case", r: 7 });
    drawn.append(this.line, this.point);
    this.listen(drawn);
    this.drawn = drawn;
    return drawn;
  }

  /** A part of the plane for which the rule names the same. */
  region({ from, to, rule }, place, top) {
    const { most, strategies } = this.choices;
    const left = from === 1 ? LEFT : across(from - 0.5, most), right = to === most ? LEFT + WIDE : across(to + 0.5, most);
    const numbers = rule.map((name) => strategies.indexOf(name) + 1);
    const text = [numbers.slice(0, -1).join(", "), numbers.at(-1)].filter(Boolean).join(" or ");
    return [
      draw("rect", { class: `region ${place % 2 ? "other" : ""}`, x: left, y: top, width: right - left, height: ROW },
        draw("title", {}, rule.join(" or "))),
      draw("text", { x: (left + right) / 2, y: top + 16, "text-anchor": "middle", class: "named" }, text)];
  }

  /** What the numbers of pictures are called, and where they stand. */
  scales(height) {
    const { stretches, most } = this.choices, found = [];
    const words = (x, y, text) => found.push(draw("text", { x, y, "text-anchor": "middle" }, text));
    for (const { from, to, number } of regions(stretches[this.similarities[0]])) {
      const [left, right] = [across(from, most), across(to, most)];
      words((left + right) / 2, TOP - 20, number.replace(/^a | number of$/g, ""));
      if (to < most) words(right, TOP - 6, count(to));
    }
    for (let pictures = 1; pictures <= most; pictures *= 10) {
      const x = across(pictures, most);
      found.push(draw("line", { x1: x, x2: x, y1: height, y2: height + 4 }));
      words(x - (pictures === most ? 10 : 0), height + 15, count(pictures));
    }
    words(LEFT + WIDE / 2, height + 29, "training pictures");
    return found;
  }

  listen(plane) {
    const to = ({ clientX, clientY }) => {
      const box = plane.getBoundingClientRect(), scale = box.width / plane.viewBox.baseVal.width;
      const row = Math.floor(((clientY - box.top) / scale - TOP) / ROW);
      this.change({ pictures: under((clientX - box.left) / scale, this.choices.most),
        similarity: this.similarities[clamp(row, 0, this.similarities.length - 1)] });
    };
    plane.onclick = to;
    plane.onpointermove = (event) => event.pointerType === "mouse" && event.buttons === 1 && to(event);
    plane.onkeydown = (event) => {
      const { pictures, similarity } = this.state, { most } = this.choices;
      const row = (by) => this.similarities[this.similarities.indexOf(similarity) + by] ?? similarity;
      const changes = { ArrowLeft: { pictures: next(pictures, -1, most) }, ArrowRight: { pictures: next(pictures, 1, most) },
        ArrowUp: { similarity: row(-1) }, ArrowDown: { similarity: row(1) },
        Home: { pictures: 1 }, End: { pictures: most } }[event.key];
      if (!changes) return;
      event.preventDefault();
      this.change(changes);
    };
  }

  draw({ pictures, similarity }, result) {
    const { most } = this.choices, y = TOP + (this.similarities.indexOf(similarity) + 0.5) * ROW + 8;
    const place = { x: across(pictures, most), y }, of = result.size && across(Math.min(result.size, most), most);
    for (const [name, value] of Object.entries({ cx: place.x, cy: y })) this.point.setAttribute(name, value);
    const line = { x1: place.x, y1: y, x2: of ?? place.x, y2: y };
    for (const [name, value] of Object.entries(line)) this.line.setAttribute(name, value);
    showOnly(this.body, [this.case, this.words(result), this.bars(result, pictures)]);
    tell(this.sum, `${result.case[0].toUpperCase()}${result.case.slice(1)}. Try: ${result.strategy}. ${AGREES[result.agrees]}`);
  }

  /** The case in words. */
  words(result) {
    const lines = [["case", result.case], ["rule of thumb", result.rule.join(" or ")], ["try", result.strategy],
      ["why", result.reason]];
    const verdict = make("dd", { className: "verdict", textContent: `${LEADS[result.agrees]} ${AGREES[result.agrees]}` });
    this.said.replaceChildren(...lines.flatMap(([name, text]) =>
      [make("dt", { textContent: name }), make("dd", { className: name.split(" ")[0], textContent: text })]), verdict);
    return this.said;
  }

  /** Every strategy with what was measured in the cell that is taken for the case. */
  bars({ rule, measured, cell, size }, pictures) {
    const { strategies } = this.choices, others = Object.keys(measured).filter((one) => !strategies.includes(one));
    const names = [...strategies, ...others];
    const best = Object.keys(measured)[0];
    const rows = names.map((name, place) => {
      const marks = [...(rule.includes(name) ? ["rule"] : []), ...(name === best ? ["best"] : [])];
      const value = measured[name];
      return make("tr", { className: marks.join(" ") },
        make("th", { scope: "row" }, make("span", { className: "number", textContent: `${place + 1} ` }),
          make("span", { className: "name", textContent: name }),
          ...marks.flatMap((mark) => [" ", make("mark", { textContent: mark })])),
        make("td", {}, value ? track(value) : ""),
        make("td", { className: "mean", textContent: value ? value.text : "not measured" }));
    });
    const far = size && size !== pictures ? `; nothing nearer to your ${count(pictures)} is measured` : "";
    const heads = ["strategy", "from 0 to 1", "accuracy"].map((textContent) => make("th", { textContent, scope: "col" }));
    return figure(cell ? cell + far : "nothing is measured for it yet", make("table", { className: "explorer-strategies" },
      make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)),
    ...(cell ? [make("small", { textContent: "Bar: the mean, from 0 to 1. Dots: the single seeds." })] : []));
  }
}

/** A bar as long as the mean, and a dot for each seed. */
function track({ mean, seeds }) {
  const at = (value) => `${(100 * clamp(value, 0, 1)).toFixed(2)}%`;
  const bar = make("i", { className: "bar" });
  bar.style.width = at(mean);
  const dots = seeds.map((value, place) => {
    const dot = make("i", { className: "seed", title: value.toFixed(3) });
    Object.assign(dot.style, { left: at(value), top: `${(100 * (place + 0.5)) / seeds.length}%` });
    return dot;
  });
  const made = make("div", { className: "track" }, bar, ...dots);
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", `single seeds: ${seeds.map((value) => value.toFixed(3)).join(", ")}`);
  return made;
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts({ pictures, similarity }, { most, stretches }) {
  return isWhole(pictures, 1, most) && typeof similarity === "string" && Object.hasOwn(stretches, similarity);
}

export default { accepts, render: ({ model, el }) => { new TransferCases(model, el); } };
