// Maps beside and below one another on one canvas, with frames.
import { make, paint } from "./panel.mjs";

/** What is chosen, and what of other maps it is made of: on a dark and on a light ground. */
const CHOSEN = "#ee7733", WINDOW = ["#8db8e6", "#2f5f94"];

/** Positive is orange, negative purple, nothing white. */
const shade = (share) => (share < 0 ? [94, 60, 153] : [230, 97, 1]).map((strong) => 255 - Math.abs(share) * (255 - strong));

/** So many beside one another that all rows are full, if they are not too wide then. */
function wide(count) {
  const root = Math.sqrt(count);
  for (let across = Math.ceil(root); across <= 2 * root; across++) if (count % across === 0) return across;
  return Math.ceil(1.4 * root);
}

export class Mosaic {
  /** `choose` gets the number of a map, a row and a column; `tall` stands upright. */
  constructor(choose = null, tall = false) {
    this.tall = tall;
    this.canvas = make("canvas", { className: "explorer-maps", role: "img" });
    if (choose) this.canvas.onclick = (event) => choose(...this.under(event));
    this.canvas.style.cursor = choose ? "pointer" : "";
  }

  under({ clientX, clientY }) {
    const { across, count, height, width } = this, box = this.canvas.getBoundingClientRect();
    const [y, x] = [((clientY - box.top) / box.height) * this.rows, ((clientX - box.left) / box.width) * this.columns];
    const [down, right] = [Math.floor(y / (height + 1)), Math.min(Math.floor(x / (width + 1)), across - 1)];
    return [Math.min(down * across + right, count - 1),
      Math.min(Math.floor(y - down * (height + 1)), height - 1), Math.min(Math.floor(x - right * (width + 1)), width - 1)];
  }

  corner(k) {
    return [Math.floor(k / this.across) * (this.height + 1), (k % this.across) * (this.width + 1)];
  }

  /** Write the numbers of the first map into its places. */
  write(context, value, most, written) {
    const dots = this.canvas.width / this.columns;
    context.resetTransform(); // letters of less than a dot are none
    Object.assign(context, { font: `${dots / 4.5}px sans-serif`, textAlign: "center", textBaseline: "middle" });
    for (let r = 0; r < this.height; r++) {
      for (let c = 0; c < this.width; c++) {
        context.fillStyle = value(r, c, 0) > 0.55 * most ? "#000" : "#fff";
        context.fillText(written(value(r, c, 0)), (c + 0.5) * dots, (r + 0.5) * dots);
      }
    }
  }

  /** Show `count` maps; `value(r, c, k)` is shared by `most(k)`, from 0 to 1, or from −1 if signed. */
  show(label, { count, height, width, value, most, signed = false }, { chosen = -1, region = null, place = null, written = null } = {}) {
    Object.assign(this, { count, height, width, across: this.tall ? Math.ceil(Math.sqrt(count / 2)) : wide(count) });
    this.rows = Math.ceil(count / this.across) * (height + 1) - 1;
    this.columns = this.across * (width + 1) - 1;
    const ground = signed ? 150 : 70;
    const channels = (signed ? [0, 1, 2] : [0]).map(() =>
      Array.from({ length: this.rows }, () => new Float32Array(this.columns).fill(ground)));
    for (let k = 0; k < count; k++) {
      const [top, left] = this.corner(k), scale = 1 / Math.max(most(k), 1e-9);
      for (let r = 0; r < height; r++) {
        for (let c = 0; c < width; c++) {
          const share = value(r, c, k) * scale;
          if (signed) shade(share).forEach((part, at) => { channels[at][top + r][left + c] = part; });
          else channels[0][top + r][left + c] = 255 * share;
        }
      }
    }
    const context = paint(this.canvas, channels, 0, 255, true);
    this.canvas.setAttribute("aria-label", label);
    for (let k = count; k < this.across * Math.ceil(count / this.across); k++) {
      const [top, left] = this.corner(k);
      context.clearRect(left, top, width + 1, height + 1);
    }
    const line = context.lineWidth;
    context.lineWidth = Math.min(line * 0.6, 0.5);
    context.strokeStyle = WINDOW[Number(signed)];
    for (let k = 0; region && k < count; k++) {
      const [top, left] = this.corner(k);
      context.strokeRect(left + region.left, top + region.top, region.columns, region.rows);
    }
    context.strokeStyle = CHOSEN;
    for (let k = 0; place && k < count; k++) {
      const [top, left] = this.corner(k);
      context.strokeRect(left + place[1], top + place[0], 1, 1);
    }
    if (written) this.write(context, value, most(0), written);
    if (chosen < 0) return;
    context.lineWidth = line;
    const [top, left] = this.corner(chosen);
    context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  }
}
