// The cases of mandate.json.

import { passes, posted, tool } from '../calls.mjs';
import { config, issuer } from '../configurations.mjs';
import { json, raw } from '../exact-json.mjs';
import { deny } from '../expectations.mjs';
import { MANDATE, caracal, mandated } from '../mandates.mjs';
import { having } from '../rules.mjs';
import { NOW, token } from '../tokens.mjs';

export const about = 'The claims of a Caracal mandate, in the order of its verifiers: signature, audience, times, identity, zone, use.';

export function cases() {
  const on = having('mandates', caracal());
  const claim = (name, claims, expect) => on(name, mandated(claims), expect);

  claim('a mandate', {}, passes);
  claim('a mandate of an application', { sub: 'client-1', sub_type: 'application' }, passes);
  claim('a mandate for several resources', { aud: ['https://other.example', MANDATE.aud] }, passes);
  claim('a mandate with claims that nobody knows', { graph_epoch: 'x', more: [1] }, passes);
  on('a mandate of the type at+jwt', mandated({}, { header: { typ: 'at+jwt' } }), passes);
  for (const typ of ['jwt', 'application/jwt']) on(`a mandate of the type ${typ}`, mandated({}, { header: { typ } }), passes);
  for (const typ of ['JOSE', 'dpop+jwt', undefined]) on(`a mandate of the type ${typ}`, mandated({}, { header: { typ } }), deny('type_not_allowed'));
  on('a mandate with another algorithm', mandated({}, { key: 'rs-1' }), deny('algorithm_not_allowed'));
  on('an access token of RFC 9068 is no mandate', posted(tool('run')), deny('claim_missing'));

  for (const name of ['exp', 'iat', 'jti', 'sub', 'client_id', 'sid', 'root_sid', 'use', 'sub_type', 'aud']) claim(`no ${name}`, { [name]: undefined }, deny('claim_missing'));
  for (const name of ['jti', 'sub', 'client_id', 'sid', 'root_sid', 'use', 'sub_type']) {
    claim(`an empty ${name}`, { [name]: '' }, deny('claim_missing'));
    for (const value of [1, null, ['x']]) claim(`${name} as ${json(value)}`, { [name]: value }, deny('claim_malformed'));
  }
  for (const value of ['users', 'User', 'agent', 'user ']) claim(`sub_type as ${json(value)}`, { sub_type: value }, deny('claim_malformed'));
  for (const name of ['exp', 'iat']) for (const value of ['1700000300', null, true, raw('1700000300.5'), raw('1e300'), -5]) claim(`${name} as ${json(value)}`, { [name]: value }, deny('claim_malformed'));
  claim('exp and iat as whole numbers with a fraction of nothing', { exp: raw('1700000300.0'), iat: raw('1.69999999e9') }, passes);
  for (const value of ['1700000000', null, true]) claim(`nbf as ${json(value)}`, { nbf: value }, deny('claim_malformed'));

  // exp without leeway; nbf and iat with 60 seconds, whatever the leeway of the gate.
  for (const named of ['mandates', 'mandates with a long leeway', 'mandates without leeway']) {
    const at = named === 'mandates' ? on : having(named, caracal({}, {}, { leeway: named === 'mandates with a long leeway' ? 600 : 0 }));
    at(`${named}: a second left`, mandated({ exp: NOW + 1 }), passes);
    at(`${named}: exp is now`, mandated({ exp: NOW }), deny('token_expired'));
    at(`${named}: exp was a second ago`, mandated({ exp: NOW - 1 }), deny('token_expired'));
    for (const [name, reason] of [['nbf', 'token_not_yet_valid'], ['iat', 'token_issued_in_future']]) {
      at(`${named}: ${name} is now`, mandated({ [name]: NOW }), passes);
      at(`${named}: ${name} 60 seconds ahead`, mandated({ [name]: NOW + 60 }), passes);
      at(`${named}: ${name} 61 seconds ahead`, mandated({ [name]: NOW + 61 }), deny(reason));
    }
  }

  // The zone: byte for byte, and never the mandate's own choice.
  const zone = deny('invalid_zone', { full: true });
  for (const value of [undefined, '', null, 'zone-2', 'ZONE-1', 'zone-1 ', 'zone-10', 1, ['zone-1'], { id: 'zone-1' }]) claim(`the zone as ${value === undefined ? 'missing' : json(value)}`, { zone_id: value }, zone);
  having('mandates in the words of Caracal', caracal({}, {}, { errors: { vocabulary: 'caracal' } }))('another zone, in the words of Caracal', mandated({ zone_id: 'zone-2' }), zone);
  having('mandates and scopes', caracal({}, {}, { scopes: ['mcp:read'] }))('another zone comes before the scopes', mandated({ zone_id: 'zone-2' }), zone);
  const two = having('two zones of two issuers', config({ issuers: [issuer({ profile: 'caracal', zone: 'zone-1' }), issuer({ issuer: 'https://two.example', profile: 'caracal', zone: 'zone-2' })] }));
  two('each issuer has its zone', mandated({ iss: 'https://two.example', zone_id: 'zone-2' }), passes);
  two('the zone of the other issuer', mandated({ iss: 'https://two.example' }), zone);

  // What it may be used for.
  const use = deny('use_not_allowed', { full: true });
  for (const value of ['session', 'gateway', 'Resource', 'resource ', 'x']) claim(`a mandate for the use ${json(value)}`, { use: value }, use);
  const uses = having('mandates for two uses', caracal({ use: ['resource', 'gateway'] }));
  for (const value of ['resource', 'gateway']) uses(`of two uses ${value}`, mandated({ use: value }), passes);
  uses('of two uses none', mandated({ use: 'session' }), use);
  const session = having('mandates for sessions', caracal({ use: 'session' }));
  session('a session mandate where those are wanted', mandated({ use: 'session' }), passes);
  session('a resource mandate where session mandates are wanted', mandated(), use);

  // May be missing, null or empty, but nothing else.
  for (const name of ['agent_session_id', 'delegation_edge_id', 'source_session_id', 'target_session_id', 'scope']) {
    for (const value of [null, '']) claim(`${name} as ${json(value)}`, { [name]: value }, passes);
    for (const value of [1, true, ['x'], {}]) claim(`${name} as ${json(value)}`, { [name]: value }, deny('claim_malformed'));
  }
  for (const name of ['target', 'delegation_path']) {
    for (const value of [[], ['r-1'], null]) claim(`${name} as ${json(value)}`, { [name]: value }, passes);
    for (const value of ['r-1', [''], [1], [null], ['r-1', ''], {}, true]) claim(`${name} as ${json(value)}`, { [name]: value }, deny('claim_malformed'));
  }
  for (const name of ['hop_count', 'delegation_graph_epoch']) {
    for (const value of ['0', '2', '2.0', '1e0', 'null']) claim(`${name} as ${value}`, { [name]: raw(value) }, passes);
    for (const value of ['-1', '1.5', '"2"', 'true', '[2]', '1e300', '-0.5']) claim(`${name} as ${value}`, { [name]: raw(value) }, deny('claim_malformed'));
  }
  for (const value of [[], [{ application_id: 'a' }], [{ application_id: 'a', agent_session_id: null, delegation_edge_id: 'e', more: 1 }], null]) claim(`delegation_chain as ${json(value)}`, { delegation_chain: value }, passes);
  for (const value of ['a', {}, ['a'], [{}], [{ application_id: '' }], [{ application_id: 1 }], [null], [{ application_id: 'a' }, {}], [{ application_id: 'a', agent_session_id: 1 }], [{ application_id: 'a', delegation_edge_id: ['e'] }]]) claim(`delegation_chain as ${json(value)}`, { delegation_chain: value }, deny('claim_malformed'));

  // Of several faults the first counts.
  claim('expired, and of another zone', { exp: NOW - 5, zone_id: 'zone-2' }, deny('token_expired'));
  claim('without a session record, and of another zone', { sid: undefined, zone_id: 'zone-2' }, deny('claim_missing'));
  claim('another zone and another use', { zone_id: 'zone-2', use: 'session' }, zone);
  claim('another zone and a target that is no list', { zone_id: 'zone-2', target: 'r-1' }, deny('claim_malformed'));
  claim('another zone and a scope that is no text', { zone_id: 'zone-2', scope: 5 }, deny('claim_malformed'));
  claim('another zone and a session id that is no text', { zone_id: 'zone-2', agent_session_id: 5 }, zone);
  claim('another use and hops that are no number', { use: 'session', hop_count: 'x' }, use);
  claim('another audience and another zone', { aud: 'https://other.example', zone_id: 'zone-2' }, deny('audience_mismatch'));
  claim('another use and too many hops', { use: 'session', hop_count: 11 }, use);
  on('a mandate that nobody signed', posted(tool('run'), { made: token(MANDATE, { header: { typ: 'JWT' }, signature: (bytes) => Buffer.from(bytes).fill(1) }) }), deny('signature_invalid'));
}
