// Bent Ed25519 keys and signatures: RFC 8032 section 5.1.

const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const number = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const bytesOf = (value) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();

/** The same signature with so many times the order added to S, which verifies where S is not bounded. */
export const beyondOrder = (times) => (raw) => Buffer.concat([raw.subarray(0, 32), bytesOf(number(raw.subarray(32)) + times * L)]);
export const withScalar = (value) => (raw) => Buffer.concat([raw.subarray(0, 32), bytesOf(value)]);
export const ORDER_25519 = L;

/** Points of order 1, 2, 4 and 8: with such a key one signature fits many messages. */
export const SMALL = {
  1: bytesOf(1n),
  2: bytesOf((1n << 255n) - 20n),
  4: Buffer.alloc(32),
  8: Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex'),
};
