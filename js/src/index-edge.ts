// Edge functions of Vercel compile no bytes: `?module` makes their bundler give the module.
import { initSync } from './module.js';
import wasm from './core.wasm?module';

initSync(wasm);

export * from './api.js';
