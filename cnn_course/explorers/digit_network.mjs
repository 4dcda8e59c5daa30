// The network of the digit explorer: convolutions, dense layers as convolutions over whole maps, and
// max pooling; and how one value comes about.

export const SIDE = 28;

/** The layers, with kernels and biases read in half precision, one behind the other. */
export function networkOf({ halves, layers }) {
  const bytes = Uint8Array.from(atob(halves), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const half = (at) => {
    const bits = view.getUint16(2 * at, true), exponent = (bits >> 10) & 31, rest = bits & 1023;
    const size = exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024);
    return bits >> 15 ? -size : size;
  };
  let at = 0, depth = 1;
  const read = (length) => Float32Array.from({ length }, () => half(at++));
  return layers.map((layer) => {
    const filters = layer.maps[2], pad = layer.same ? (layer.size - 1) >> 1 : 0;
    const made = { ...layer, depth, filters, pad, stride: layer.pool ? layer.size : 1 };
    if (!layer.pool) {
      made.kernel = read(layer.size ** 2 * depth * filters);
      made.bias = read(filters);
    }
    depth = filters;
    return made;
  });
}

/** A convolution with stride 1, then ReLU if the layer has it. */
function convolve({ height, width, channels, values }, { maps, size, pad, kernel, bias, relu }) {
  const [rows, columns, filters] = maps;
  const output = new Float32Array(rows * columns * filters), sum = new Float64Array(filters);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      sum.set(bias);
      for (let i = Math.max(pad - r, 0); i < Math.min(size, height + pad - r); i++) {
        for (let j = Math.max(pad - c, 0); j < Math.min(size, width + pad - c); j++) {
          const from = ((r + i - pad) * width + c + j - pad) * channels, weights = (i * size + j) * channels;
          for (let k = 0; k < channels; k++) {
            const value = values[from + k];
            if (value === 0) continue; // black, or switched off by ReLU
            for (let f = 0, at = (weights + k) * filters; f < filters; f++, at++) sum[f] += value * kernel[at];
          }
        }
      }
      for (let f = 0, at = (r * columns + c) * filters; f < filters; f++, at++) output[at] = relu ? Math.max(sum[f], 0) : sum[f];
    }
  }
  return { height: rows, width: columns, channels: filters, values: output };
}

/** The largest of each window; a row or column that is left over is dropped. */
function pool({ width, channels, values }, { maps: [rows, columns], size }) {
  const output = new Float32Array(rows * columns * channels).fill(-Infinity);
  for (let r = 0; r < rows * size; r++) {
    for (let c = 0; c < columns * size; c++) {
      const to = (Math.floor(r / size) * columns + Math.floor(c / size)) * channels, from = (r * width + c) * channels;
      for (let k = 0; k < channels; k++) if (values[from + k] > output[to + k]) output[to + k] = values[from + k];
    }
  }
  return { height: rows, width: columns, channels, values: output };
}

/** Everything that the network computes for pixels from 0 to 1, row by row; `maps` begin with them. */
export function forward(pixels, network) {
  const maps = [{ height: SIDE, width: SIDE, channels: 1, values: pixels }];
  for (const layer of network) maps.push(layer.pool ? pool(maps.at(-1), layer) : convolve(maps.at(-1), layer));
  const scores = Float64Array.from(maps.at(-1).values);
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const sum = powers.reduce((a, b) => a + b);
  return { maps, scores, probabilities: powers.map((power) => power / sum) };
}

/** The value of one place of one map. */
export const valueAt = ({ width, channels, values }, r, c, k) => values[(r * width + c) * channels + k];

/** Where a map is largest, as row and column. */
export function largest(map, k) {
  let best = 0;
  for (let at = 0; at < map.height * map.width; at++) {
    if (map.values[at * map.channels + k] > map.values[best * map.channels + k]) best = at;
  }
  return [Math.floor(best / map.width), best % map.width];
}

/** What of the maps before, and of those before these, down to the drawing, reaches a place of layer
 * number `at`: rows and columns, without padding; the drawing's come first. */
export function reached(network, at, [row, column]) {
  const found = [];
  let ends = [[row, row], [column, column]];
  for (let i = at; i >= 0; i--) {
    const { stride, size, pad } = network[i], before = i ? network[i - 1].maps : [SIDE, SIDE];
    ends = ends.map(([first, last], axis) =>
      [Math.max(first * stride - pad, 0), Math.min(last * stride - pad + size, before[axis]) - 1]);
    const [[top, bottom], [left, right]] = ends;
    found.unshift({ top, left, rows: bottom - top + 1, columns: right - left + 1 });
  }
  return found;
}

/** One value of a convolution: its window, the weights and the sum of each channel, the bias, what they make. */
export function trace(layer, before, map, [row, column]) {
  const { size, pad, depth, filters, kernel } = layer;
  const window = (r, c, k) => {
    const [i, j] = [row + r - pad, column + c - pad];
    return i < 0 || j < 0 || i >= before.height || j >= before.width ? 0 : valueAt(before, i, j, k);
  };
  const weight = (r, c, k) => kernel[((r * size + c) * depth + k) * filters + map];
  const sums = new Float64Array(depth);
  for (let r = 0; r < size; r++) {
    for (let c = 0; c < size; c++) for (let k = 0; k < depth; k++) sums[k] += window(r, c, k) * weight(r, c, k);
  }
  const bias = layer.bias[map], sum = sums.reduce((a, b) => a + b), total = sum + bias;
  return { window, weight, sums, sum, bias, total, value: layer.relu ? Math.max(total, 0) : total };
}

/** What each channel alone gives to a map, at all of its places: all of them and the bias make the map. */
export function parts(layer, before, map) {
  const [height, width] = layer.maps, { depth } = layer;
  const values = new Float32Array(height * width * depth);
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) values.set(trace(layer, before, map, [r, c]).sums, (r * width + c) * depth);
  }
  return { height, width, channels: depth, values };
}
