/** A wasm module as text; written by the build. */
declare const packed: import('./inline.js').Packed;
export default packed;
