// From ten scores to ten probabilities, as bars with their numbers.
import { make, tell } from "./panel.mjs";

/** Three digits behind the point. */
export const three = (value) => (value === 0 ? "0" : value.toFixed(3).replace("-0.000", "0.000").replace("-", "\u2212"));

/** A probability, never as 0.000 or 1.000 unless it is that; what is nearer to 1 is 0.999999. */
export function share(value) {
  if (value < 0.001) return String(value && value.toExponential(1));
  const digits = [3, 4, 5].find((count) => Number(value.toFixed(count)) < 1);
  return digits || value === 1 ? value.toFixed(digits ?? 0) : (Math.floor(value * 1e6) / 1e6).toFixed(6);
}

const power = (value, digits = 4) => (value >= 1e5 || value < 0.001 ? value.toExponential(digits < 5 ? 1 : digits - 1).replace("+", "") : value.toPrecision(digits));
const bar = () => make("div", { className: "explorer-bar" });

export class Answers {
  /** `choose` gets the digit whose row is clicked. */
  constructor(choose) {
    this.rows = Array.from({ length: 10 }, (_, digit) => {
      const bars = [bar(), bar(), bar()], cells = [0, 1, 2].map(() => make("td"));
      const row = make("tr", { onclick: () => choose(digit) }, make("th", { scope: "row", textContent: digit }),
        ...bars.flatMap((one, at) => [make("td", {}, one), cells[at]]));
      return { row, bars, cells };
    });
    const head = (text) => make("th", { scope: "col", colSpan: 2, textContent: text });
    this.table = make("table", { className: "explorer-answers" },
      make("colgroup", {}, ...Array.from({ length: 7 }, () => make("col"))),
      make("thead", {}, make("tr", {}, make("td"), head("score z"), head("e to the z"), head("probability"))),
      make("tbody", {}, ...this.rows.map(({ row }) => row)));
    this.said = make("p", { className: "explorer-sizes" });
  }

  /** Show what the network makes of a drawing; `chosen` is the digit whose score is looked at. */
  show({ scores, probabilities }, chosen) {
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const powers = scores.map(Math.exp), most = Math.max(...powers);
    const low = Math.min(0, ...scores), reach = Math.max(0, ...scores) - low || 1, zero = -low / reach;
    this.rows.forEach(({ row, bars, cells }, digit) => {
      const score = scores[digit], shares = [Math.abs(score) / reach, powers[digit] / most, probabilities[digit]];
      shares.forEach((part, at) => { bars[at].style.width = `${(100 * part).toFixed(1)}%`; });
      bars[0].style.marginLeft = `${(100 * (zero - (score < 0 ? shares[0] : 0))).toFixed(1)}%`;
      bars[0].parentElement.style.setProperty("--zero", `${(100 * zero).toFixed(1)}%`);
      [three(score), power(powers[digit]), share(probabilities[digit])].forEach((text, at) => tell(cells[at], String(text)));
      row.classList.toggle("marked", digit === order[0]);
      row.classList.toggle("chosen", digit === chosen);
    });
    const one = chosen ?? order[0], sum = powers.reduce((a, b) => a + b);
    const [part, whole] = [powers[one], sum].map((value) => power(value, 7));
    tell(this.said, `Softmax: all ten powers of e add up to ${whole}. The share of ${one} is ${part} / ${whole} = ${share(probabilities[one])}.`);
    const [first, second] = order.map((digit) => share(probabilities[digit]));
    this.words = `The network takes it for ${order[0] === 8 ? "an" : "a"} ${order[0]}, with a probability of ` +
      `${first}. Next comes ${order[1]}, with ${second}.`;
  }
}
