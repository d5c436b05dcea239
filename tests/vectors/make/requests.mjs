// What is sent to the gate.

import { RESOURCE } from './configurations.mjs';
import { token } from './tokens.mjs';

export const request = (headers, more = {}) => ({ method: 'POST', url: RESOURCE, headers, ...more });
/** A request with this value in its Authorization header. */
export const authorized = (value, more) => request([['authorization', value]], more);
/** A request with a token, the usual way. */
export const call = (made = token(), more) => authorized(`Bearer ${made}`, more);
export const get = (path, headers = [], more = {}) => request(headers, { method: 'GET', url: path, ...more });
