// Where a reader draws: with a mouse, a finger or the keyboard.
import { button, clamp, labelled, make, paint, STEPS } from "./panel.mjs";

const REACH = 1.1; // of the brush, in pixels of the drawing

/** Draw a line, or take one away: each pixel gets the more ink, the nearer it is. */
export function stroke(image, [r0, c0], [r1, c1], erase = false) {
  const [down, right] = [r1 - r0, c1 - c0], length = down * down + right * right;
  return image.map((line, r) => line.map((ink, c) => {
    const along = length ? clamp(((r - r0) * down + (c - c0) * right) / length, 0, 1) : 0;
    const distance = Math.hypot(r - r0 - along * down, c - c0 - along * right);
    const share = clamp(REACH + 0.5 - distance, 0, 1);
    return +(erase ? Math.min(ink, 1 - share) : Math.max(ink, share)).toFixed(3);
  }));
}

export const blank = (side) => Array.from({ length: side }, () => new Array(side).fill(0));

export class Pad {
  /** `read` gives the drawing, rows of 0 to 1; `write` gets the changed one. */
  constructor(read, write) {
    Object.assign(this, { read, write, place: null, down: false, at: [0, 0] });
    this.canvas = make("canvas", { className: "explorer-pad", tabIndex: 0 });
    this.canvas.dataset.cell = "pad";
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label",
      "Drawing. The arrow keys move the pen, space puts it down and lifts it.");
    this.said = make("span", { className: "explorer-said" });
    this.said.setAttribute("aria-live", "polite");
    this.tool = make("select", {}, make("option", { value: "pen", textContent: "pen" }),
      make("option", { value: "eraser", textContent: "eraser" }));
    this.tool.dataset.cell = "tool";
    const clear = button("clear", "clear the drawing", () => this.write(blank(this.read().length)));
    clear.dataset.cell = "clear";
    this.buttons = make("div", { className: "explorer-steps" }, labelled("tool", this.tool), clear);
    this.element = make("div", {}, this.canvas, this.buttons, this.said);
    this.listen();
  }

  listen() {
    const { canvas } = this;
    canvas.onpointerdown = (event) => {
      event.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      this.place = null;
      this.to(this.under(event));
    };
    canvas.onpointermove = (event) => this.place && this.to(this.under(event));
    canvas.onpointerup = canvas.onpointercancel = () => { this.place = null; };
    canvas.onkeydown = (event) => this.key(event);
    canvas.onblur = () => { this.down = false; this.show(); };
    canvas.onfocus = () => this.show();
  }

  under({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect(), image = this.read();
    return [((clientY - box.top) / box.height) * image.length - 0.5,
      ((clientX - box.left) / box.width) * image[0].length - 0.5];
  }

  to(place) {
    const before = this.place ?? place;
    this.place = place;
    this.at = place.map(Math.round);
    this.write(stroke(this.read(), before, place, this.tool.value === "eraser"));
  }

  key(event) {
    if (event.key !== " " && !(event.key in STEPS)) return;
    event.preventDefault();
    if (event.key === " ") this.down = !this.down;
    const [down, right] = STEPS[event.key] ?? [0, 0], image = this.read(), before = this.at;
    this.at = [clamp(before[0] + down, 0, image.length - 1), clamp(before[1] + right, 0, image[0].length - 1)];
    this.said.textContent = `${this.tool.value} ${this.down ? "down" : "up"}, row ${this.at[0]}, column ${this.at[1]}`;
    if (this.down) this.write(stroke(image, before, this.at, this.tool.value === "eraser"));
    else this.show();
  }

  /** Show the drawing, and the pen while the keyboard holds it. */
  show() {
    const context = paint(this.canvas, [this.read()], 0, 1);
    if (document.activeElement !== this.canvas || this.place) return;
    context.fillStyle = this.down ? "#ee7733" : "#4477aa";
    context.fillRect(this.at[1], this.at[0], 1, 1);
  }
}
