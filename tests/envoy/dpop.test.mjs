// Proofs of possession in front of a real Envoy: what passes, what does not, and who sees what of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, lines, raw, replyTo, send } from './client.mjs';
import { assertDenied, challenge, METADATA } from './denial.mjs';
import { until } from './envoy.mjs';
import { Http2 } from './http2.mjs';
import { nonceOf, Prover } from './proofs.mjs';
import { gate, Stage } from './stage.mjs';
import { now, RESOURCE, token } from './tokens.mjs';

const ALGS = 'ES256 EdDSA PS256 RS256';
const SCOPES = ['files:read'];
const SCOPE = { scope: 'files:read' };
const ORIGIN = new URL(RESOURCE).origin;
const SECRET = 'a nonce secret of more than sixteen bytes';
const HOSTS = 'a secret that the host of Envoy holds';

const client = new Prover();
// Everything that nobody but its receiver may read.
const secrets = new Set([SECRET, HOSTS]);
const secret = (text) => {
  for (const part of [text, ...text.split('.').filter((one) => one.length > 40)]) secrets.add(part);
  return text;
};
const bound = (claims) => secret(client.token(claims));
const unbound = (claims) => secret(token(claims));
const prove = (access, options) => secret(client.proof(access, options));
const good = (options) => {
  const access = bound();
  return { authorization: `DPoP ${access}`, dpop: prove(access, options) };
};

let stage;
before(async () => {
  const nonce = (name) => ({ mode: 'always', secret: { env: name } });
  const vm = (environment_variables) => ({ vm: { environment_variables } });
  const managed = (normalize_path, merge_slashes, path_with_escaped_slashes_action) => ({
    configuration: gate({ dpop: { mode: 'optional' } }), manager: { normalize_path, merge_slashes, path_with_escaped_slashes_action },
  });
  stage = await Stage.open({
    // The filter's own words, and all that Envoy says about them.
    level: 'trace',
    environment: { WAXSEAL_TEST_SECRET: HOSTS },
    listeners: {
      off: { configuration: gate() },
      optional: { configuration: gate({ dpop: { mode: 'optional' } }) },
      required: { configuration: gate({ dpop: { mode: 'required' } }) },
      verbose: { configuration: gate({ scopes: SCOPES, dpop: { mode: 'optional', algorithms: ['ES256'] }, errors: { verbose: true }, challenge: { realm: 'mcp' } }) },
      keep: { configuration: gate({ dpop: { mode: 'required' }, forward: { authorization: 'keep' } }) },
      nonce: { configuration: gate({ dpop: { mode: 'required', nonce: nonce('SECRET') } }), ...vm({ key_values: { SECRET } }) },
      'nonce of the host': {
        configuration: gate({ dpop: { mode: 'optional', nonce: nonce('WAXSEAL_TEST_SECRET') } }), ...vm({ host_env_keys: ['WAXSEAL_TEST_SECRET'] }),
      },
      'two places': {
        configuration: gate({ dpop: { mode: 'required', nonce: nonce('SECRET') } }),
        ...vm({ host_env_keys: ['WAXSEAL_TEST_SECRET'], key_values: { SECRET: `${SECRET}\n` } }),
      },
      'path as sent': managed(false, false),
      'path by default': managed(),
      'path normalized': managed(true, false),
      'path merged': managed(false, true),
      'path normalized and merged': managed(true, true),
      'path unescaped': managed(false, false, 'UNESCAPE_AND_FORWARD'),
      'path unescaped, normalized and merged': managed(true, true, 'UNESCAPE_AND_FORWARD'),
      'path redirected': managed(true, true, 'UNESCAPE_AND_REDIRECT'),
      'path rejected': managed(false, false, 'REJECT_REQUEST'),
    },
  });
});
after(() => stage?.end());

const valuesOf = (request, name) => request.headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
const at = (parameters) => challenge({ algs: ALGS, ...parameters, resource_metadata: METADATA }, 'DPoP');
const also = (parameters) => challenge({ ...parameters, resource_metadata: METADATA });

async function passes(reply) {
  assert.equal(reply.status, 200, reply.body);
  const arrived = stage.upstream.request(reply.id);
  assert.ok(arrived, 'it did not reach the upstream');
  return arrived;
}

