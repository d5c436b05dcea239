export type { Algorithm, Config, Dpop, Issuer, Match, OneOrMany, Policy, Replay, Requirements, Revocation, Rule, Scalar, SecretName } from './config.js';
export { type Asked, type Caller, Elicitation, type ElicitationConfig, type InputRequired, type McpCall, type Resumed, type RpcError, type ToolError } from './elicit.js';
export { type ErrorFacts, WaxsealError } from './error.js';
export { type CheckOptions, Gate, type GateOptions, type ReplayStore, type RevocationStore } from './gate.js';
export { type Allowed, type Answered, type Denied, type Grant, type Outcome, Reply, type Shadowed } from './outcome.js';
export type { GateReason, Reason } from './reasons.js';
export type { Header, HeaderSource, RequestLike } from './request.js';
