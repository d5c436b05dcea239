// Envoy's function `verify_signature`: PKCS#1 v1.5 and ECDSA (DER), no PSS and no Ed25519. Answers as
// `foreign.cc` and the crypto utility of Envoy do, bytes in and bytes out.

import { createPublicKey, verify } from 'node:crypto';
import { Status } from './status.mjs';

export const FUNCTION = 'verify_signature';
const HASHES = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
const HOLDS = Uint8Array.of(0x08, 0x01);

/** What the arguments say: `{ hash, key, signature, text }`, or undefined for what is no protobuf. */
export function read(bytes) {
  const fields = { 1: new Uint8Array(), 2: new Uint8Array(), 3: new Uint8Array(), 4: new Uint8Array() };
  let at = 0;
  const number = () => {
    for (let value = 0, shift = 0; at < bytes.length && shift < 32; shift += 7) {
      const byte = bytes[at];
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  while (at < bytes.length) {
    const tag = number();
    const length = number();
    if (tag % 8 !== 2 || !(at + length <= bytes.length)) return undefined;
    fields[Math.floor(tag / 8)] = bytes.subarray(at, at + length);
    at += length;
  }
  return { hash: Buffer.from(fields[1]).toString(), key: fields[2], signature: fields[3], text: fields[4] };
}

/** The answer that names an error: it does not hold. */
export function refusal(error) {
  const text = Buffer.from(error);
  return Uint8Array.from([0x12, text.length, ...text]);
}

export const holds = () => HOLDS;

export function verifySignature(input) {
  const asked = read(input);
  if (!asked) return Status.BadArgument;
  const { hash, key: der, signature, text } = asked;
  if (!HASHES.includes(hash)) return refusal(`${hash} is not supported.`);
  let key;
  try {
    key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  } catch {
    return refusal('Failed to initialize digest verify.');
  }
  if (!['rsa', 'ec'].includes(key.asymmetricKeyType)) return refusal('Failed to verify digest. Error code: 0');
  return verify(hash, text, key, signature) ? HOLDS : refusal('Failed to verify digest. Error code: 0');
}

/** The arguments as the filter writes them. */
export function argumentsOf({ hash, key, signature, text }) {
  const field = (number, bytes) => {
    const length = [];
    for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
      length.push(rest < 128 ? rest : (rest % 128) + 128);
      if (rest < 128) break;
    }
    return Buffer.concat([Buffer.of(number * 8 + 2, ...length), bytes]);
  };
  return Buffer.concat([field(1, Buffer.from(hash)), field(2, key), field(3, signature), field(4, text)]);
}
