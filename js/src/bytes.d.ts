/** A wasm module as text; written by the build. */
declare const packed: import('./unpacked.js').Packed;
export default packed;
