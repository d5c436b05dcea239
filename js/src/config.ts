import { refused } from './asking.js';
import type { WaxsealError } from './error.js';

/** The configuration of a gate: the same object that the Envoy filter takes. */
export interface Config {
  /** The identifier of the protected resource: an absolute URL without a fragment. */
  resource: string;
  /** The authorization servers whose tokens are accepted. */
  issuers: Issuer[];
  /** The life of fetched key sets, in seconds: `age` 300, `stale` 600, `timeout` 5. */
  keys?: { age?: number; stale?: number; timeout?: number };
  /** The origins whose pages may call from a browser; with none, origins are not looked at. */
  origins?: string[];
  /** Scopes that every call needs. */
  scopes?: string[];
  /** How far clocks may differ, in seconds: 30. */
  leeway?: number;
  /** Which proofs of possession are taken (RFC 9449). */
  dpop?: Dpop;
  /** Where the ids of proofs are remembered, so that each is taken once. */
  replay?: Replay;
  /** Which caller may use which tool. */
  policy?: Policy;
  /** Where it is looked up whether a token is revoked; where it cannot be, calls are denied. */
  revocation?: Revocation;
  /** How much is read at all, in bytes: `token` of an access token and of a proof 16384, `body` of a body that a rule looks into 65536; `cache`, about, of memory for tokens that were verified and need not be so again 33554432. */
  limits?: { token?: number; body?: number; cache?: number };
  /** How denials are worded; `verbose` shows the facts of a denial to the caller: for local work only. */
  errors?: { base?: string; vocabulary?: 'oauth' | 'caracal'; verbose?: boolean };
  /** What challenges add. */
  challenge?: { realm?: string };
  /** What the upstream sees of the caller: headers that carry claims, and whether credentials travel on. */
  forward?: { headers?: Record<string, string>; authorization?: 'strip' | 'keep' };
}

/** Which proofs of possession are taken (RFC 9449). */
export interface Dpop {
  /** Whether tokens may, or must, be bound to a key: `off`. */
  mode?: 'off' | 'optional' | 'required';
  /** The algorithms that proofs may use: `["ES256", "EdDSA", "PS256", "RS256"]`. */
  algorithms?: Algorithm[];
  /** Seconds that a proof is good for after its `iat`, on top of the leeway: 300. */
  age?: number;
  /** Whether proofs must carry a nonce of the gate: `never`. The secret has at least 16 bytes; every gate of a fleet needs the same. */
  nonce?: { mode?: 'never' | 'always'; secret?: SecretName };
}

/** Where the ids of proofs are remembered. */
export interface Replay {
  /**
   * `local`: this gate's memory, which no other gate sees and which ends with it: open one gate and keep it. A shared
   * store closes both gaps; for a single gate that restarts, a nonce secret made anew at each start does. `http`: a Redis behind Webdis or Upstash's REST interface.
   */
  store?: 'local' | { http: { uri: string; cluster?: string; authorization?: SecretName; timeout?: number } };
  /** Proofs that a local store must have room for, calls per second times `dpop.age` and twice the leeway: 100000. */
  capacity?: number;
}

/**
 * Where it is looked up whether a token is revoked: exactly one of `list`, `http`, `introspection` and `host`.
 * `list` is JSON `{ "revoked": [ids], "epochs": { zone: number } }`, or with `key` or `keys` a JWS of it; `http` a Redis
 * behind Webdis or Upstash's REST interface; `introspection` the authorization server's endpoint (RFC 7662); `host` the
 * store in `Gate.open(config, { revocation })`.
 */
