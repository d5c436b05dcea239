export { createDpop, type Dpop, type DpopAlgorithm, type DpopOptions, type KeyPair, type ProofRequest, type PublicJwk } from './dpop.js';
export { type ErrorFacts, WaxsealError } from './error.js';
export { explain, type Explained, type Explanation, type Sentinel } from './explain.js';
export { heal, type HealEvent, type HealMiddleware, type HealOptions, type Renewal, type StepUp, type Visit } from './heal.js';
export type { DpopFetchOptions, DpopMiddleware, Fetch } from './proving.js';
export { type Action, type Challenge, errorFrom, type OpenUrl, parseChallenges, type Reading, type ReadOptions, readError, type Surface } from './reading.js';
export type { Reason } from './reasons.js';
