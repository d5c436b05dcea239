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
  /** Bytes of an access token, and of a proof: 16384. */
  limits?: { token?: number };
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

/** The environment variable that holds a secret: `Gate.open(config, { env })`. */
export interface SecretName {
  env: string;
}

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
  /** `["ES256", "RS256", "PS256", "EdDSA"]` unless given. */
  algorithms?: Algorithm[];
  /** Required claims that this issuer's tokens may lack. */
  claims?: { optional?: ('sub' | 'client_id' | 'jti' | 'iat')[] };
  /** The token types that are accepted: `["at+jwt"]`. */
  types?: string[];
}

/** The configuration as JSON text; throws a `TypeError` for what JSON would leave out in silence. */
export function jsonOf(config: Config): string {
  const places = new Map<unknown, string>();
  let refused: TypeError | undefined;
  function plain(this: unknown, member: string, value: unknown): unknown {
    const holder = places.get(this) ?? '';
    const place = Array.isArray(this) ? `${holder}[${member}]` : [holder, member].filter(Boolean).join('.');
    const fault = faultOf(value);
    if (fault) throw (refused = new TypeError(`\`${place || 'config'}\`: must be JSON data, not ${fault}`));
    places.set(value, place);
    return value;
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(config, plain);
  } catch (cause) {
    throw refused ?? new TypeError('`config` cannot be read as JSON', { cause });
  }
  if (!text?.startsWith('{')) throw new TypeError('`config` must be an object');
  return text;
}

function faultOf(value: unknown): string | undefined {
  if (['function', 'symbol', 'bigint'].includes(typeof value)) return `a ${typeof value}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  // A `Map` or a `Set` would become an empty object.
  const iterable = typeof value === 'object' && value !== null && Symbol.iterator in value && !Array.isArray(value);
  return iterable ? 'an iterable' : undefined;
}
