// Numbers and shapes as people write them, read by the rules of `cnn_course.written`; a test compares.

const LONGEST = 200;
const SPACE = /[\s\x1c-\x1f\x85]+/g; // in Python, and in a browser
const NONE = ["none", "zero", "no", "nothing"];
const THOUSANDS = /^[+-]?[1-9]\d{0,2}(?:[,' _\u2019]\d{3})+$/;
const LAKHS = /^[+-]?[1-9]\d?(?:,\d{2})+,\d{3}$/; // as India groups: 1,00,352
const COUNTED = /(?<=\d) *(?:p|(?:parameter|param|weight|value|unit|neuron|pixel|px)s?)\.?$/i;
const BEFORE = /^.*=|^\s*[~\u2248]/;
const POINTS = /^[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const DECIMAL_COMMA = /^[+-]?\d+,\d+$/;
// One separator may stand before thousands or before decimals, and nobody can tell.
const UNCLEAR_POINT = /^[+-]?[1-9]\d{0,2}\.\d{3}$/;
const UNCLEAR_COMMA = /^[+-]?[1-9]\d{0,2},\d{3}$/;
const TIMES = /\s*(?:[x\u00d7*\u00b7]|\bby\b)\s*/i;
const COMMAS = /[,;/\s]+/;
const WIDE = /[\uff10-\uff19]/g; // digits as typed in Chinese or Japanese

/** A text is no number; or, `unclear`, it can be read as two. */
export class Unreadable extends Error {
  constructor(message, unclear = false) {
    super(message);
    this.unclear = unclear;
  }
}

const bare = (text) => text.replace(SPACE, " ").replace(WIDE, (digit) => String(digit.charCodeAt(0) - 0xff10))
  .replace(/^[ ()[\]]+|[ ()[\]]+$/g, "").replace(/,+$/, "").replace(COUNTED, "");
const isLong = (text) => [...text].length > LONGEST; // signs, as Python counts them

function finite(number) {
  if (!Number.isFinite(number)) throw new Unreadable("This number is too large.");
  return number;
}

export function numberIn(text, whole) {
  if (isLong(text)) throw new Unreadable("This is too long for a number.");
  let short = bare(bare(text).replace(BEFORE, "")).replaceAll("\u2212", "-");
  const stroke = short.indexOf("/");
  if (stroke >= 0) {
    const divisor = numberIn(short.slice(stroke + 1), whole);
    if (!divisor) throw new Unreadable("Nothing can be divided by 0.");
    return finite(numberIn(short.slice(0, stroke), whole) / divisor);
  }
  if (NONE.includes(short.toLowerCase())) return 0;
  if ((whole ? UNCLEAR_POINT : UNCLEAR_COMMA).test(short)) {
    const digits = short.replace(/[.,]/, ""), decimals = short.replace(",", ".") + (whole ? "0" : "");
    throw new Unreadable(
      `${short} can be read in two ways. Write ${digits} or ${decimals}, whichever you mean.`, true);
  }
  if ([THOUSANDS, LAKHS, POINTS].some((grouped) => grouped.test(short))) short = short.replace(/[^\d+-]/g, "");
  if (DECIMAL_COMMA.test(short)) short = short.replace(",", ".");
  if (!NUMBER.test(short)) throw new Unreadable("This cannot be read as a number.");
  return finite(Number(short));
}

function isNumber(text) {
  try {
    numberIn(text, true);
    return true;
  } catch {
    return false;
  }
}

/** The sizes that a text such as "13 x 13 x 6" says, of `length` that are asked for. */
export function sizesIn(text, length) {
  if (isLong(text)) return [];
  const short = bare(text);
  if (length === 1 && isNumber(short)) return [short];
  const [front, ...behind] = short.split("="); // 4 x 4 x 2 = 32
  const parts = front.split(TIMES.test(front) ? TIMES : COMMAS).filter((part) => part);
  if (behind.length && parts.length !== length) return [];
  const batch = ["none", "?", "batch", "n"].includes((parts[0] ?? "").toLowerCase());
  return parts.slice(parts.length > 1 && batch ? 1 : 0);
}