describe('a good proof passes', () => {
  for (const name of ['required', 'optional']) {
    test(`over HTTP/1.1, mode ${name}: the upstream sees neither the token nor the proof`, async () => {
      const reply = await stage.ask(name, { method: 'POST', headers: good({ method: 'POST' }), body: '{}' });
      const arrived = await passes(reply);
      assert.deepEqual([valuesOf(arrived, 'authorization'), valuesOf(arrived, 'dpop')], [[], []]);
      assert.deepEqual([reply.values('dpop-nonce'), arrived.body.toString()], [[], '{}']);
    });

    test(`over HTTP/2, mode ${name}`, async () => {
      const http2 = await Http2.open(stage.port(name));
      try {
        const arrived = await passes(await http2.ask({ method: 'POST', headers: good({ method: 'POST' }), body: '{}' }));
        assert.deepEqual([valuesOf(arrived, 'authorization'), valuesOf(arrived, 'dpop')], [[], []]);
      } finally {
        await http2.end();
      }
    });
  }

  test('in whatever case of the scheme and of the field', async () => {
    for (const [scheme, field] of [['dpop', 'dpop'], ['DPOP', 'DPoP'], ['DPoP', 'DPOP']]) {
      const { authorization, dpop } = good();
      await passes(await stage.ask('required', { headers: { authorization: authorization.replace('DPoP', scheme), [field]: dpop } }));
    }
  });

  test('with a plain token none is needed in optional mode', async () => {
    await passes(await stage.ask('optional', { headers: { authorization: `Bearer ${unbound()}` } }));
    await passes(await stage.ask('optional', { headers: { authorization: `Bearer ${unbound()}`, dpop: '' } }));
  });

  test('both go on where the configuration says so', async () => {
    const headers = good();
    const arrived = await passes(await stage.ask('keep', { headers }));
    assert.deepEqual([valuesOf(arrived, 'authorization'), valuesOf(arrived, 'dpop')], [[headers.authorization], [headers.dpop]]);
  });

  test('the document tells clients about it', async () => {
    for (const [name, algorithms, needed] of [['optional', ALGS, false], ['verbose', 'ES256', false], ['required', ALGS, true]]) {
      const document = (await stage.ask(name, { path: new URL(METADATA).pathname })).json();
      assert.deepEqual(document.dpop_signing_alg_values_supported, algorithms.split(' '));
      assert.equal(document.dpop_bound_access_tokens_required, needed);
    }
    const document = (await stage.ask('off', { path: new URL(METADATA).pathname })).json();
    assert.deepEqual(Object.keys(document).filter((name) => name.startsWith('dpop')), []);
  });
});

