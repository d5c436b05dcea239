export { type Challenge, parseChallenges } from './challenges.js';
export { createDpop, type Dpop, type DpopAlgorithm, type DpopOptions, type KeyPair, type ProofRequest, type PublicJwk } from './dpop.js';
export type { DpopFetchOptions, DpopMiddleware, Fetch } from './proving.js';
