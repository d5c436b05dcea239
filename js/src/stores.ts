/**
 * Stores that several gates share: of used proofs, and of revoked tokens.
 *
 * @module waxseal/stores
 */

export { type DenoAtomic, type DenoKv, denoReplay, denoRevocation } from './deno.js';
export { type DurableNamespace, type DurableState, durableReplay, ReplayObject } from './durable.js';
export { type ErrorFacts, WaxsealError } from './error.js';
export type { ReplayStore, RevocationStore } from './gate.js';
export { type RedisOptions, redisReplay, redisRevocation } from './redis.js';
export type { Revocations } from './revoked.js';
export { type WorkersKv, workersRevocation } from './workers.js';