describe('what is not proven is denied', () => {
  const access = () => bound();
  const with_ = (text, proof) => ({ authorization: `DPoP ${text}`, ...(proof !== undefined && { dpop: proof }) });
  const made = (options) => {
    const text = access();
    return with_(text, prove(text, options));
  };

  // [reason, error, header fields, options of the request]
  const CASES = {
    'a bound token as a bearer token': ['bound_token_as_bearer', 'invalid_token', () => ({ authorization: `Bearer ${access()}` })],
    'a bound token as a bearer token, with a proof': ['bound_token_as_bearer', 'invalid_token', () => {
      const text = access();
      return { authorization: `Bearer ${text}`, dpop: prove(text) };
    }],
    'no proof': ['proof_missing', 'invalid_token', () => with_(access())],
    'a blank proof': ['proof_missing', 'invalid_token', () => with_(access(), ' ')],
    'a plain token under the scheme DPoP': ['token_not_bound', 'invalid_token', () => {
      const text = unbound();
      return with_(text, prove(text));
    }],
    'a plain token with a proof': ['token_not_bound', 'invalid_token', () => {
      const text = unbound();
      return { authorization: `Bearer ${text}`, dpop: prove(text) };
    }],
    'a proof of another key': ['proof_key_mismatch', 'invalid_token', () => {
      const text = access();
      return with_(text, secret(new Prover().proof(text)));
    }],
    'a proof for another token': ['proof_token_mismatch', 'invalid_dpop_proof', () => with_(access(), prove(access()))],
    'another method': ['proof_method_mismatch', 'invalid_dpop_proof', () => made({ method: 'POST' })],
    'the method in small letters': ['proof_method_mismatch', 'invalid_dpop_proof', () => made({ method: 'get' })],
    'another path': ['proof_url_mismatch', 'invalid_dpop_proof', () => made({ url: `${ORIGIN}/mcp/other` })],
    'a path with a slash at its end': ['proof_url_mismatch', 'invalid_dpop_proof', () => made({ url: `${RESOURCE}/` })],
    'another host': ['proof_url_mismatch', 'invalid_dpop_proof', () => made({ url: 'https://other.example.com/mcp' })],
    'where Envoy listens': ['proof_url_mismatch', 'invalid_dpop_proof', () => made({ url: `http://127.0.0.1:${stage.port('required')}/mcp` })],
    'http in place of https': ['proof_url_mismatch', 'invalid_dpop_proof', () => made({ url: RESOURCE.replace('https', 'http') })],
    'an old proof': ['proof_expired', 'invalid_dpop_proof', () => made({ claims: { iat: now() - 400 } })],
    'a proof of the future': ['proof_not_yet_valid', 'invalid_dpop_proof', () => made({ claims: { iat: now() + 90 } })],
    'no id': ['proof_claim_missing', 'invalid_dpop_proof', () => made({ claims: { jti: undefined } })],
    'another type': ['proof_type_not_allowed', 'invalid_dpop_proof', () => made({ header: { typ: 'JWT' } })],
    'another algorithm': ['proof_algorithm_not_allowed', 'invalid_dpop_proof', () => made({ header: { alg: 'HS256' } })],
    'a private key in the open': ['proof_key_invalid', 'invalid_dpop_proof', () => made({ header: { jwk: { ...client.jwk, d: 'AAAA' } } })],
    'another signature': ['proof_signature_invalid', 'invalid_dpop_proof', () => made({ header: { jwk: new Prover().jwk } })],
    'no proof at all, but a word': ['proof_malformed', 'invalid_dpop_proof', () => with_(access(), 'opaque')],
    'a proof too long': ['proof_malformed', 'invalid_dpop_proof', () => made({ claims: { pad: 'x'.repeat(13_000) } })],
    'bytes that are no text': ['proof_malformed', 'invalid_dpop_proof', () => with_(access(), `${prove(access())}\u00e9`)],
  };

  for (const [what, [reason, error, headers]] of Object.entries(CASES)) {
    test(what, async () => {
      const required = await stage.ask('required', { headers: headers() });
      await assertDenied(stage, required, { reason, status: 401, error, authenticate: at({ error }) });
      // The bearer field speaks only of what RFC 6750 knows.
      const optional = await stage.ask('optional', { headers: headers() });
      await assertDenied(stage, optional, { reason, status: 401, error, authenticate: [also({ error: 'invalid_token' }), at({ error })] });
    });
  }

  test('a plain token where bound ones are required', async () => {
    const reply = await stage.ask('required', { headers: { authorization: `Bearer ${unbound()}` } });
    await assertDenied(stage, reply, { reason: 'token_not_bound', status: 401, error: 'invalid_token', authenticate: at({ error: 'invalid_token' }) });
  });

  test('a proof that was taken before', async () => {
    const headers = good();
    await passes(await stage.ask('required', { headers }));
    const reply = await stage.ask('required', { headers });
    await assertDenied(stage, reply, { reason: 'proof_replayed', status: 401, error: 'invalid_dpop_proof', authenticate: at({ error: 'invalid_dpop_proof' }) });
  });

  test('a proof of a call that was denied for its scope is still good', async () => {
    const text = bound({ scope: 'other' });
    const dpop = prove(text);
    const headers = { authorization: `DPoP ${text}`, dpop };
    const reply = await stage.ask('verbose', { headers });
    assert.deepEqual([reply.status, reply.json().type], [403, 'urn:waxseal:error:insufficient_scope']);
    assert.deepEqual(reply.values('www-authenticate'), [
      challenge({ realm: 'mcp', error: 'insufficient_scope', ...SCOPE, resource_metadata: METADATA }),
      challenge({ realm: 'mcp', algs: 'ES256', error: 'insufficient_scope', ...SCOPE, resource_metadata: METADATA }, 'DPoP'),
    ]);
    await passes(await stage.ask('required', { headers }));
  });

  test('mode off takes no bound token, no proof and no such scheme', async () => {
    const text = access();
    for (const headers of [{ authorization: `Bearer ${text}` }, { authorization: `Bearer ${text}`, dpop: prove(text) }, { authorization: `Bearer ${unbound()}`, dpop: 'a proof' }]) {
      const reply = await stage.ask('off', { headers });
      await assertDenied(stage, reply, { reason: 'dpop_unsupported', status: 401, error: 'invalid_token', authenticate: also({ error: 'invalid_token' }) });
    }
    const reply = await stage.ask('off', { headers: with_(text, prove(text)) });
    await assertDenied(stage, reply, { reason: 'scheme_unsupported', status: 401, error: 'invalid_token', authenticate: also({}) });
  });

  describe('two proofs', () => {
    const two = () => {
      const text = bound();
      return [`authorization: DPoP ${text}`, prove(text), prove(text)];
    };
    const duplicated = (reply) => {
      assert.deepEqual([reply.status, reply.json().type], [401, 'urn:waxseal:error:proof_duplicated'], reply.body);
      assert.deepEqual(reply.values('www-authenticate'), [at({ error: 'invalid_dpop_proof' })]);
    };
    const WAYS = {
      'in two fields': (first, second) => [`dpop: ${first}`, `dpop: ${second}`],
      'in two fields, the same twice': (first) => [`dpop: ${first}`, `dpop: ${first}`],
      'in two fields of different case': (first, second) => [`DPoP: ${first}`, `dpop: ${second}`],
      'in one field': (first, second) => [`dpop: ${first}, ${second}`],
      'in one field, without a space': (first, second) => [`dpop: ${first},${second}`],
      'a good one after a word': (first) => [`dpop: opaque`, `dpop: ${first}`],
    };
    for (const [what, way] of Object.entries(WAYS)) {
      test(`${what}, over HTTP/1.1`, async () => {
        const before = stage.upstream.requests.length;
        const [authorization, ...proofs] = two();
        duplicated(await raw(stage.port('required'), lines('GET /mcp HTTP/1.1', authorization, ...way(...proofs))));
        assert.equal(stage.upstream.requests.length, before);
      });
    }

    test('over HTTP/2', async () => {
      const http2 = await Http2.open(stage.port('required'));
      try {
        for (const join of [(proofs) => proofs, (proofs) => proofs.join(', ')]) {
          const [authorization, ...proofs] = two();
          duplicated(await http2.ask({ headers: { authorization: authorization.slice(15), dpop: join(proofs) } }));
        }
      } finally {
        await http2.end();
      }
    });
  });
});

