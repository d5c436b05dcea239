// Tokens and proofs, made before anything is measured.

import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Prover } from '../envoy/proofs.mjs';
import { ISSUER, jwk, keyFor, now, RESOURCE, token } from '../envoy/tokens.mjs';

export { ISSUER, jwk, keyFor, Prover, RESOURCE };
export const ALGORITHMS = ['RS256', 'ES256'];

const FOLDER = fileURLToPath(new URL('../../target/bench/', import.meta.url));
const DAY = 86_400;
const LIFE = 7 * DAY;

/** A token that outlives the run. */
export const lasting = (algorithm, claims = {}) => token({ exp: now() + LIFE, ...claims }, { key: keyFor(algorithm), algorithm });

/** So many different tokens. Signing with RSA is slow: they are kept for a few days, under target. */
export async function tokens(algorithm, count) {
  const file = `${FOLDER}tokens-${algorithm}`;
  const found = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  const { until, made } = found.until > now() + DAY ? found : { until: now() + LIFE, made: [] };
  if (made.length < count) {
    while (made.length < count) made.push(lasting(algorithm));
    await mkdir(FOLDER, { recursive: true });
    await writeFile(`${file}.new`, JSON.stringify({ until, made }));
    await rename(`${file}.new`, file);
  }
  return made.slice(0, count);
}

/** The configuration of our gate that trusts one algorithm's key, and that alone. */
export const trusting = (algorithm, members = {}) => ({
  resource: RESOURCE,
  issuers: [{ issuer: ISSUER, algorithms: [algorithm], keys: { set: { keys: [jwk(keyFor(algorithm))] } } }],
  ...members,
});

/** Public keys that have signed nothing. */
export function strangers(count) {
  return Array.from({ length: count }, (_, number) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { format: 'jwk' } });
    return { ...publicKey, kid: `stranger-${number}` };
  });
}
