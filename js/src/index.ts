export type { Algorithm, Config, Dpop, Issuer, Replay, SecretName } from './config.js';
export { type Asked, type Caller, Elicitation, type ElicitationConfig, type InputRequired, type McpCall, type Resumed, type RpcError, type ToolError } from './elicit.js';
export { type CheckOptions, Gate, type GateOptions, type ReplayStore } from './gate.js';
export { type Allowed, type Answered, type Denied, type Grant, type Outcome, Reply } from './outcome.js';
export type { Reason } from './reasons.js';
export type { Header, HeaderSource, RequestLike } from './request.js';
