/** The wasm module in base64; written by the build. */
declare const bytes: string;
export default bytes;
