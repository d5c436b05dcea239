// The cases of dpop-modes.json.

import { json } from '../exact-json.mjs';
import { METADATA, allow, answer, deny } from '../expectations.mjs';
import { authorized, call, get, request } from '../requests.mjs';
import { rule, within } from '../rules.mjs';
import { NOW, b64, token } from '../tokens.mjs';
import { bound, proof, proven, shown, thumbprint } from '../proofs.mjs';

export const about = 'Which tokens, schemes and numbers of proofs pass where proofs are off, optional or required: RFC 9449 sections 4.3, 6 and 7.';

const MODES = ['off', 'optional', 'required'];
const TOKENS = { unbound: token(), bound: bound() };
const SCHEMES = { bearer: 'Bearer', dpop: 'DPoP' };
const PROOFS = { 'no proof': [], 'a good proof': ['good'], 'a blank proof': [''], 'two proofs': ['good', 'other'] };

/** The reason of a denial; null for a request that passes. */
function reasonOf(mode, kind, scheme, proofs) {
  const shows = proofs.some((each) => each !== '');
  if (mode === 'off' && scheme === 'dpop') return 'scheme_unsupported';
  if (mode === 'off') return kind === 'bound' || shows ? 'dpop_unsupported' : null;
  if (proofs.length > 1) return 'proof_duplicated';
  if (kind === 'unbound') return mode === 'required' || scheme === 'dpop' || shows ? 'token_not_bound' : null;
  if (scheme === 'bearer') return 'bound_token_as_bearer';
  return shows ? null : 'proof_missing';
}

