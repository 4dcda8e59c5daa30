// Python's `random.Random(text).random()`: SHA-512 of the text, and the Mersenne Twister.

const MASK = (1n << 64n) - 1n;

/** The first digits, 64 of them binary, behind the point of a root of a prime. */
function rootDigits(prime, power) {
  let low = 0n, high = 1n << 70n; // by bisection: the root of prime, times 2 to the power of 64
  const wanted = BigInt(prime) << (64n * power);
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** power <= wanted) low = middle;
    else high = middle;
  }
  return low & MASK;
}

function primes(number) {
  const found = [];
  for (let one = 2; found.length < number; one++) if (found.every((prime) => one % prime)) found.push(one);
  return found;
}

const turned = (value, by) => ((value >> by) | (value << (64n - by))) & MASK;

function sha512(bytes) {
  const constants = primes(80).map((prime) => rootDigits(prime, 3n));
  let hash = primes(8).map((prime) => rootDigits(prime, 2n));
  const zeros = (((112 - bytes.length - 1) % 128) + 128) % 128 + 8; // the length takes 16 bytes, 8 suffice
  const message = [...bytes, 0x80, ...Array(zeros).fill(0)];
  const bits = BigInt(bytes.length * 8);
  for (let shift = 56n; shift >= 0n; shift -= 8n) message.push(Number((bits >> shift) & 255n));
  for (let start = 0; start < message.length; start += 128) {
    const words = Array.from({ length: 16 }, (_, at) =>
      message.slice(start + 8 * at, start + 8 * at + 8).reduce((word, byte) => (word << 8n) | BigInt(byte), 0n));
    for (let t = 16; t < 80; t++) {
      const [near, far] = [words[t - 2], words[t - 15]];
      const one = turned(near, 19n) ^ turned(near, 61n) ^ (near >> 6n);
      const zero = turned(far, 1n) ^ turned(far, 8n) ^ (far >> 7n);
      words.push((one + words[t - 7] + zero + words[t - 16]) & MASK);
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let t = 0; t < 80; t++) {
      const first = h + (turned(e, 14n) ^ turned(e, 18n) ^ turned(e, 41n)) + ((e & f) ^ (~e & MASK & g))
        + constants[t] + words[t];
      const second = (turned(a, 28n) ^ turned(a, 34n) ^ turned(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) & MASK, c, b, a, (first + second) & MASK];
    }
    hash = hash.map((word, at) => (word + [a, b, c, d, e, f, g, h][at]) & MASK);
  }
  return hash.flatMap((word) => Array.from({ length: 8 }, (_, at) => Number((word >> BigInt(56 - 8 * at)) & 255n)));
}

/** The state of the twister that a list of 32-bit words begins. */
function begun(key) {
  const state = [19650218];
  const mixed = (at, by) => Math.imul(state[at - 1] ^ (state[at - 1] >>> 30), by);
  for (let at = 1; at < 624; at++) state.push((mixed(at, 1812433253) + at) >>> 0);
  let at = 1;
  const next = () => {
    at += 1;
    if (at === 624) [state[0], at] = [state[623], 1];
  };
  for (let left = Math.max(624, key.length), j = 0; left; left--, j = (j + 1) % key.length) {
    state[at] = ((state[at] ^ mixed(at, 1664525)) + key[j] + j) >>> 0;
    next();
  }
  for (let left = 623; left; left--) {
    state[at] = ((state[at] ^ mixed(at, 1566083941)) - at) >>> 0;
    next();
  }
  state[0] = 0x80000000;
  return state;
}

/** Numbers from 0 to 1, those of `random.Random(text).random` in Python. */
export function randomOf(text) {
  const bytes = [...new TextEncoder().encode(text)], all = [...bytes, ...sha512(bytes)].reverse();
  const key = Array.from({ length: Math.ceil(all.length / 4) }, (_, at) =>
    all.slice(4 * at, 4 * at + 4).reduce((word, byte, place) => (word | (byte << (8 * place))) >>> 0, 0));
  while (key.length > 1 && key.at(-1) === 0) key.pop();
  const state = begun(key);
  let at = 624;
  const word = () => {
    if (at === 624) {
      for (let i = 0; i < 624; i++) {
        const joined = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = (state[(i + 397) % 624] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0)) >>> 0;
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return () => ((word() >>> 5) * 67108864 + (word() >>> 6)) / 9007199254740992;
}
