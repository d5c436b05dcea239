// The request id that the gate makes where the caller gives none: in replies and toward the upstream.

import assert from 'node:assert/strict';

/** RFC 9562 section 5.7. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Headers without the id that the gate has set, which must stand there once, at the place given from the end. */
export function withoutId(headers, fromEnd = 1) {
  const ids = headers.filter(([name]) => name.toLowerCase() === 'x-request-id');
  assert.equal(ids.length, 1, JSON.stringify(headers));
  assert.equal(headers.at(-fromEnd), ids[0], JSON.stringify(headers));
  assert.equal(ids[0][0], 'x-request-id');
  assert.match(ids[0][1], UUID);
  return headers.filter((pair) => pair !== ids[0]);
}