export function cases() {
  for (const mode of MODES) {
    const on = within(`dpop ${mode}`);
    for (const [kind, made] of Object.entries(TOKENS)) for (const [word, scheme] of Object.entries(SCHEMES)) for (const [name, values] of Object.entries(PROOFS)) {
      const texts = { good: proof({}, { of: made }), other: proof({ jti: 'proof-2' }, { of: made }), '': '' };
      const reason = reasonOf(mode, kind, word, values);
      const sent = proven(made, values.map((each) => texts[each]), { scheme });
      on(`${mode}: an ${kind} token as ${word} with ${name}`.replace('an b', 'a b'), sent, reason ? deny(reason, { full: true }) : allow());
    }
  }

  const both = ['optional', 'required'];
  for (const mode of both) {
    const on = within(`dpop ${mode}`);
    for (const scheme of ['dpop', 'DPOP', 'dPoP']) on(`${mode}: the scheme ${scheme}`, proven(bound(), proof(), { scheme }), allow());
    for (const scheme of ['bearer', 'BEARER']) on(`${mode}: a bound token under ${scheme}`, proven(bound(), proof(), { scheme }), deny('bound_token_as_bearer'));
    on(`${mode}: two spaces after the scheme`, proven(` ${bound()}`, proof()), allow());
    for (const [value, name] of [['DPoP', 'the scheme alone'], ['DPoP ', 'the scheme and a space'], [`DPoP\t${bound()}`, 'a tab after the scheme'], [`DPoP ${bound()} x`, 'two tokens after the scheme'], ['DPoP token="x"', 'an auth-param']])
      on(`${mode}: ${name}`, request([['authorization', value], ['dpop', proof()]]), deny(value.includes('\t') ? ['authorization_malformed', 'scheme_unsupported'] : 'authorization_malformed'));
    for (const value of [`DPoP${bound()}`, `DPoPx ${bound()}`, `PoP ${bound()}`]) on(`${mode}: the scheme of ${value.slice(0, 6).trim()}`, request([['authorization', value], ['dpop', proof()]]), deny('scheme_unsupported'));
    on(`${mode}: a proof and no token`, request([['dpop', proof()]]), deny('missing_token', { full: true, fetched: 0 }));
    on(`${mode}: a dpop and a bearer header`, request([['authorization', `DPoP ${bound()}`], ['authorization', `Bearer ${token()}`], ['dpop', proof()]]), deny('authorization_duplicated', { full: true }));
    on(`${mode}: a dpop and a bearer credential folded`, request([['authorization', `DPoP ${bound()}, Bearer ${token()}`], ['dpop', proof()]]), deny('authorization_duplicated'));
    on(`${mode}: a token in the query`, { ...shown(), url: `https://api.example.com/mcp?access_token=${bound()}` }, deny('token_in_query', { full: true }));
    on(`${mode}: a target that is none`, { ...shown(), url: '*' }, deny('request_malformed', { full: true }));
    on(`${mode}: another scheme`, authorized('Basic YWxpY2U6c2VjcmV0'), deny('scheme_unsupported', { full: true }));

    // The header's name, and how many proofs there are.
    const good = proof();
    const also = proof({ jti: 'proof-2' });
    const fields = (...fields) => request([['authorization', `DPoP ${bound()}`], ...fields]);
    for (const name of ['DPoP', 'DPOP', 'dpop']) on(`${mode}: the header name ${name}`, fields([name, good]), allow());
    on(`${mode}: a header of a similar name`, fields(['x-dpop', good], ['dpop-proof', good]), deny('proof_missing'));
    on(`${mode}: two proofs under names of different case`, fields(['DPoP', good], ['dpop', also]), deny('proof_duplicated'));
    on(`${mode}: one proof twice`, fields(['dpop', good], ['dpop', good]), deny('proof_duplicated'));
    on(`${mode}: three proofs`, fields(['dpop', good], ['dpop', also], ['dpop', good]), deny('proof_duplicated'));
    on(`${mode}: a proof and a blank field`, fields(['dpop', good], ['dpop', '']), deny('proof_duplicated'));
    on(`${mode}: a blank field and a proof`, fields(['dpop', ''], ['dpop', good]), deny('proof_duplicated'));
    on(`${mode}: two blank fields`, fields(['dpop', ''], ['dpop', '']), deny('proof_duplicated'));
    on(`${mode}: two proofs joined by a comma`, fields(['dpop', `${good},${also}`]), deny('proof_duplicated'));
    on(`${mode}: two proofs joined by a comma and a space`, fields(['dpop', `${good}, ${also}`]), deny('proof_duplicated'));
    on(`${mode}: one proof joined with itself`, fields(['dpop', `${good}, ${good}`]), deny('proof_duplicated'));
    on(`${mode}: a proof joined with garbage`, fields(['dpop', `x, ${good}`]), deny('proof_duplicated'));
    on(`${mode}: a proof and a comma`, fields(['dpop', `${good},`]), deny('proof_malformed'));
    on(`${mode}: a comma alone`, fields(['dpop', ',']), deny(['proof_missing', 'proof_malformed']));
    for (const [value, name] of [[' ', 'a space'], ['\t', 'a tab'], ['  \t ', 'white space']]) on(`${mode}: ${name} for a proof`, fields(['dpop', value]), deny('proof_missing'));
    // RFC 9110 section 5.5: white space around a field value is not part of it.
    on(`${mode}: white space around the proof`, fields(['dpop', ` \t${good}\t `]), allow());
    on(`${mode}: two proofs beside an unbound token`, request([['authorization', `Bearer ${token()}`], ['dpop', good], ['dpop', also]]), deny('proof_duplicated'));
    on(`${mode}: two proofs beside a malformed binding`, request([['authorization', `DPoP ${token({ cnf: {} })}`], ['dpop', good], ['dpop', also]]), deny('proof_duplicated'));
    on(`${mode}: garbage beside an unbound token`, proven(token(), 'garbage', { scheme: 'Bearer' }), deny('token_not_bound'));
    on(`${mode}: garbage beside a bound token as bearer`, proven(bound(), 'garbage', { scheme: 'Bearer' }), deny('bound_token_as_bearer'));

    // What the token is bound to.
    const binding = (cnf) => shown({}, { of: token({ cnf }) });
    const jkt = thumbprint('es-proof');
    const certificate = { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' };
    const malformed = [
      null, 'jkt', jkt, 5, true, [], [jkt], {}, { jkt: null }, { jkt: '' }, { jkt: 5 }, { jkt: [jkt] }, { jkt: { jkt } }, { JKT: jkt },
      certificate, { jwk: { kty: 'EC' } }, { kid: 'es-proof' },
    ];
    for (const cnf of malformed) on(`${mode}: a token whose cnf is ${json(cnf)}`, binding(cnf), deny('claim_malformed', { full: true }));
    on(`${mode}: a malformed binding under bearer`, proven(token({ cnf: {} }), proof(), { scheme: 'Bearer' }), deny('claim_malformed'));
    on(`${mode}: a malformed binding without a proof`, call(token({ cnf: certificate })), deny('claim_malformed'));
    on(`${mode}: a key and a certificate`, binding({ jkt, ...certificate }), allow());
    on(`${mode}: a binding with members that nobody knows`, binding({ later: [1], jkt }), allow());
    on(`${mode}: a claim that calls the token a bearer token does not matter`, shown({}, { of: bound({ token_type: 'Bearer' }) }), allow());
  }

  // Off: nobody looks at what a proof says, only whether there is one.
  const off = within('dpop off');
  for (const [value, name] of [['garbage', 'garbage'], [' x', 'a letter'], ['a,b', 'two joined by a comma'], ['\u00ff', 'a byte that is not utf-8']])
    off(`off: ${name} for a proof`, proven(token(), value, { scheme: 'Bearer' }), deny('dpop_unsupported', { full: true }));
  for (const value of [' ', '\t']) off(`off: ${JSON.stringify(value)} for a proof`, proven(token(), value, { scheme: 'Bearer' }), allow());
  for (const cnf of [null, {}, 'x', { jkt: '' }, { 'x5t#S256': 'x' }]) off(`off: a token whose cnf is ${json(cnf)}`, call(token({ cnf })), deny('dpop_unsupported'));
  for (const scheme of ['dpop', 'DPOP']) off(`off: the scheme ${scheme}`, proven(bound(), proof(), { scheme }), deny('scheme_unsupported', { fetched: 0 }));
  off('off: the token is reported before the proof', proven(token({ exp: NOW - 1000 }), proof(), { scheme: 'Bearer' }), deny('token_expired'));
  off('off: the scheme is reported before the token', proven('garbage', proof()), deny('scheme_unsupported'));
  rule('no word of dpop: as off', proven(token(), proof(), { scheme: 'Bearer' }), deny('dpop_unsupported'));
  // Its secret is not in the environment, and nobody asks for it.
  const unused = within('dpop off, with a list of algorithms and nonces');
  unused('off with nonces: an unbound token passes', call(), allow({ reply_headers: { 'dpop-nonce': null } }));
  unused('off with nonces: the challenge is that of bearer tokens', request([]), deny('missing_token', { full: true, headers: { 'dpop-nonce': [], 'cache-control': [] } }));
  unused('off with nonces: a bound token', call(bound()), deny('dpop_unsupported'));

  // RFC 9728 section 2.
  const text = (settings) => {
    const all = answer()(settings);
    const { resource, authorization_servers, bearer_methods_supported, ...rest } = all.body;
    const { scopes_supported, ...dpop } = rest;
    return { ...all, body: JSON.stringify({ resource, authorization_servers, scopes_supported, bearer_methods_supported, ...dpop }) };
  };
  for (const named of ['default', 'dpop off', 'dpop off, with a list of algorithms and nonces', 'dpop optional', 'dpop required', 'every proof algorithm', 'dpop and scopes', 'optional dpop and scopes']) {
    rule(`metadata: ${named}`, get(METADATA), text, { config: named });
  }
  within('dpop required')('metadata: a proof is not asked for', get(`${METADATA}/mcp`, [['dpop', 'garbage'], ['authorization', 'DPoP x']]), answer({ fetched: 0 }));
  within('nonces')('metadata: no nonce is handed out', get(METADATA), (settings) => { const all = answer()(settings); return { ...all, headers: { ...all.headers, 'dpop-nonce': [] } }; });

  // Tokens of every issuer, each on its own.
  const several = within('dpop and several issuers');
  const other = (members = {}) => token({ iss: 'https://login.example.net/tenant-a', ...members }, { key: 'rs-2' });
  const cnf = { jkt: thumbprint('es-proof') };
  several('several issuers: a bound token of the second', shown({}, { of: other({ cnf }) }), allow());
  several('several issuers: an unbound token of the second', shown({}, { of: other() }), deny('token_not_bound'));
  const twice = (name, payload) => rule(name, shown({}, { of: token(payload) }), deny('token_malformed'), { config: 'dpop required' });
  twice('a token with two bindings', Buffer.from(json({ iss: 'https://as.example.com' }).replace('}', `,"cnf":${json(cnf)},"cnf":${json(cnf)}}`)));
  twice('a token with two thumbprints in its binding', Buffer.from(json({ iss: 'https://as.example.com' }).replace('}', `,"cnf":{"jkt":"x","jkt":"${cnf.jkt}"}}`)));
  rule('a token that is no token beside a proof', proven(b64('x'), proof()), deny('token_malformed'), { config: 'dpop required' });
}
