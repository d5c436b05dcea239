// Workers compile no bytes: their import of a wasm file gives the module.
import { initSync } from './client-module.js';
import wasm from './client.wasm';

initSync(wasm);

export * from './client-api.js';
