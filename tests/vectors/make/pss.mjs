// RSASSA-PSS with a salt of our choice, since node:crypto draws a random one: RFC 8017 section 9.1.1.

import { constants, createHash, createPublicKey, privateEncrypt } from 'node:crypto';
import { asKey } from './keys.mjs';

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** MGF1 of RFC 8017 appendix B.2.1. */
function mask(seed, length) {
  const blocks = [];
  for (let n = 0; n * 32 < length; n += 1) blocks.push(sha256(seed, Buffer.of(0, 0, 0, n)));
  return Buffer.concat(blocks).subarray(0, length);
}

/**
 * A signer whose salt has so many bytes; `trailer` is the last byte of the encoded message, `lead` the one before its first
 * where the modulus is a byte longer.
 */
export const pss = (saltLength, { trailer = 0xbc, lead = 0 } = {}) => (input, name) => {
  const key = asKey(name);
  const bits = createPublicKey(key).asymmetricKeyDetails.modulusLength;
  const size = Math.ceil((bits - 1) / 8);
  const salt = Buffer.alloc(saltLength, 0x5a);
  const digest = sha256(Buffer.alloc(8), sha256(Buffer.from(input)), salt);
  const block = Buffer.concat([Buffer.alloc(size - saltLength - 34), Buffer.of(1), salt]);
  mask(digest, block.length).forEach((byte, at) => { block[at] ^= byte; });
  block[0] &= 0xff >> (8 * size - (bits - 1));
  const encoded = Buffer.concat([Buffer.alloc(Math.ceil(bits / 8) - size, lead), block, digest, Buffer.of(trailer)]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
};
