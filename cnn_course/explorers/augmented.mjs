// What Keras's augmentation layers make of a picture, number by number, as in augmented.py: tests
// compare the two with each other and with Keras. A picture is red, green and blue, each of them
// rows of numbers from 0 to 255. Coordinates are rounded to 32 bits where TensorFlow rounds them.

export const CHANGES = ["flip", "rotation", "zoom", "height", "width", "shear", "brightness", "contrast"];
const PICTURES = 9;
const f32 = Math.fround;

/** Numbers from 0 to 1: mulberry32. */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is done to each of the pictures; whether one change is on does not move the others. */
export function drawnChanges(state) {
  const next = randomNumbers(state.seed);
  return Array.from({ length: PICTURES }, () => {
    const drawn = CHANGES.map(() => (state.draws === "ends" ? Number(next() >= 0.5) : next()));
    const far = CHANGES.slice(1).map((name, at) => [name, state[name] * (2 * drawn[at + 1] - 1)]);
    return { flip: state.flip && drawn[0] <= 0.5, ...Object.fromEntries(far) };
  });
}

/** Where places outside a picture are looked up, as TensorFlow maps coordinates. */
const INSIDE = {
  constant: (place) => place,
  nearest: (place, size) => Math.min(Math.max(place, 0), size - 1),
  reflect: (place, size) => {
    const turns = 2 * size;
    let found = place;
    if (place < 0) {
      found = f32(turns * Math.trunc(f32(-place / turns)) + place);
      found = found < -size ? f32(found + turns) : f32(-found - 1);
    } else if (place > size - 1) {
      found = f32(place - turns * Math.trunc(f32(place / turns)));
      if (found >= size) found = f32(f32(turns - found) - 1);
    }
    return Math.min(Math.max(found, 0), size - 1);
  },
  wrap: (place, size) => {
    let found = place;
    if (size === 1) found = 0;
    else if (place < 0) found = f32(place + size * (Math.trunc(f32(-place / (size - 1))) + 1));
    else if (place > size - 1) found = f32(place - size * Math.trunc(f32(place / (size - 1))));
    return Math.min(Math.max(found, 0), size - 1);
  },
};

/** What is seen where each pixel comes from, between four pixels in proportion; outside is black. */
function resampled(picture, [a, b, c, d, e, f], fillMode) {
  const height = picture[0].length, width = picture[0][0].length, inside = INSIDE[fillMode];
  const result = picture.map((plane) => plane.map(() => new Float32Array(width)));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = inside(f32(f32(f32(a * column) + f32(b * row)) + c), width);
      const y = inside(f32(f32(f32(d * column) + f32(e * row)) + f), height);
      let left = Math.floor(x), top = Math.floor(y), right = left + 1, under = top + 1;
      let far = f32(x - left), near = f32(1 - far), below = f32(y - top), above = f32(1 - below);
      if (left < 0 || left >= width) left = near = 0;
      if (right < 0 || right >= width) right = far = 0;
      if (top < 0 || top >= height) top = above = 0;
      if (under < 0 || under >= height) under = below = 0;
      for (let channel = 0; channel < 3; channel++) {
        const upper = picture[channel][top], lower = picture[channel][under];
        result[channel][row][column] =
          above * (near * upper[left] + far * upper[right]) + below * (near * lower[left] + far * lower[right]);
      }
    }
  }
  return result;
}

/** Six numbers for each layer: pixel (x, y) comes from (ax + by + c, dx + ey + f). */
function matrices(change, height, width) {
  const found = [], x = f32((width - 1) / 2), y = f32((height - 1) / 2);
  if (change.rotation) {
    const angle = f32(f32(change.rotation * 360) * f32(Math.PI / 180));
    const cos = f32(Math.cos(angle)), sin = f32(Math.sin(angle));
    found.push([cos, -sin, f32(f32(x - f32(x * cos)) - f32(y * -sin)),
      sin, cos, f32(f32(y - f32(x * sin)) - f32(y * cos))]);
  }
  if (change.zoom) {
    const zoom = f32(1 + change.zoom);
    found.push([zoom, 0, f32(x * f32(1 - zoom)), 0, zoom, f32(y * f32(1 - zoom))]);
  }
  if (change.height || change.width) {
    found.push([1, 0, -f32(f32(change.width) * width), 0, 1, -f32(f32(change.height) * height)]);
  }
  if (change.shear) found.push([1, f32(change.shear), 0, 0, 1, 0]);
  return found;
}

/** Multiply the distance from `middle` and add to it; what leaves 0 to 255 is cut off. */
function recolour(plane, middle, factor, more) {
  for (const row of plane) {
    for (let at = 0; at < row.length; at++) {
      const value = f32(f32(f32(f32(row[at] - middle) * factor) + middle) + more);
      row[at] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
}

function mean(plane) {
  let sum = 0;
  for (const row of plane) for (let at = 0; at < row.length; at++) sum += row[at];
  return f32(sum / (plane.length * plane[0].length));
}

/** A picture after one layer after the other, each of which reads what the last one wrote. */
export function changed(picture, change, fillMode) {
  let result = picture.map((plane) => plane.map((row) => Float32Array.from(row)));
  if (change.flip) for (const plane of result) for (const row of plane) row.reverse();
  for (const matrix of matrices(change, result[0].length, result[0][0].length)) {
    result = resampled(result, matrix, fillMode);
  }
  for (const plane of result) {
    if (change.brightness) recolour(plane, 0, 1, f32(change.brightness * 255));
    if (change.contrast) recolour(plane, mean(plane), f32(1 + change.contrast), 0);
  }
  return result;
}

/** What is done to the pictures, and what comes out. */
export function augment(picture, state) {
  const changes = drawnChanges(state);
  return { changes, pictures: changes.map((change) => changed(picture, change, state.fill_mode)) };
}
