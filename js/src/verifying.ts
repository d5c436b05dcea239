import { Core } from './core.js';
import { inTime } from './fetch.js';
import { exports } from './module.js';

/** The algorithms that a host may be asked about (RFC 7518 section 3.1). */
export type HostAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'ES256' | 'ES384';

/** A signature that the module wants verified; the part of a visit that this file needs. */
export interface Question {
  /** Key, where it was kept; where signature and message lie in the module's memory, and how many bytes they have. */
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
  /** Signature and message may change once it has returned: what goes on elsewhere takes copies. */
  verify: Verify;
  /** The same on other threads. */
  aside?: Verify | undefined;
}

type Verify = (key: unknown, algorithm: HostAlgorithm, signature: Bytes, message: Bytes) => unknown;

type Bytes = Uint8Array<ArrayBuffer>;
type Asked = [key: unknown, signatureAt: number, signatureLength: number, messageAt: number, messageLength: number];
type Known = [jwk: string, signature: Bytes, message: Bytes, holds: boolean];

/** What Node has and this needs. */
interface Node {
  process?: { getBuiltinModule?(name: string): NodeCrypto | undefined; versions?: Record<string, string | undefined> };
  setImmediate?(act: () => void): unknown;
}

interface NodeCrypto {
  createPublicKey(from: { key: JsonWebKey; format: 'jwk' }): unknown;
  verify(hash: string, message: Bytes, key: unknown, signature: Bytes): unknown;
  verify(hash: string, message: Bytes, key: unknown, signature: Bytes, done: (error: unknown, holds: unknown) => void): unknown;
}

const HASHES = { RS256: 'SHA-256', RS384: 'SHA-384', RS512: 'SHA-512', PS256: 'SHA-256', ES256: 'SHA-256', ES384: 'SHA-384' } as const;
/** RSA_PKCS1_PSS_PADDING of OpenSSL, by which `node:crypto` knows PSS. */
const PSS = 6;
/** RFC 7518 section 3.5: the salt is as long as the digest. */
const SALT = 32;
/** Seconds that a known answer may take. */
const PATIENCE = 5;
/** Signatures that are verified on this thread in a turn of the event loop, where others could: for a few milliseconds. */
const HERE = 64;
/** Milliseconds that others may take: they may have much else to do. */
const LATE = 100;
/** Those that were, and those that are under way on others. */
let [here, elsewhere] = [0, 0];

/**
 * At once and on this thread, which costs less than half of a way through WebCrypto's threads; Node's own are for where many
 * come at a time.
 */
function node(): Means | undefined {
  // No import: this file is read by bundlers, and by runtimes that are no Node.
  const { process } = globalThis as Node;
  const crypto = process?.getBuiltinModule?.('crypto');
  // Those that speak like Node have its threads only in name.
  const { uv, bun, deno } = process?.versions ?? {};
  const threads = uv && !bun && !deno && !('WebSocketPair' in globalThis);
  return crypto && {
    prepare(jwk, algorithm) {
      const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
      if (algorithm === 'PS256') return { key, padding: PSS, saltLength: SALT };
      return algorithm.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : key;
    },
    verify: (key, algorithm, signature, message) => crypto.verify(HASHES[algorithm], message, key, signature),
    aside: threads ? (key, algorithm, signature, message) => new Promise((resolve, reject) => {
      const done = (error: unknown, holds: unknown) => (error ? reject(error) : resolve(holds));
      // What answers at once has not understood.
      if (crypto.verify(HASHES[algorithm], message.slice(), key, signature.slice(), done) !== undefined) reject(new TypeError());
    }) : undefined,
  };
}

function web(): Means | undefined {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  return subtle && {
    prepare: (jwk, algorithm) => subtle.importKey('jwk', jwk, imported(algorithm), false, ['verify']),
    verify: (key, algorithm, signature, message) => subtle.verify(verified(algorithm), key as CryptoKey, signature.slice(), message.slice()),
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
    const means = await tried(found);
    if (means && (await answersRight(means, means.verify, algorithm))) {
      proved.set(algorithm, means);
      return;
    }
  }
  proved.set(algorithm, null);
}

/** Whether other threads have given the known answers, too; `undefined` while they are asked. */
const provedAside = new Map<HostAlgorithm, boolean | undefined>();

/** How to verify on other threads, where that is wanted now. Nobody waits until they have proved themselves. */
function asideOf(means: Means, algorithm: HostAlgorithm): Verify | undefined {
  if (!means.aside || !isCrowded()) return undefined;
  if (!provedAside.has(algorithm)) {
    provedAside.set(algorithm, undefined);
    void answersRight(means, means.aside, algorithm).then((right) => provedAside.set(algorithm, right));
  }
  return provedAside.get(algorithm) ? means.aside : undefined;
}

/** Whether the known answers are given. */
async function answersRight(means: Means, verify: Verify, algorithm: HostAlgorithm): Promise<boolean> {
  const known = Core.known_answers(algorithm) as Known[];
  for (const [jwk, signature, message, holds] of known) {
    const key = await tried(() => means.prepare(JSON.parse(jwk) as JsonWebKey, algorithm));
    if ((await tried(() => verify(key, algorithm, signature, message))) !== holds) return false;
  }
  return known.length > 0;
}

/** What comes of it in time; `undefined` where nothing does: the runtime lacks it, or does not do it. */
async function tried<Result>(act: () => Result): Promise<Awaited<Result> | undefined> {
  try {
    return await inTime(PATIENCE, async () => act());
  } catch {
    return undefined;
  }
}

/** Whether enough was verified on this thread in this turn of the event loop, or others are at it anyway. */
function isCrowded(): boolean {
  const { setImmediate } = globalThis as Node;
  if (elsewhere > 0 || here >= HERE || !setImmediate) return true;
  here += 1;
  try {
    if (here === 1) setImmediate(() => (here = 0));
  } catch {
    here = HERE;
  }
  return false;
}

/** Answers what a visit asks: with what this runtime has, or else with the core's own cryptography. */
export function answerSignature(visit: Question, algorithm: HostAlgorithm): Promise<void> | void {
  const means = proved.get(algorithm);
  if (means === undefined) return prove(algorithm).then(() => answerSignature(visit, algorithm));
  if (means === null) return visit.verify_here();
  const [kept, signatureAt, signatureLength, messageAt, messageLength] = visit.asked() as Asked;
  const aside = asideOf(means, algorithm);
  const by = (verify: Verify, key: unknown) => verify(key, algorithm, inMemory(signatureAt, signatureLength), inMemory(messageAt, messageLength));
  const verify = (key: unknown) => settled(
    () => (aside ? soon(async () => by(aside, key), () => by(means.verify, key)) : by(means.verify, key)),
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

/** What other threads say, or what this one does where they have no time for it. */
async function soon(there: () => Promise<unknown>, here: () => unknown): Promise<unknown> {
  elsewhere += 1;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, LATE, here); });
  try {
    const answer = await Promise.race([there().catch(() => here), late]);
    return answer === here ? here() : answer;
  } finally {
    clearTimeout(timer);
    elsewhere -= 1;
  }
}

/** Bytes of the module's memory: no copy. */
function inMemory(at: number, length: number): Bytes {
  const { memory } = exports() as unknown as { memory: WebAssembly.Memory };
  return new Uint8Array(memory.buffer, at, length);
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
