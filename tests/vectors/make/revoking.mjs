// The ids by which tokens are revoked, and who says so.

import { createHash } from 'node:crypto';
import { ISSUER, RESOURCE, STORE } from './configurations.mjs';
import { reply } from './moments.mjs';
import { CLAIMS } from './tokens.mjs';

export const LIST = 'https://as.example.com/revoked';
export const INTROSPECT = 'https://as.example.com/introspect';

/** Visible ASCII as it is, all else percent-encoded. */
const word = (text) => [...Buffer.from(text, 'utf8')].map((byte) => (byte > 0x20 && byte < 0x7f && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
/** An id of a claim: of the issuer, and for a `jti` of the audience. */
export const id = (claim, value = CLAIMS[claim], { iss = ISSUER, aud = RESOURCE } = {}) => [claim, iss, ...(claim === 'jti' ? [aud] : []), value].map(word).join(' ');

/** What a fetch of the list brings. */
export const list = (revoked, more = {}) => ({ fetches: { [LIST]: reply({ revoked, ...more }) } });

const digest = (text) => createHash('sha256').update(text).digest('base64url');
const segment = (text) => encodeURIComponent(text).replace(/[.!~*'()]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%3A', ':');
/** The command for these ids, and what the store says to it. Before them may stand the keys of Caracal's own store. */
export const command = (ids, own = []) => `${STORE}/MGET/${[...own.map((key) => segment(`caracal:revoked:sessions:${key}`)), ...ids.map((each) => `waxseal:revoked:${digest(each)}`)].join('/')}`;
export const stored = (ids, body, { own = [], status = 200 } = {}) => ({ fetches: { [command(ids, own)]: body === null ? null : reply(body, {}, status) } });
