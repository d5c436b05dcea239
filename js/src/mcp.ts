/**
 * For MCP servers: a gate before a fetch handler, Express or Hono, as a verifier for the official SDKs, and consent in a tool.
 *
 * @module waxseal/mcp
 */

export { type ConsentOptions, type McpServerLike, withConsent } from './consent.js';
export { type ErrorFacts, WaxsealError } from './error.js';
export { expressGuard, type HonoContext, honoGuard, type NodeResponse } from './frameworks.js';
export type { AuthInfo, Guarded, GuardOptions, GateSource } from './guard.js';
export { type GuardedHandler, protect } from './protect.js';
export { type SdkError, type SdkErrors, type TokenVerifier, tokenVerifier } from './verifier.js';
