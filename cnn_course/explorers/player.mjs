// A button that plays: one place after the other, until it is paused or has come to the end.
import { button } from "./panel.mjs";

export class Player {
  /** `next` goes on, at first from where it is, and says whether there was more; `pace` is how long a place is
   * looked at, in milliseconds; `heard` are told aloud at a stop alone; `shown` is marked while it plays; `rest` hears of a stop. */
  constructor({ next, pace, heard, shown, rest }) {
    Object.assign(this, { next, pace, heard, shown, rest });
    this.button = button("", "", () => (this.on ? this.stop() : this.start()));
    this.button.dataset.cell = "play";
    this.button.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches; // there are keys for single places
    this.turn(false);
  }

  get on() { return this.timer !== undefined; }

  start() {
    this.turn(true);
    this.go(true);
  }

  go(first = false) {
    this.timer = setTimeout(() => this.go(), this.pace());
    if (!this.button.isConnected || !this.next(first)) this.stop();
  }

  stop() {
    if (!this.on) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.turn(false);
    for (const place of this.heard) place.replaceChildren(place.textContent); // the same words anew: they are told
    this.rest();
  }

  turn(on) {
    this.button.textContent = on ? "\u275a\u275a pause" : "\u25b6 play";
    this.button.setAttribute("aria-label", on ? "pause" : "play");
    this.shown.classList.toggle("explorer-playing", on);
    for (const place of this.heard) place.setAttribute("aria-live", on ? "off" : "polite"); // nobody listens that fast
  }
}
