// Header maps as Envoy keeps them, and their form on the wire between host and filter.
// Names and values are byte strings: one character per byte, as in the Fetch API.

import { HostError } from './status.mjs';

// Envoy keeps one value for these and joins a second one to it with a comma. `authorization` is
// among them in every build that contains the oauth2 filter, the stock one included.
export const JOINED = new Set([
  'accept', 'authorization', 'connection', 'content-length', 'content-type', 'expect', 'origin',
  'referer', 'te', 'transfer-encoding', 'user-agent', 'x-forwarded-for', 'x-forwarded-proto', 'x-request-id',
]);

const MAX_PAIRS = 1024;
const MAX_BYTES = 1024 * 1024;

/** The byte string of a text: itself when every character fits in a byte, else its UTF-8. */
export function byteString(text) {
  if (text instanceof Uint8Array) return Buffer.from(text).toString('latin1');
  return /^[\u0000-\u00ff]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

const lower = (name) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

export class HeaderMap {
  #pairs = [];
  #joined;

  constructor(pairs = [], joined = JOINED) {
    this.#joined = joined;
    for (const [name, value] of pairs) this.add(byteString(name), byteString(value));
  }

  // `host` is another name of `:authority`, whichever the protocol was.
  #key(name) {
    const key = lower(name);
    return key === 'host' ? ':authority' : key;
  }

  get size() {
    return this.#pairs.length;
  }

  /** The first value only: what `proxy_get_header_map_value` gives. */
  get(name) {
    return this.all(name)[0];
  }

  all(name) {
    const key = this.#key(name);
    return this.#pairs.filter(([other]) => other === key).map(([, value]) => value);
  }

  add(name, value) {
    const key = this.#key(name);
    const pseudo = key.startsWith(':');
    const present = this.#pairs.find(([other]) => other === key);
    if (present && (pseudo || this.#joined.has(key))) {
      present[1] = [present[1], value].filter((part) => part !== '').join(',');
    } else if (pseudo) {
      const end = this.#pairs.findIndex(([other]) => !other.startsWith(':'));
      this.#pairs.splice(end < 0 ? this.#pairs.length : end, 0, [key, value]);
    } else {
      this.#pairs.push([key, value]);
    }
  }

  replace(name, value) {
    this.remove(name);
    this.add(name, value);
  }

  remove(name) {
    const key = this.#key(name);
    this.#pairs = this.#pairs.filter(([other]) => other !== key);
  }

  replaceAll(pairs) {
    this.#pairs = [];
    for (const [name, value] of pairs) this.add(name, value);
  }

  pairs() {
    return this.#pairs.map(([name, value]) => [name, value]);
  }
}

/** count, then the two lengths of every pair, then every name and value with a zero byte behind. */
export function encodePairs(pairs) {
  const size = pairs.reduce((sum, [name, value]) => sum + name.length + value.length + 10, 4);
  const out = Buffer.alloc(size);
  out.writeUInt32LE(pairs.length, 0);
  let length = 4;
  let text = 4 + pairs.length * 8;
  for (const pair of pairs) {
    for (const part of pair) {
      out.writeUInt32LE(part.length, length);
      length += 4;
      text += out.write(part, text, 'latin1') + 1;
    }
  }
  return new Uint8Array(out);
}

// Envoy takes a malformed map for an empty one; for a test that silence would hide a fault.
export function decodePairs(bytes) {
  if (bytes.length === 0) return [];
  const input = Buffer.from(bytes);
  const malformed = (what) => new HostError(`the filter handed over a malformed header map: ${what}`);
  if (input.length < 4) throw malformed('no count');
  const count = input.readUInt32LE(0);
  if (count > MAX_PAIRS || input.length > MAX_BYTES) throw malformed(`${count} pairs in ${input.length} bytes`);
  let text = 4 + count * 8;
  if (text > input.length) throw malformed('lengths cut off');
  const part = (at) => {
    const end = text + input.readUInt32LE(at);
    if (end >= input.length || input[end] !== 0) throw malformed('text cut off');
    const value = input.toString('latin1', text, end);
    text = end + 1;
    return value;
  };
  const pairs = [];
  for (let n = 0; n < count; n += 1) pairs.push([part(4 + n * 8), part(8 + n * 8)]);
  if (text !== input.length) throw malformed('bytes left over');
  return pairs;
}
