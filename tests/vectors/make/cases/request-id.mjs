// The cases of request-id.json.

import { APP, URI } from '../configurations.mjs';
import { AMBIGUOUS, DENIED, adding } from '../denials.mjs';
import { METADATA, allow, answer, deny, permit } from '../expectations.mjs';
import { call, get, request } from '../requests.mjs';
import { rule } from '../rules.mjs';

export const about = 'Request ids: a well-formed one of the caller is kept, else a UUID v7 is made; replies and the upstream carry it.';

export function cases() {
  const name = 'x-request-id';
  const ID = '018f2d3c-7a10-7cc0-8000-00000000002a';
  const given = (sent, id = ID) => adding(sent, [name, id]);
  const kept = (reason, id = ID, more = {}) => deny(reason, { full: true, headers: { [name]: [id] }, body: { requestId: id }, ...more });
  const made = (reason, more = {}) => deny(reason, { full: true, made_id: true, ...more });
  const beside = (expect, headers) => (settings) => { const all = expect(settings); return { ...all, headers: { ...all.headers, ...headers } }; };

  for (const [reason, sent] of Object.entries(DENIED)) {
    rule(`${reason}: the caller's id is kept`, given(sent), kept(reason));
    rule(`${reason}: an id is made`, sent, made(reason));
  }
  rule('key_ambiguous: the caller\'s id is kept', given(AMBIGUOUS.sent), kept('key_ambiguous'), { key_sets: AMBIGUOUS.key_sets });
  rule('insufficient_scope: the caller\'s id is kept', given(call()), kept('insufficient_scope'), { config: 'scopes' });
  rule('insufficient_scope: an id is made', call(), made('insufficient_scope'), { config: 'scopes' });
  const evil = adding(call(), ['origin', 'https://evil.example']);
  rule('origin_forbidden: the caller\'s id is kept', given(evil), kept('origin_forbidden'), { config: 'origins' });
  rule('origin_forbidden: an id is made', evil, made('origin_forbidden'), { config: 'origins' });
  const down = { ...call(), host: 'down' };
  rule('a host that failed: the caller\'s id is kept', given(down), deny(['host_failed', 'keys_unavailable'], { headers: { [name]: [ID] }, body: { requestId: ID } }));
  rule('a host that failed: an id is made', down, deny(['host_failed', 'keys_unavailable'], { made_id: true }));
  for (const named of ['caracal', 'verbose', 'other base']) rule(`${named}: the caller's id is kept`, given(request([])), kept('missing_token'), { config: named });

  for (const path of [`${METADATA}/mcp`, METADATA]) {
    rule(`${path}: the caller's id is kept`, given(get(path)), beside(answer(), { [name]: [ID] }));
    rule(`${path}: an id is made`, get(path), answer({ made_id: true }));
  }
  const head = get(METADATA, [], { method: 'HEAD' });
  const bodiless = (expect) => (settings) => { const { body, ...rest } = expect(settings); return rest; };
  rule('the head of the metadata: the caller\'s id is kept', given(head), bodiless(beside(answer(), { [name]: [ID] })));
  rule('the head of the metadata: an id is made', head, bodiless(answer({ made_id: true })));
  const preflight = request([['origin', APP], ['access-control-request-method', 'POST']], { method: 'OPTIONS' });
  rule('a preflight: the caller\'s id is kept', given(preflight), beside(permit(APP, []), { [name]: [ID] }), { config: 'origins' });
  rule('a preflight: an id is made', preflight, permit(APP, [], { made_id: true }), { config: 'origins' });

  const wellFormed = [
    ['a', 'one character'], ['a'.repeat(128), '128 characters'], ['ABC-def_0.9', 'letters of both cases'],
    ['!"#$%&\'()*+-./:;<=>?@[\\]^_`{|}~', 'every mark but the comma'], ['a,b', 'a comma'], ['0', 'a zero'], ['null', 'the word null'],
  ];
  for (const [id, what] of wellFormed) {
    rule(`${what}: the denial keeps it`, given(request([]), id), kept('missing_token', id));
    rule(`${what}: the upstream gets it`, given(call(), id), allow({ upstream: { [name]: [id] } }));
  }
  const malformed = [
    ['', 'an empty id'], ['a'.repeat(129), '129 characters'], ['a b', 'a space inside'], ['a\tb', 'a tab inside'], ['a\u0001b', 'a control character'],
    ['a\u007f', 'a delete character'], ['a\u00e9', 'a letter of latin-1'], ['\u00ff', 'a byte that is not utf-8'], ['✓', 'a letter beyond latin-1'],
  ];
  for (const [id, what] of malformed) {
    rule(`${what}: the denial carries another`, given(request([]), id), made('missing_token'));
    rule(`${what}: the upstream gets another`, given(call(), id), allow({ made_id: true }));
  }
  rule('no id: the upstream gets one', call(), allow({ made_id: true }));
  rule('an id under a name in upper case: the upstream gets it once', adding(call(), ['X-REQUEST-ID', ID]), allow({ upstream: { [name]: [ID] } }));
  rule('an id under a name in upper case: the denial keeps it', adding(request([]), ['X-Request-Id', ID]), kept('missing_token'));
  rule('an id under a similar name does not count', adding(request([]), ['request-id', ID], ['x-correlation-id', ID], ['x_request_id', ID]), made('missing_token'));
  rule('the id of one request is not that of the next', [given(call(), 'first'), call()], allow({ made_id: true }));
  rule('a kept id beside claims', given(call()), allow({ upstream: { [name]: [ID], 'x-user': ['alice'] } }), { config: 'forward' });
  rule('a made id beside claims', call(), allow({ made_id: true, upstream: { 'x-user': ['alice'] } }), { config: 'forward' });
  rule('a kept id beside a kept authorization', given(call()), allow({ upstream: { [name]: [ID], 'x-user': ['alice'] } }), { config: 'forward and keep' });
  rule('an id is kept while keys are lost and after', [
    { ...given(call(), 'one'), fetches: { [URI]: null }, expect: kept('keys_unavailable', 'one') }, { ...given(call(), 'two'), now: 1700000006 },
  ], allow({ upstream: { [name]: ['two'] } }));
}