describe('challenges on the wire', () => {
  test('optional mode: two fields, in their order, never joined', async () => {
    const reply = await raw(stage.port('optional'), lines('GET /mcp HTTP/1.1'));
    assert.deepEqual(reply.values('www-authenticate'), [also({}), at({})]);
    const http2 = await Http2.open(stage.port('optional'));
    try {
      assert.deepEqual((await http2.ask()).values('www-authenticate'), [also({}), at({})]);
    } finally {
      await http2.end();
    }
  });

  test('required mode: one field', async () => {
    const reply = await raw(stage.port('required'), lines('GET /mcp HTTP/1.1'));
    assert.deepEqual(reply.values('www-authenticate'), [at({})]);
  });
});

describe('the path', () => {
  const another = (path) => ({ another: path });
  const NORMAL = { '/mcp/a/../b': '/mcp/b', '/mcp/./a': '/mcp/a', '/mcp/%7Ea': '/mcp/~a', '/mcp/%2e%2e/b': '/b', '/mcp/..': '/' };
  const MERGED = { '/mcp//a': another('/mcp/a'), '//mcp': another('/mcp') };
  const UNESCAPED = { '/mcp/a%2Fb': another('/mcp/a/b'), '/mcp/a%2fb': another('/mcp/a/b'), '/mcp/a%5Cb': another('/mcp/a\\b') };
  const SAME = ['/mcp', '/MCP', '/mcp/a%20b', '/mcp/%C3%A9', '/mcp/%c3%a9', '/mcp/a;b=c', '/mcp/%25', '/mcp/a?b=/../c//d'];
  const refused = (status) => Object.fromEntries(Object.keys(UNESCAPED).map((path) => [path, status]));
  // By listener: what Envoy makes of a path before the filter and the upstream see it. A text is the
  // same by RFC 3986, `another` is not; a number is Envoy's own reply. All others stay as they are.
  const SHOWN = {
    'path by default': {},
    'path as sent': {},
    'path normalized': NORMAL,
    'path merged': MERGED,
    'path normalized and merged': { ...NORMAL, ...MERGED },
    'path unescaped': UNESCAPED,
    'path unescaped, normalized and merged': { ...NORMAL, ...MERGED, ...UNESCAPED, '/mcp/a%5Cb': another('/mcp/a/b') },
    'path redirected': { ...NORMAL, ...MERGED, ...refused(307) },
    'path rejected': refused(400),
  };
  const PATHS = [...SAME, ...Object.keys({ ...NORMAL, ...MERGED, ...UNESCAPED })];

  for (const [name, shown] of Object.entries(SHOWN)) {
    test(`as Envoy shows it decides: ${name}`, async () => {
      const get = (path, url, id) => {
        const fields = Object.entries(good({ url: `${ORIGIN}${url}` })).map(([field, value]) => `${field}: ${value}`);
        return raw(stage.port(name), lines(`GET ${path} HTTP/1.1`, `x-request-id: ${id}`, ...fields));
      };
      await Promise.all(PATHS.map(async (path) => {
        const [asSent, asShown, other] = ['sent', 'shown', 'other'].map((what) => `${name} ${path} ${what}`.replace(/[^ -~]| /g, '-'));
        const expected = shown[path] ?? path;
        const reply = await get(path, path, asSent);
        if (typeof expected === 'number') {
          assert.equal(reply.status, expected, path);
          return;
        }
        const seen = expected.another ?? expected;
        if (expected.another) assert.equal(reply.json().type, 'urn:waxseal:error:proof_url_mismatch', `${path}: ${reply.body}`);
        else assert.deepEqual([reply.status, stage.upstream.request(asSent)?.url], [200, seen], `${path}: ${reply.body}`);
        const second = await get(path, seen, asShown);
        assert.deepEqual([second.status, stage.upstream.request(asShown)?.url], [200, seen], `${path}, shown as ${seen}: ${second.body}`);
        const third = await get(path, '/mcp/other', other);
        assert.equal(third.json().type, 'urn:waxseal:error:proof_url_mismatch', path);
      }));
    });
  }
});

