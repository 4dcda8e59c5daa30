// Maps beside and below one another on one canvas, with frames and numbers.
import { make } from "./panel.mjs";

/** What is chosen, and what of other maps it is made of: on a dark and on a light ground. */
const CHOSEN = "#ee7733", WINDOW = ["#8db8e6", "#2f5f94"];
const DOTS = 320; // at least so many across, so that lines over small maps are thin
const reading = { willReadFrequently: true }; // small, and written often: not for a graphics card
let small = null; // where all of them are put together, value by value

/** So many beside one another that all rows are full, if they are not too wide then. */
function wide(count) {
  const root = Math.sqrt(count);
  for (let across = Math.ceil(root); across <= 2 * root; across++) if (count % across === 0) return across;
  return Math.ceil(1.4 * root);
}

export class Mosaic {
  /** `choose` gets the number of a map, a row and a column; `tall` stands upright. */
  constructor(choose = null, tall = false) {
    Object.assign(this, { tall, shown: [] });
    this.canvas = make("canvas", { role: "img" });
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

  /** Show `count` maps: `value(r, c, k)`, from black, for 0, to white, for `most(k)`; or signed, orange
   * and purple. A `region` is framed in each, and the map `chosen`; one `place` in each, too. `of` is
   * the same object for the same values. */
  show(label, maps, { chosen = -1, region = null, place = null, written = null } = {}) {
    const now = [maps.of ?? maps, label, JSON.stringify([chosen, region, place])];
    if (now.every((one, at) => one === this.shown[at])) return;
    this.shown = now;
    this.canvas.setAttribute("aria-label", label);
    const context = this.paint(maps), { signed = false } = maps, line = 3 / this.dots;
    const frame = (k, colour, top, left, rows, columns) => {
      const [down, right] = this.corner(k);
      context.strokeStyle = colour;
      context.strokeRect(right + left, down + top, columns, rows);
    };
    context.lineWidth = Math.min(line, 0.5);
    for (let k = 0; region && k < maps.count; k++) frame(k, WINDOW[Number(signed)], region.top, region.left, region.rows, region.columns);
    for (let k = 0; place && k < maps.count; k++) frame(k, CHOSEN, ...place, 1, 1);
    context.lineWidth = line;
    if (chosen >= 0) frame(chosen, CHOSEN, -0.5, -0.5, this.height + 1, this.width + 1);
    if (written) this.write(context, maps, written);
  }

  paint({ count, height, width, value, most, signed = false }) {
    const across = this.tall ? Math.ceil(Math.sqrt(count / 2)) : wide(count), down = Math.ceil(count / across);
    Object.assign(this, { count, height, width, across, rows: down * (height + 1) - 1, columns: across * (width + 1) - 1 });
    const picture = new ImageData(this.columns, this.rows), ground = signed ? 150 : 70;
    picture.data.fill(ground);
    for (let k = 0; k < across * down; k++) {
      const [top, left] = this.corner(k), scale = k < count ? 1 / Math.max(most(k), 1e-9) : 0;
      for (let r = 0; r < height; r++) {
        for (let c = 0; c < width; c++) {
          tint(picture.data, 4 * ((top + r) * this.columns + left + c), k < count ? value(r, c, k) * scale : null, signed);
        }
      }
    }
    for (let at = 3; at < picture.data.length; at += 4) if (picture.data[at] === ground) picture.data[at] = 255; // lines
    return this.enlarge(picture);
  }

  /** Several dots for a value; units stay values. */
  enlarge(picture) {
    const { rows, columns, canvas } = this, dots = Math.ceil(DOTS / Math.max(rows, columns));
    this.dots = dots;
    small ??= make("canvas").getContext("2d", reading);
    Object.assign(small.canvas, { width: columns, height: rows });
    small.putImageData(picture, 0, 0);
    const context = canvas.getContext("2d", reading);
    if (canvas.width !== columns * dots || canvas.height !== rows * dots) Object.assign(canvas, { width: columns * dots, height: rows * dots });
    context.setTransform(dots, 0, 0, dots, 0, 0);
    context.clearRect(0, 0, columns, rows);
    context.imageSmoothingEnabled = false;
    context.drawImage(small.canvas, 0, 0);
    return context;
  }

  /** Write the numbers of the first map into its places. */
  write(context, { value, most }, written) {
    const { dots } = this;
    context.resetTransform(); // letters of less than a dot are none
    Object.assign(context, { font: `${dots / 4.5}px sans-serif`, textAlign: "center", textBaseline: "middle" });
    for (let r = 0; r < this.height; r++) {
      for (let c = 0; c < this.width; c++) {
        context.fillStyle = value(r, c, 0) > 0.5 * most(0) ? "#000" : "#fff";
        context.fillText(written(value(r, c, 0)), (c + 0.5) * dots, (r + 0.5) * dots);
      }
    }
  }
}

/** One value as red, green, blue and how dense: positive is orange, negative purple, nothing white. */
function tint(data, at, share, signed) {
  data[at + 3] = share === null ? 0 : 255;
  if (!signed) data[at] = data[at + 1] = data[at + 2] = 255 * share;
  else if (share < 0) [data[at], data[at + 1], data[at + 2]] = [255 + 161 * share, 255 + 195 * share, 255 + 102 * share];
  else [data[at], data[at + 1], data[at + 2]] = [255 - 25 * share, 255 - 158 * share, 255 - 254 * share];
}
