/** The configuration of a gate: the same object that the Envoy filter takes. */
export interface Config {
  /** The identifier of the protected resource: an absolute URL without a fragment. */
  resource: string;
  /** The authorization servers whose tokens are accepted. */
  issuers: Issuer[];
  /** The life of fetched key sets, in seconds: `age` 300, `timeout` 5. */
  keys?: { age?: number; timeout?: number };
  /** Scopes that every call needs. */
  scopes?: string[];
  /** How far clocks may differ, in seconds: 30. */
  leeway?: number;
  /** Bytes of an access token: 16384. */
  limits?: { token?: number };
  /** How denials are worded; `verbose` shows the facts of a denial to the caller: for local work only. */
  errors?: { base?: string; vocabulary?: 'oauth' | 'caracal'; verbose?: boolean };
  /** What challenges add. */
  challenge?: { realm?: string };
  /** What the upstream sees of the caller: headers that carry claims, and whether credentials travel on. */
  forward?: { headers?: Record<string, string>; authorization?: 'strip' | 'keep' };
}

/** One authorization server. */
export interface Issuer {
  /** Its identifier, byte for byte as in the token's `iss`. */
  issuer: string;
  /** Its keys: the set itself, or where to fetch it. `cluster` has a meaning in Envoy only. */
  keys: { set: { keys: object[] } } | { uri: string; cluster?: string };
  /** The audiences that are accepted; the resource unless given. */
  audience?: string[];
  /** `["ES256", "RS256"]` unless given. */
  algorithms?: ('ES256' | 'RS256')[];
  /** Required claims that this issuer's tokens may lack. */
  claims?: { optional?: ('sub' | 'client_id' | 'jti' | 'iat')[] };
  /** The token types that are accepted: `["at+jwt"]`. */
  types?: string[];
}
