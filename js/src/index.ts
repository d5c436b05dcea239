/**
 * For servers: a gate that decides whether a call may pass, and consent that a tool asks its user for.
 *
 * @module waxseal
 */

// Carries the wasm module inline: the one layout that every bundler and runtime imports without configuration.
import packed from './bytes.js';
import { initSync } from './module.js';
import { unpacked } from './unpacked.js';

initSync(unpacked(packed));

export * from './api.js';