describe('nonces', () => {
  test('a round trip: denied with a nonce, passed with it, and the next one on the reply', async () => {
    for (const [name, key, optional] of [['nonce', SECRET], ['two places', SECRET], ['nonce of the host', HOSTS, true]]) {
      const access = bound();
      const call = (nonce) => stage.ask(name, { headers: { authorization: `DPoP ${access}`, dpop: prove(access, { nonce }) } });
      const first = await call();
      const error = 'use_dpop_nonce';
      const authenticate = optional ? [also({ error: 'invalid_token' }), at({ error })] : at({ error });
      const [nonce] = first.values('dpop-nonce');
      assert.ok([nonceOf(key), nonceOf(key, 0, now() - 5)].includes(nonce), nonce);
      await assertDenied(stage, first, { reason: 'nonce_missing', status: 401, error, authenticate, nonce });
      stage.upstream.headers = { 'DPoP-Nonce': 'of-the-upstream', 'cache-control': 'private' };
      const second = await call(nonce);
      stage.upstream.headers = {};
      await passes(second);
      assert.deepEqual(second.values('dpop-nonce'), [nonceOf(key)]);
      assert.deepEqual(second.values('cache-control'), ['private']);
      for (const [wrong, reason] of [['another', 'nonce_unknown'], [nonceOf('another secret of some length'), 'nonce_unknown'], [nonceOf(key, -3), 'nonce_unknown'], [nonceOf(key, 2), 'nonce_unknown']]) {
        await assertDenied(stage, await call(wrong), { reason, status: 401, error, authenticate, nonce: nonceOf(key) });
      }
      await passes(await call(nonceOf(key, -1)));
    }
  });

  test('every challenge brings one, and no other denial', async () => {
    const bare = await stage.ask('nonce');
    assert.deepEqual([bare.status, bare.values('dpop-nonce'), bare.values('cache-control')], [401, [nonceOf(SECRET)], ['no-store']]);
    const plain = await stage.ask('nonce of the host', { headers: { authorization: `Bearer ${unbound()}` } });
    await passes(plain);
    assert.deepEqual(plain.values('dpop-nonce'), [], 'a call without a proof needs none');
    const document = await stage.ask('nonce', { path: new URL(METADATA).pathname });
    assert.deepEqual([document.status, document.values('dpop-nonce')], [200, []]);
  });

  test('an event stream brings one with its head', async () => {
    const access = bound();
    const sent = send(stage.port('nonce'), { path: '/events', headers: { authorization: `DPoP ${access}`, dpop: prove(access, { url: `${ORIGIN}/events`, nonce: nonceOf(SECRET) }) } });
    sent.request.end();
    const response = await sent.response;
    assert.equal(response.headers['dpop-nonce'], nonceOf(SECRET));
    stage.upstream.lastEvent();
    assert.equal((await replyTo(sent)).body, 'data: first\n\ndata: last\n\n');
  });
});

test('neither tokens nor proofs nor secrets stand in a log, and none in what the upstream saw', async () => {
  const about = (entries) => entries.map((entry) => JSON.stringify(entry));
  await until('the log', () => stage.envoy.access.length > 100);
  assert.ok(stage.envoy.log.some((line) => line.includes('[trace]')), 'the log is not at trace level');
  const told = [...stage.envoy.log, ...about(stage.envoy.access)].join('\n');
  const found = [...secrets].filter((text) => told.includes(text));
  assert.deepEqual(found, []);
  assert.ok(secrets.size > 200, `${secrets.size}`);
});
