import { misuse } from './error.js';
import { kept } from './keystore.js';
import { type DpopMiddleware, provingFetch } from './proving.js';

/** How proofs are signed; `Ed25519` is the name of RFC 9864 for what was `EdDSA`. */
export type DpopAlgorithm = 'ES256' | 'Ed25519' | 'PS256' | 'RS256';

/** A pair of `CryptoKey`s, also where no type has that name. */
export interface KeyPair {
  /** One that may sign. */
  privateKey: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
  /** Extractable: proofs carry it. */
  publicKey: KeyPair['privateKey'];
}

/** A public key as a JWK, with its required members only (RFC 7638 section 3.2). */
export type PublicJwk = Readonly<{ kty: string } & Partial<Record<'crv' | 'e' | 'n' | 'x' | 'y', string>>>;

/** Where the key of a client comes from. Without `key` and `persist` it is new, and gone with the page. */
export interface DpopOptions {
  /** `ES256` unless given; where there is a key already, its own: another one is refused. */
  algorithm?: DpopAlgorithm | undefined;
  /** The caller's own pair: a private key that may sign, and its public one, extractable. */
  key?: KeyPair | undefined;
  /**
   * Keeps the pair in IndexedDB, under this name: pages of one origin that name it share it.
   * A kept key of another algorithm is neither used nor replaced, since tokens are bound to it: the call is refused.
   */
  persist?: string | undefined;
}

/** What one proof is about (RFC 9449 section 4.2). */
export interface ProofRequest {
  /** The method as it is sent. Like `fetch`, this writes the six usual ones in upper case, and no other. */
  method: string;
  /** Where to; query and fragment do not count. */
  url: string | URL;
  /** The access token that goes with the proof; none toward a token endpoint. */
  token?: string | undefined;
  /** What the server sent as `DPoP-Nonce`. */
  nonce?: string | undefined;
  /** The time, in seconds since 1970-01-01T00:00:00Z; the system clock unless given. */
  now?: number | undefined;
}

/** A client's key, and the proofs made with it. The functions work on their own, as a middleware needs. */
export interface Dpop {
  /** The thumbprint of the key (RFC 7638): a token bound to it has it as `cnf.jkt`, a code as `dpop_jkt`. */
  readonly thumbprint: string;
  /** The public key, as proofs carry it. */
  readonly publicJwk: PublicJwk;
  /** Makes a proof, good for one request: the value of its header `DPoP`. */
  readonly proof: (request: ProofRequest) => Promise<string>;
  /** Makes a `fetch` whose requests carry proofs. */
  readonly fetch: DpopMiddleware;
}

/** The members serve `generateKey`, `importKey`, `sign` and `verify` alike: each takes those it knows. */
const RSA = { hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), saltLength: 32 };
const MEANS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  Ed25519: { name: 'Ed25519' },
  PS256: { name: 'RSA-PSS', ...RSA },
  RS256: { name: 'RSASSA-PKCS1-v1_5', ...RSA },
};

/** Makes a client's key, or takes one over, for proofs of possession (RFC 9449). The private half is not extractable. */
export async function createDpop(options: DpopOptions = {}): Promise<Dpop> {
  if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
  const { algorithm, key, persist } = options;
  if (algorithm !== undefined && !Object.hasOwn(MEANS, algorithm)) {
    throw misuse(`\`options.algorithm\` must be one of ${Object.keys(MEANS).join(', ')}`);
  }
  if (key && persist !== undefined) throw misuse('`options.key` and `options.persist` exclude each other');
  if (!globalThis.crypto?.subtle) throw misuse('proofs need `crypto.subtle`; a page has it on https and localhost only');
  const make = (): Promise<KeyPair> => crypto.subtle.generateKey(MEANS[algorithm ?? 'ES256'], false, ['sign', 'verify']) as Promise<KeyPair>;
  const pair = key ?? (persist === undefined ? await make() : await kept(persist, make));
  const { alg, publicJwk } = await identified(pair, key ? 'key' : 'persist', algorithm);
  const header = encoded(JSON.stringify({ typ: 'dpop+jwt', alg, jwk: publicJwk }));

  const proof = async ({ method, url, token, nonce, now = Date.now() / 1000 }: ProofRequest): Promise<string> => {
    for (const [name, value] of Object.entries({ method, token: token ?? '', nonce: nonce ?? '' })) {
      if (typeof value !== 'string') throw misuse(`\`${name}\` must be a string`);
    }
    if (!Number.isFinite(now)) throw misuse('`now` must be a number of seconds');
    const ath = token ? encoded(await sha256(token)) : undefined;
    const claims = { jti: encoded(crypto.getRandomValues(new Uint8Array(16))), htm: onTheWire(method), htu: target(url), iat: Math.floor(now), ath, nonce };
    const input = `${header}.${encoded(JSON.stringify(claims))}`;
    return `${input}.${encoded(await crypto.subtle.sign(MEANS[alg], pair.privateKey, bytesOf(input)))}`;
  };
  return { thumbprint: await thumbprint(publicJwk), publicJwk, proof, fetch: provingFetch(proof) };
}

