// stdin: lines of signature checks with our verdicts -> whether the hosts that run here say the same:
// Envoy's function as it is here, node:crypto and WebCrypto. Exits 1 after a line per difference.

import { createPublicKey, verify } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { argumentsOf, holds, verifySignature } from './signatures.mjs';

const { subtle } = globalThis.crypto;
const HASH = { RS256: 'sha256', RS384: 'sha384', RS512: 'sha512', PS256: 'sha256', ES256: 'sha256', ES384: 'sha384' };
const webHash = (algorithm) => HASH[algorithm].replace('sha', 'SHA-');
const PSS = { padding: 6, saltLength: 32 };

const HOSTS = {
  envoy({ algorithm, key, message, der }) {
    if (algorithm === 'PS256') return undefined;
    const answer = verifySignature(argumentsOf({ hash: HASH[algorithm], key, signature: der, text: message }));
    return Buffer.compare(answer, holds()) === 0;
  },
  node({ algorithm, jwk, message, signature }) {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(HASH[algorithm], message, { key, ...(algorithm === 'PS256' ? PSS : { dsaEncoding: 'ieee-p1363' }) }, signature);
  },
  async web({ algorithm, jwk, message, signature }) {
    const hash = webHash(algorithm);
    const ec = { name: 'ECDSA', namedCurve: jwk.crv, hash };
    const rsa = { name: algorithm === 'PS256' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash, saltLength: 32 };
    const own = jwk.kty === 'EC' ? ec : rsa;
    return subtle.verify(own, await subtle.importKey('jwk', jwk, own, false, ['verify']), signature, message);
  },
};

let [asked, differing] = [0, 0];
for (const line of (await text(process.stdin)).split('\n')) {
  const read = JSON.parse(line);
  const bytes = (name) => Buffer.from(read[name], 'base64url');
  const check = {
    algorithm: read.algorithm, jwk: JSON.parse(read.jwk), key: bytes('key'), message: bytes('message'), signature: bytes('signature'), der: bytes('der'),
  };
  for (const [name, host] of Object.entries(HOSTS)) {
    const answer = await (async () => host(check))().catch((error) => error);
    // A host that errs denies.
    if (answer !== undefined && (answer === true) !== read.holds) {
      differing += 1;
      console.log(`${name}: ${answer}, ours: ${read.holds}: ${line}`);
    }
  }
  asked += 1;
}
console.log(`${asked} checks, ${differing} answered otherwise by a host`);
process.exitCode = differing > 0 ? 1 : 0;
