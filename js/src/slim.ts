/**
 * The names of `waxseal`, without a wasm module: call `init` or `initSync` first.
 *
 * @module waxseal/slim
 */

// Starts nothing by itself, and carries no wasm module.
export * from './api.js';
export { init, initSync } from './module.js';
export type { WasmSource } from './start.js';
