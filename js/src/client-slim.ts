/**
 * The names of `waxseal/client`, without a wasm module: call `init` or `initSync` first.
 *
 * @module waxseal/client/slim
 */

// Starts nothing by itself, and carries no wasm module.
export * from './client-api.js';
export { init, initSync } from './client-module.js';
export type { WasmSource } from './start.js';
