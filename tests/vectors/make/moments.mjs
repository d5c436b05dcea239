// One long-lived token per key, sent at any moment of the life of a key set.

import { URI } from './configurations.mjs';
import { call } from './requests.mjs';
import { NOW, token } from './tokens.mjs';

const LATER = NOW + 90_000;

/** A reply to a fetch; `headers` may name its Cache-Control. */
export const reply = (body, headers = {}, status = 200) => ({ status, headers, body });
export const fresh = (body, cacheControl) => reply(body, cacheControl === undefined ? {} : { 'cache-control': cacheControl });

/** What a request `seconds` after the first one brings, and what a fetch of the key set gives then: null, or a reply. */
export const at = (seconds, answer, expect, { key = 'es-1', claims = {}, uri = URI, header } = {}) => call(
  token({ iat: NOW - 5000, exp: LATER, ...claims }, { key, ...(header ? { header } : {}) }),
  { now: NOW + seconds, ...(answer === undefined ? {} : { fetches: { [uri]: answer } }), ...(expect ? { expect } : {}) },
);
