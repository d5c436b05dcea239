// Mandates of Caracal, and gates that take them.

import { posted, tool } from './calls.mjs';
import { config, issuer } from './configurations.mjs';
import { CLAIMS, token } from './tokens.mjs';

/** What a mandate has beside the claims of an access token. */
export const MANDATE = { ...CLAIMS, zone_id: 'zone-1', sid: 'sid-1', root_sid: 'root-1', use: 'resource', sub_type: 'user' };

/** A gate for the mandates of one zone; `policy` is its policy. */
export const caracal = (members = {}, policy = {}, more = {}) => config({ issuers: [issuer({ profile: 'caracal', zone: 'zone-1', ...members })], policy, ...more });

/** A call of a tool with a mandate: claims to add (undefined removes one). */
export const mandated = (claims = {}, { header = {}, key, called = 'run', ...more } = {}) =>
  posted(tool(called), { made: token({ ...MANDATE, ...claims }, { header: { typ: 'JWT', ...header }, ...(key ? { key } : {}) }), ...more });
