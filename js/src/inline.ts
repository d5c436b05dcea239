/** A wasm module as the build writes it: the bytes by how often they occur, in base64, and the text that they become. */
export type Packed = readonly [order: string, text: string];

/** The functions that wasm-bindgen writes around a module: those that it imports, too. */
interface Glue {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

/** Makes a wasm module ready, synchronously and without any import that a bundler must understand. */
export function started(name: string, glue: object, packed: Packed): WebAssembly.Exports {
  const imports = { [`./${name}_bg.js`]: glue as WebAssembly.ModuleImports };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(unpacked(packed)), imports);
  (glue as Glue).__wbg_set_wasm(exports);
  (exports as { __wbindgen_start(): void }).__wbindgen_start();
  return exports;
}

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
