// The pooling explorer. The arithmetic is that of `cnn_course.conv` and of Keras; a test compares them.
import { group, isWhole, number, tell } from "./panel.mjs";
import { part } from "./picture.mjs";
import { checkWindow, formula, isSmallTable, kept, margins, places, revived, SMALL, Windows } from "./windows.mjs";

/** What comes out, which pixels each value comes from, and what of a gradient each pixel gets. */
export function pool({ image, size, stride, padding, kind }) {
  const [height, width] = [image.length, image[0].length];
  checkWindow("window", size, size);
  const rows = margins(height, size, stride, padding), columns = margins(width, size, stride, padding);
  const [down, across] = [places(height, size, stride, rows), places(width, size, stride, columns)];
  if (down < 1 || across < 1) {
    throw new Error(`The window has ${size} x ${size} pixels and the image only ${height} x ${width}. ` +
      "Choose a smaller window, or padding same.");
  }
  const output = Array.from({ length: down }, () => new Float64Array(across));
  const gradient = Array.from({ length: height }, () => new Float64Array(width));
  const inside = (r, c) => { // pixels of a window; what lies in the padding does not count
    const found = [];
    for (let i = Math.max(r * stride - rows[0], 0); i < Math.min(r * stride - rows[0] + size, height); i++) {
      for (let j = Math.max(c * stride - columns[0], 0); j < Math.min(c * stride - columns[0] + size, width); j++) {
        found.push([i, j]);
      }
    }
    return found;
  };
  const winner = (pixels) => pixels.reduce((best, one) =>
    (image[one[0]][one[1]] > image[best[0]][best[1]] ? one : best));
  for (let r = 0; r < down; r++) {
    for (let c = 0; c < across; c++) {
      const pixels = inside(r, c);
      if (kind === "max") {
        const [i, j] = winner(pixels);
        output[r][c] = image[i][j];
        gradient[i][j] += 1;
      } else {
        for (const [i, j] of pixels) {
          output[r][c] += image[i][j] / pixels.length;
          gradient[i][j] += 1 / pixels.length;
        }
      }
    }
  }
  return { output, gradient, inside, winner, rows, columns };
}

const POOLING_TASKS = [
  { name: "task-mean", text: "keep the mean of each window in place of its largest value.",
    shows: "Each pixel of a window has the same part in the mean, and gets the same share of the gradient.",
    done: ({ kind }) => kind === "average" },
  { name: "task-twice", text: "let one pixel get the gradient of two windows, under the maximum.",
    shows: "With a stride smaller than the window, windows overlap. A pixel that is the largest in two gets both gradients.",
    done: ({ kind }, { gradient }) => kind === "max" && gradient.some((line) => line.some((value) => value > 1)) },
  { name: "task-nothing", text: "find a pixel that gets no gradient, although the kind is average.",
    shows: "No window covers it: the stride is larger than the window, or the pixel is left over. It has no part in the output.",
    done: ({ kind }, { gradient }) => kind === "average" && gradient.some((line) => line.some((value) => value === 0)) },
];

class Pooling extends Windows {
  get title() { return "Pooling explorer"; }

  get tasks() { return POOLING_TASKS; }

  compute(state) { return pool(state); }

  controls() {
    return [
      this.images(),
      group("output", this.choice("kind", "kind", [["max", "maximum"], ["average"]]),
        this.choice("size", "window", [[2, "2 x 2"], [3, "3 x 3"], [4, "4 x 4"]]),
        this.choice("stride", "stride", [[1], [2], [3], [4]]),
        this.choice("padding", "padding", [["valid"], ["same"]]), this.steps()),
    ];
  }

  figures(state, { output, gradient, inside, winner, rows, columns }, row, column) {
    const { image, size, stride, kind } = state;
    const pixels = inside(row, column);
    const window = { row: pixels[0][0], column: pixels[0][1],
      rows: pixels.at(-1)[0] - pixels[0][0] + 1, columns: pixels.at(-1)[1] - pixels[0][1] + 1 };
    const small = Math.max(image.length, image[0].length) <= SMALL;
    const best = winner(pixels);
    const won = kind === "max" ? (r, c) => r === best[0] && c === best[1] : null;
    const values = pixels.map(([r, c]) => number(image[r][c]));
    const result = number(output[row][column]);
    tell(this.sum, `Row ${row}, column ${column}: ` + (kind === "max"
      ? `the largest of ${values.join(", ")} is ${result}`
      : `(${values.join(" + ")}) / ${values.length} = ${result}`));
    tell(this.sizes, `Rows: ${formula(image.length, size, stride, rows)}. ` +
      `Columns: ${formula(image[0].length, size, stride, columns)}.`);
    const title = `gradient, if 1 arrives at each output${this.count("gradient")}`;
    const left = state.padding === "valid" ? { stride } : {};
    return [
      this.image(image, window, { ...left, marked: won }),
      this.map(output, row, column),
      small ? part("input", title, this.table(gradient, window, { changed: this.changes("gradient") }))
        : this.pictures.gradient.show(title, gradient, window),
    ];
  }
}

/** Whether a state, which may come from an address, can be shown. */
export function accepts(state) {
  const { image, size, stride, padding, kind } = state;
  if (!isSmallTable(image) || !isWhole(size, 1) || !isWhole(stride, 1)) return false;
  if (!["valid", "same"].includes(padding) || !["max", "average"].includes(kind)) return false;
  try {
    pool(state);
    return true;
  } catch {
    return false;
  }
}

export default { accepts, kept, revived, render: ({ model, el }) => { new Pooling(model, el); } };