/** RFC 7638 section 3. */
export async function thumbprint(jwk: PublicJwk): Promise<string> {
  return encoded(await sha256(JSON.stringify(requiredMembers(jwk))));
}

/** In the order of RFC 7638 section 3.3. */
function requiredMembers(jwk: JsonWebKey | PublicJwk): PublicJwk {
  const { crv, e, kty, n, x, y } = jwk;
  return JSON.parse(JSON.stringify({ crv, e, kty, n, x, y }));
}

/** What a pair is, if proofs can be made with it. */
async function identified(pair: KeyPair, member: 'key' | 'persist', asked?: DpopAlgorithm) {
  const { privateKey, publicKey } = pair;
  const refuse = (fault: string) => misuse(`\`options.${member}\`: ${fault}`);
  if (privateKey?.type !== 'private' || publicKey?.type !== 'public') throw refuse('must be a pair of a private and a public CryptoKey');
  if (!privateKey.usages.includes('sign')) throw refuse('the private key must have the usage `sign`');
  if (!publicKey.extractable) throw refuse('the public key must be extractable');
  const alg = algorithmOf(privateKey);
  if (!alg || alg !== algorithmOf(publicKey)) throw refuse(`must be a pair for ${Object.keys(MEANS).join(', ')}`);
  if (asked && alg !== asked) throw refuse(`holds a key for ${alg}, not for ${asked}`);
  const publicJwk = Object.freeze(requiredMembers(await crypto.subtle.exportKey('jwk', publicKey)));
  const sample = bytesOf(publicJwk.kty);
  const verifier = await crypto.subtle.importKey('jwk', publicJwk, MEANS[alg], false, ['verify']);
  const signature = await crypto.subtle.sign(MEANS[alg], privateKey, sample);
  if (!(await crypto.subtle.verify(MEANS[alg], verifier, signature, sample))) throw refuse('the two keys are no pair');
  return { alg, publicJwk };
}

function algorithmOf(key: CryptoKey): DpopAlgorithm | undefined {
  const { name, namedCurve, hash, modulusLength = 2048 } = key.algorithm as Partial<EcKeyAlgorithm & RsaHashedKeyAlgorithm>;
  if (modulusLength < 2048) return undefined;
  const kinds: Record<string, DpopAlgorithm> = {
    'ECDSA P-256': 'ES256', 'Ed25519 ': 'Ed25519', 'RSA-PSS SHA-256': 'PS256', 'RSASSA-PKCS1-v1_5 SHA-256': 'RS256',
  };
  return kinds[`${name} ${namedCurve ?? hash?.name ?? ''}`];
}

/** As `fetch` sends it (Fetch standard, section 2.2.1). */
function onTheWire(method: string): string {
  return /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method;
}

/** The URL without query and fragment. */
function target(url: string | URL): string {
  const { protocol = '', origin, pathname } = URL.canParse(url) ? new URL(url) : ({} as Partial<URL>);
  if (!/^https?:$/.test(protocol)) throw misuse('`url` must be an http or https URL');
  return `${origin}${pathname}`;
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', bytesOf(text));
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Base64url without padding (RFC 7515 section 2). */
function encoded(data: string | ArrayBuffer | Uint8Array): string {
  const bytes = typeof data === 'string' ? bytesOf(data) : new Uint8Array(data);
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(characters).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
}
