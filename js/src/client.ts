/**
 * For clients: what a failed reply means and what to do next, and proofs of possession (DPoP).
 *
 * @module waxseal/client
 */

// Carries the wasm module inline: the one layout that every bundler and runtime imports without configuration.
import packed from './client-bytes.js';
import { initSync } from './client-module.js';
import { unpacked } from './unpacked.js';

initSync(unpacked(packed));

export * from './client-api.js';
