import { Core } from './core.js';

/** The algorithms that a host may be asked about (RFC 7518 section 3.1). */
export type HostAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'ES256' | 'ES384';

/** A signature that the module wants verified; the part of a visit that this file needs. */
export interface Question {
  /** Key, where it was kept, signature and message. */
  asked(): unknown[];
  jwk(): string | undefined;
  keep(key: unknown): void;
  verified(holds: boolean | undefined): void;
  verify_here(): void;
}

/** A way in which this runtime verifies signatures. */
interface Means {
  /** The key as `verify` takes it. */
  prepare(jwk: JsonWebKey, algorithm: HostAlgorithm): unknown;
  verify(key: unknown, algorithm: HostAlgorithm, signature: Bytes, message: Bytes): unknown;
}

type Bytes = Uint8Array<ArrayBuffer>;
type Asked = [key: unknown, signature: Bytes, message: Bytes];
type Known = [jwk: string, signature: Bytes, message: Bytes, holds: boolean];

/** What `node:crypto` has and this needs. */
interface NodeCrypto {
  createPublicKey(from: { key: JsonWebKey; format: 'jwk' }): unknown;
  verify(hash: string, message: Bytes, key: unknown, signature: Bytes): unknown;
}

const HASHES = { RS256: 'SHA-256', RS384: 'SHA-384', RS512: 'SHA-512', PS256: 'SHA-256', ES256: 'SHA-256', ES384: 'SHA-384' } as const;
/** RSA_PKCS1_PSS_PADDING of OpenSSL, by which `node:crypto` knows PSS. */
const PSS = 6;
/** RFC 7518 section 3.5: the salt is as long as the digest. */
const SALT = 32;

/** At once and on this thread: less than half of what a way through WebCrypto's threads costs. */
function node(): Means | undefined {
  // No import: this file is read by bundlers, and by runtimes that are no Node.
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): NodeCrypto | undefined } };
  const crypto = process?.getBuiltinModule?.('crypto');
  return crypto && {
    prepare(jwk, algorithm) {
      const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
      if (algorithm === 'PS256') return { key, padding: PSS, saltLength: SALT };
      return algorithm.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : key;
    },
    verify: (key, algorithm, signature, message) => crypto.verify(HASHES[algorithm], message, key, signature),
  };
}

function web(): Means | undefined {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  return subtle && {
    prepare: (jwk, algorithm) => subtle.importKey('jwk', jwk, imported(algorithm), false, ['verify']),
    verify: (key, algorithm, signature, message) => subtle.verify(verified(algorithm), key as CryptoKey, signature, message),
  };
}

function imported(algorithm: HostAlgorithm): RsaHashedImportParams | EcKeyImportParams {
  if (algorithm.startsWith('ES')) return { name: 'ECDSA', namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-384' };
  return { name: algorithm === 'PS256' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: HASHES[algorithm] };
}

function verified(algorithm: HostAlgorithm): AlgorithmIdentifier | RsaPssParams | EcdsaParams {
  if (algorithm.startsWith('ES')) return { name: 'ECDSA', hash: HASHES[algorithm] };
  return algorithm === 'PS256' ? { name: 'RSA-PSS', saltLength: SALT } : 'RSASSA-PKCS1-v1_5';
}

/** What has proved itself by the known answers, and `null` where nothing has: only results, since no promise of one request is ever awaited by another. */
const proved = new Map<HostAlgorithm, Means | null>();

async function prove(algorithm: HostAlgorithm): Promise<void> {
  for (const found of [node, web]) {
    try {
      const means = found();
      if (means && (await answersRight(means, algorithm))) {
        proved.set(algorithm, means);
        return;
      }
    } catch {
      // It lacks the algorithm, or is none.
    }
  }
  proved.set(algorithm, null);
}

async function answersRight(means: Means, algorithm: HostAlgorithm): Promise<boolean> {
  const known = Core.known_answers(algorithm) as Known[];
  for (const [jwk, signature, message, holds] of known) {
    const key = await means.prepare(JSON.parse(jwk) as JsonWebKey, algorithm);
    if ((await means.verify(key, algorithm, signature, message)) !== holds) return false;
  }
  return known.length > 0;
}

/** Answers what a visit asks: with what this runtime has, or else with the core's own cryptography. */
export function answerSignature(visit: Question, algorithm: HostAlgorithm): Promise<void> | void {
  const means = proved.get(algorithm);
  if (means === undefined) return prove(algorithm).then(() => answerSignature(visit, algorithm));
  if (means === null) return visit.verify_here();
  const [kept, signature, message] = visit.asked() as Asked;
  const verify = (key: unknown) => settled(
    () => means.verify(key, algorithm, signature, message),
    (holds) => visit.verified(typeof holds === 'boolean' ? holds : undefined),
    () => visit.verified(undefined),
  );
  if (kept !== undefined) return verify(kept);
  return settled(
    () => means.prepare(JSON.parse(visit.jwk() ?? '') as JsonWebKey, algorithm),
    (key) => {
      visit.keep(key);
      return verify(key);
    },
    // A key that the runtime does not take: the core knows what it is worth.
    () => visit.verify_here(),
  );
}

/** Acts on what is asked for; at once where it is there at once: a turn of the event loop is for those that wait. */
function settled(ask: () => unknown, act: (result: unknown) => Promise<void> | void, fail: () => void): Promise<void> | void {
  let result: unknown;
  try {
    result = ask();
  } catch {
    return fail();
  }
  return isPromise(result) ? result.then(act, fail) : act(result);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Partial<Promise<unknown>> | undefined)?.then === 'function';
}
