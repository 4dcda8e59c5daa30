// A picture with a window over it, in a figure that stays: only what is new is painted.
import { clamp, figure, keep, make, paint, STEPS, tell } from "./panel.mjs";

/** A figure of what goes in, is learned or comes out. */
export const part = (role, title, ...content) => Object.assign(figure(title, ...content), { className: `of-${role}` });

/** The frame around a window, which moves: of `height` rows and `width` columns it lies over some. */
export function framed(frame, { row, column, rows, columns }, height, width) {
  const share = (part, all) => `${(100 * part) / all}%`;
  Object.assign(frame.style, { left: share(column, width), top: share(row, height),
    width: share(columns, width), height: share(rows, height) });
  return frame;
}

/** Where on the screen it will lie when it has moved. */
export function cornerOf({ parentElement, style }) {
  const { left, top, width, height } = parentElement.getBoundingClientRect();
  return [left + (width * parseFloat(style.left)) / 100, top + (height * parseFloat(style.top)) / 100];
}

export const newFrame = () => make("div", { className: "explorer-frame" });

export class Picture {
  /** With `choose`, one points at a place, or leads there with the arrow keys. */
  constructor(role, choose = null) {
    const canvas = make("canvas");
    canvas.setAttribute("role", choose ? "application" : "img");
    Object.assign(this, { canvas, frame: newFrame(), hint: choose ? ". The arrow keys choose a place." : "" });
    this.grid = make("div", { className: "explorer-grid" }, canvas, this.frame);
    this.figure = keep(part(role, "", this.grid));
    if (choose) this.choosing(choose);
  }

  choosing(choose) {
    const { canvas } = this, to = (row, column) => choose(clamp(row, 0, this.height - 1), clamp(column, 0, this.width - 1));
    canvas.tabIndex = 0;
    canvas.dataset.cell = "output";
    canvas.onclick = ({ clientX, clientY }) => {
      const box = canvas.getBoundingClientRect();
      to(Math.floor(((clientY - box.top) / box.height) * this.height), Math.floor(((clientX - box.left) / box.width) * this.width));
    };
    canvas.onkeydown = (event) => {
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      const [down, right] = STEPS[event.key], { row, column } = this.window;
      to(row + down, column + right);
    };
  }

  /** Show values under a title, and the window where it is; return the figure. */
  show(title, values, window) {
    const [height, width] = [values.length, values[0].length];
    if (this.values !== values) this.paint(values);
    Object.assign(this, { values, window, height, width });
    tell(this.figure.firstChild, title);
    this.canvas.setAttribute("aria-label", `${height} rows and ${width} columns of brightness${this.hint}`);
    framed(this.frame, window, height, width);
    const { row, column, rows, columns } = window;
    const ends = { above: row / height, below: (row + rows) / height, right: (column + columns) / width };
    for (const [name, share] of Object.entries(ends)) this.grid.style.setProperty(`--${name}`, `${100 * share}%`);
    return this.figure;
  }

  paint(values) {
    let low = Infinity, high = -Infinity;
    for (const line of values) for (const value of line) { low = Math.min(low, value); high = Math.max(high, value); }
    paint(this.canvas, [values], low, high);
  }
}