export interface Revocation {
  /** A document, plain or signed, that is fetched anew every `age` seconds. */
  list?: { uri: string; cluster?: string; timeout?: number; key?: object; keys?: { keys: object[] } };
  /** A store that is asked with every call; `timeout` in seconds: 2. */
  http?: { uri: string; cluster?: string; authorization?: SecretName; timeout?: number };
  /** The authorization server, asked as `client`; that a token is active is remembered for `age` seconds. */
  introspection?: { uri: string; cluster?: string; client: string; secret: SecretName; timeout?: number };
  /** The store that `Gate.open` is given. */
  host?: boolean;
  /** Seconds that a list, or the answer that a token is active, is used for: 30. */
  age?: number;
  /** Seconds beyond its age that the last list is used for while fetches fail: 120. */
  stale?: number;
}

/** The environment variable that holds a secret: `Gate.open(config, { env })`. */
export interface SecretName {
  /** The name of the variable. */
  env: string;
}

/** How tokens and proofs are signed (RFC 7518 section 3.1, RFC 8037). */
export type Algorithm = 'ES256' | 'ES384' | 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'EdDSA';

/** One authorization server. */
export interface Issuer {
  /** Its identifier, byte for byte as in the token's `iss`. */
  issuer: string;
  /** Its keys: the set itself, where to fetch it, or to be found in its metadata. `cluster` has a meaning in Envoy only. */
  keys:
    | { set: { keys: object[] } }
    | { uri: string; cluster?: string }
    | { discover: true; private?: boolean; cluster?: string };
  /** The audiences that are accepted; the resource unless given. */
  audience?: string[];
  /** Whose claims its tokens have, RFC 9068's or those of Caracal's mandates: `oauth`. */
  profile?: 'oauth' | 'caracal';
  /** The zone of its mandates: Caracal's profile needs it, and has it alone. */
  zone?: string;
  /** What its mandates may be for, with Caracal's profile alone: `["resource"]`. */
  use?: OneOrMany<string>;
  /** `["ES256", "RS256", "PS256", "EdDSA"]` unless given; with Caracal's profile `["ES256"]`. */
  algorithms?: Algorithm[];
  /** Required claims that this issuer's tokens may lack. */
  claims?: { optional?: ('sub' | 'client_id' | 'jti' | 'iat')[] };
  /** The token types that are accepted: `["at+jwt"]`; with Caracal's profile `["JWT", "at+jwt"]`. */
  types?: OneOrMany<string>;
}

/** One item, or a list of them, which is not empty. */
export type OneOrMany<T> = T | T[];

/**
 * Which caller may use which tool: the first rule that matches decides. A pattern is the text itself, or with `*` at its
 * end all that begins so.
 */
export interface Policy {
  /** What becomes of a call that no rule matches: `deny` once there are rules. */
  default?: 'allow' | 'deny';
  /** How Envoy comes to know the call: `hold_body`. Here it only says whether a proof is claimed before a body is read, as `hold_body` does. */
  body?: 'hold_body' | 'hold_headers' | 'metadata';
  /** Scope -> the scopes that it includes, as patterns. */
  hierarchy?: { [scope: string]: string[] };
  /** What every call needs, decided before a body is read; its scopes stand in one challenge with those of the rule. */
  require?: Requirements;
  /** Caracal's operations: with `enforced`, its default, only those on the list pass. */
  operations?: { enforcement?: 'enforced' | 'transport_uniform'; list?: { method: string; path: string; scope: string }[] };
  /** What a caller sees of `tools/list` and its like: `whole`. */
  lists?: 'whole' | 'filtered';
  /** The first that matches a call decides about it. */
  rules?: Rule[];
}

/** One rule. */
export interface Rule {
  /** Its name in logs and outcomes: `rules[0]` and so on. */
  name?: string;
  /** Which calls it is about: those that all members match; all calls, where there is none. */
  match?: Match;
  /** What their callers need: all of it. */
  require?: Requirements;
  /** Whether callers who have that may pass, or nobody: `allow`. */
  effect?: 'allow' | 'deny';
  /** Whether it denies, or only says so in `outcome.shadow`: `enforce`. */
  enforcement?: 'enforce' | 'shadow';
}

