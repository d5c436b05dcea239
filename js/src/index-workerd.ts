// Workers compile no bytes: their import of a wasm file gives the module.
import { initSync } from './module.js';
import wasm from './core.wasm';

initSync(wasm);

export * from './api.js';
