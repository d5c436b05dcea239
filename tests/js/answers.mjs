// What an issuer may answer to the fetch of its key set, and what a request then meets.

import assert from 'node:assert/strict';
import { Gate } from '../../pkg/dist/index.js';
import { fetching, ISSUER, KEY } from './issuer.mjs';

export const URI = 'https://as.example.com/jwks.json';

/** A key set as a Response. */
export const keySet = (...keys) => Response.json({ keys: keys.map((key) => key.jwk) });

/** A good key set of exactly so many bytes. */
export function padded(bytes) {
  const text = JSON.stringify({ keys: [KEY.jwk], issuer: ISSUER });
  return text.replace(/}$/, `${' '.repeat(bytes - text.length)}}`);
}

/** A gate whose fetches are answered by the test; `asked` counts them. */
export async function gateWith(answer, members = {}) {
  const asked = [];
  const fetch = (...input) => {
    asked.push(input);
    return answer(asked.length, ...input);
  };
  return { gate: await Gate.open(fetching(URI, members), { fetch }), asked };
}

/** How a request ends whose key set cannot be had. */
export function assertUnavailable(outcome, fault) {
  assert.equal(outcome.reason, 'keys_unavailable', JSON.stringify(outcome));
  assert.equal(outcome.reply.status, 503);
  assert.match(new Headers(outcome.reply.headers).get('retry-after'), /^[1-9][0-9]*$/);
  assert.equal(new Headers(outcome.reply.headers).has('www-authenticate'), false);
  if (fault) assert.match(outcome.facts.fault, fault);
}