/** Which calls a rule is about. A list stands for any of its items. */
export interface Match {
  /** HTTP methods. */
  http?: OneOrMany<string>;
  /** Paths, decoded; patterns. */
  path?: OneOrMany<string>;
  /** Kinds of JSON-RPC messages; `none`: a `GET` or `DELETE` of a session. */
  message?: OneOrMany<'request' | 'notification' | 'response' | 'none'>;
  /** MCP methods; patterns. */
  method?: OneOrMany<string>;
  /** Names of tools; patterns. */
  tool?: OneOrMany<string>;
  /** URIs of resources; patterns. */
  resource?: OneOrMany<string>;
  /** Names of prompts; patterns. */
  prompt?: OneOrMany<string>;
  /** Argument -> its values; texts are patterns. A name that begins with `/` is a JSON Pointer (RFC 6901). */
  arguments?: { [name: string]: OneOrMany<Scalar> };
}

/** What a caller must have. What cannot be evaluated, since a claim is missing or of another type, denies. */
export interface Requirements {
  /** A token that is bound to a key (RFC 9449 section 6): `false`. */
  dpop?: boolean;
  /** Scopes: all of a list, or all of `all` and one of `any`. */
  scopes?: OneOrMany<string> | { all?: OneOrMany<string>; any?: OneOrMany<string> };
  /** The zone, one of these. */
  zone?: OneOrMany<string>;
  /** Resources that the mandate is for, all of these. */
  targets?: OneOrMany<string>;
  /** A governed session: `false`. */
  session?: boolean;
  /** An agent: any, or one of these; patterns. */
  agent?: true | OneOrMany<string>;
  /** Delegated authority: any, or of so many hops at most; `required` is `true`. */
  delegation?: true | { required?: boolean; depth?: number };
  /** Applications or agents in the chain of delegation, all of these. */
  chain?: OneOrMany<string>;
  /** The current actor (RFC 8693 section 4.1), one of these; patterns. */
  actor?: OneOrMany<string>;
  /** A role, one of these. */
  roles?: OneOrMany<string>;
  /** Claim -> its value, or one of these; `has`: the claim is a list that holds one of these. A name that begins with `/` is a JSON Pointer. */
  claims?: { [name: string]: OneOrMany<Scalar> | { has: OneOrMany<Scalar> } };
  /** How the user must have authenticated, one of these contexts (RFC 9470). */
  acr?: OneOrMany<string>;
  /** With which methods, all of these (RFC 8176). */
  amr?: OneOrMany<string>;
  /** Seconds since then, at most. */
  max_age?: number;
}

/** What an argument or a claim is compared with. */
export type Scalar = string | number | boolean | null;

/** The configuration as JSON text; throws a `WaxsealError` for what JSON would leave out in silence. */
export function jsonOf(config: Config): string {
  const places = new Map<unknown, string>();
  let fault: WaxsealError | undefined;
  function plain(this: unknown, member: string, value: unknown): unknown {
    const holder = places.get(this) ?? '';
    const place = Array.isArray(this) ? `${holder}[${member}]` : [holder, member].filter(Boolean).join('.');
    const kind = faultOf(value);
    if (kind) throw (fault = refused(`\`${place || 'config'}\`: must be JSON data, not ${kind}`));
    places.set(value, place);
    return value;
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(config, plain);
  } catch (cause) {
    throw fault ?? refused('`config` cannot be read as JSON', cause);
  }
  if (!text?.startsWith('{')) throw refused('`config` must be an object');
  return text;
}

function faultOf(value: unknown): string | undefined {
  if (['function', 'symbol', 'bigint'].includes(typeof value)) return `a ${typeof value}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  // A `Map` or a `Set` would become an empty object.
  const iterable = typeof value === 'object' && value !== null && Symbol.iterator in value && !Array.isArray(value);
  return iterable ? 'an iterable' : undefined;
}
