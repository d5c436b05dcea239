// Edge functions of Vercel compile no bytes: `?module` makes their bundler give the module.
import { initSync } from './client-module.js';
import wasm from './client.wasm?module';

initSync(wasm);

export * from './client-api.js';
