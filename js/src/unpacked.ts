/** A wasm module as the build writes it: the bytes by how often they occur, in base64, and the text that they become. */
export type Packed = readonly [order: string, text: string];

/** The codes of the characters in use: all of ASCII that stands in a string as it is, from `#` on and with `!` for the backslash. */
const [FIRST, COUNT, BACKSLASH] = [35, 92, 57];
/** Bytes that have a character of their own; the last characters begin those that have two. */
const SHORT = 90;

/**
 * A text -> its bytes: one character for each of the frequent ones, two for the others. `gzip` finds the repetitions of a
 * module in it, which base64 hides: compressed, the text is hardly larger than the module.
 */
export function unpacked([order, text]: Packed): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  const value = (at: number) => (text[at] === '!' ? BACKSLASH : text.charCodeAt(at) - FIRST);
  const known = atob(order);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const short = value(at);
    const place = short < SHORT ? short : SHORT + (short - SHORT) * COUNT + value((at += 1));
    bytes[length] = known.charCodeAt(place);
    length += 1;
  }
  return bytes.slice(0, length);
}
