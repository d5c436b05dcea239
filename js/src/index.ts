export type { Config, Issuer } from './config.js';
export { type CheckOptions, Gate, type GateOptions } from './gate.js';
export { type Allowed, type Answered, type Denied, type Grant, type Outcome, Reply } from './outcome.js';
export type { Reason } from './reasons.js';
export type { Header, HeaderSource, RequestLike } from './request.js';
