// What a host function answers, by the numbers of proxy-wasm 0.2.1.

export const Status = Object.freeze({
  Ok: 0,
  NotFound: 1,
  BadArgument: 2,
  SerializationFailure: 3,
  ParseFailure: 4,
  InvalidMemoryAccess: 6,
  Empty: 7,
  CasMismatch: 8,
  InternalFailure: 10,
});

/** The filter, or the test that drives it, did what Envoy would not put up with. */
export class HostError extends Error {
  name = 'HostError';
}
