// Makes the wasm module ready, synchronously and without any import that a bundler must understand.
import bytes from './bytes.js';
import { initSync } from './core.js';

initSync({ module: Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)) });
