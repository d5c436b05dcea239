import { refused } from './asking.js';
import type { Config } from './config.js';
import { misuse, WaxsealError } from './error.js';
import type { Gate } from './gate.js';
import { type AuthInfo, atHand, authInfoOf, type GateSource, opener } from './guard.js';
import type { Denied } from './outcome.js';

/** The error classes of `@modelcontextprotocol/sdk/server/auth/errors.js` (SDK 1), as far as they are needed. */
export interface SdkErrors {
  InvalidTokenError: new (message: string) => Error;
  InsufficientScopeError: new (message: string) => Error;
  InvalidRequestError: new (message: string) => Error;
}

/** The error class of `@modelcontextprotocol/server` (SDK 2), as far as it is needed. */
export interface SdkError {
  OAuthError: new (code: any, message: string) => Error;
}

/** What the official MCP SDKs call an `OAuthTokenVerifier`. */
export interface TokenVerifier {
  /**
   * Rejects with an error of the SDK for a token that is denied, and with a `WaxsealError` where it cannot be known (the
   * gate would say 503): the SDKs answer 500, and no client throws its token away.
   */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

/**
 * A gate as the verifier of `requireBearerAuth`. The SDK knows its own error classes only, so it wants them: the module
 * `@modelcontextprotocol/sdk/server/auth/errors.js` of version 1, or `{ OAuthError }` of version 2. A token is all that is
 * seen here: a configuration that looks at more (`dpop.mode` "required", `origins`, a `policy` beyond required scopes) is
 * refused, at once where the gate is there, and needs `protect`. Tokens bound to a key are denied.
 */
export function tokenVerifier(gate: GateSource<[]>, errors: SdkErrors | SdkError): TokenVerifier {
  const open = opener(gate);
  const made = makerOf(errors);
  const ready = atHand(gate);
  if (ready) judged(ready);
  return {
    async verifyAccessToken(token) {
      if (typeof token !== 'string') throw misuse('`token` must be a string');
      const from = judged(await open());
      const outcome = await from.check({ method: 'POST', url: from.config.resource, headers: [['authorization', `Bearer ${token}`]], body: null });
      if (outcome.allow) return authInfoOf(from, outcome.grant, token);
      if (outcome.decision === 'answer') throw refused('the gate answers for itself where a token is to be judged');
      throw made(outcome);
    },
  };
}

/** What a token alone does not tell of. Members that are not known here are for `protect` as well. */
function judged(gate: Gate): Gate {
  const { dpop, origins = [], policy = {} }: Config = gate.config;
  const { hierarchy, require: { scopes, ...others } = {}, rules = [], body, lists, ...more } = policy;
  const beyond = [
    dpop?.mode === 'required' && 'dpop.mode',
    origins.length > 0 && 'origins',
    rules.length > 0 && 'policy.rules',
    ...Object.keys(others).map((name) => `policy.require.${name}`),
    ...Object.keys(more).map((name) => `policy.${name}`),
  ].find(Boolean);
  if (beyond) throw refused(`\`${beyond}\`: cannot be judged by a token alone; use \`protect\``);
  return gate;
}

function makerOf(errors: SdkErrors | SdkError): (denied: Denied) => Error {
  const { InvalidTokenError, InsufficientScopeError, InvalidRequestError, OAuthError } = (errors ?? {}) as Partial<SdkErrors & SdkError>;
  // Version 1 has an `OAuthError`, too, which takes no code.
  const classes = InvalidTokenError || InsufficientScopeError || InvalidRequestError ? [InvalidTokenError, InsufficientScopeError, InvalidRequestError] : [OAuthError];
  if (classes.some((one) => typeof one !== 'function')) {
    throw misuse('`errors` must be the error classes of the MCP SDK: `@modelcontextprotocol/sdk/server/auth/errors.js`, or `{ OAuthError }` of version 2');
  }
  return (denied) => {
    const { status } = denied.reply;
    const message = said(denied);
    const [Version1, code] =
      status === 401 ? [InvalidTokenError, 'invalid_token']
      : status === 403 ? [InsufficientScopeError, 'insufficient_scope']
      : status < 500 ? [InvalidRequestError, 'invalid_request']
      : [undefined, undefined];
    if (code === undefined) return new WaxsealError(denied.reason, message, { reason: denied.reason, data: { status } });
    return Version1 ? new Version1(message) : new OAuthError!(code, message);
  };
}

/** What the caller may hear. SDK 1 writes it into a quoted string as it is. */
function said({ reason, reply }: Denied): string {
  const { error_description: text } = JSON.parse(reply.body) as { error_description?: unknown };
  return (typeof text === 'string' ? text : reason).replace(/[^ !#-[\]-~]/g, ' ');
}
