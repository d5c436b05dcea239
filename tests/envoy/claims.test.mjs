// Proofs that are remembered elsewhere: what a request does while the store is asked, and what it
// makes of each answer.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { replyTo, send } from './client.mjs';
import { assertDenied } from './denial.mjs';
import { listener } from './bootstrap.mjs';
import { Envoy, until } from './envoy.mjs';
import { Http2 } from './http2.mjs';
import { behaviour } from './issuer.mjs';
import { byWorker, through } from './lines.mjs';
import { claimKey, Prover } from './proofs.mjs';
import { from, gate, Stage } from './stage.mjs';
import { Store } from './store.mjs';
import { now } from './tokens.mjs';
import { digest } from './upstream.mjs';

const AUTHORIZATION = 'Bearer the-token-of-the-store';
const TIMEOUT = 1;
const WORKERS = 2;

const client = new Prover();
const access = client.token();
const headers = (options) => ({ authorization: `DPoP ${access}`, dpop: client.proof(access, options) });

const http = { uri: 'https://store.example.com', cluster: 'store', authorization: { env: 'STORE' }, timeout: TIMEOUT };
const shared = (members = {}, store = {}) => gate({ dpop: { mode: 'required' }, replay: { store: { http: { ...http, ...store } } }, ...members });
const vm = { environment_variables: { key_values: { STORE: AUTHORIZATION } } };
const DOWN = { reason: 'replay_unavailable', status: 503, error: 'temporarily_unavailable', after: 5 };

let store;
let stage;
before(async () => {
  store = await Store.open();
  stage = await Stage.open({
    concurrency: WORKERS,
    clusters: { store: store.port },
    listeners: {
      shared: { configuration: shared(), vm, balance: true },
      patient: { configuration: shared({}, { timeout: 10 }), vm, balance: true },
      late: { configuration: shared({ issuer: { keys: from('/jwks/late') } }, { timeout: 10 }), vm },
      // Shows the filter the body, too, of a request that it holds.
      seen: { configuration: shared({ issuer: { keys: from('/jwks/seen') } }, { timeout: 10 }), vm, wasm: { allow_on_headers_stop_iteration: true } },
      nowhere: { configuration: shared({}, { cluster: 'missing' }), vm },
    },
  });
});
after(async () => {
  await Promise.resolve(stage?.end()).finally(() => store.end());
});

const start = (name, options = {}) => {
  const sent = send(stage.port(name), { headers: headers({ method: options.method }), ...options });
  sent.request.end(options.body);
  return sent;
};
const asked = (count) => store.asked(store.requests.length + count);
const active = (name, count) => until(`${count} requests`, async () => (await stage.envoy.stat(`http.${name}.downstream_rq_active`)) === count);

test('the store is asked once, for a digest, as the store wants it', async () => {
  const before = store.requests.length;
  const iat = now() - 10;
  const reply = await stage.ask('shared', { headers: headers({ claims: { jti: 'one', iat } }) });
  assert.equal(reply.status, 200, reply.body);
  const [{ method, url, headers: sent }, ...others] = store.requests.slice(before);
  assert.deepEqual(others, []);
  const [, key, ttl] = /^\/SET\/waxseal:([\w-]{43})\/1\/NX\/EX\/(\d+)$/.exec(url) ?? assert.fail(url);
  assert.deepEqual([method, key, sent.authorization, sent.accept, sent.host], ['GET', claimKey(client.thumbprint, 'one'), AUTHORIZATION, 'application/json', 'store.example.com']);
  // Until it could no longer pass anywhere: iat + age + leeway, and a leeway for the others' clocks.
  const wanted = iat + 300 + 30 - now() + 1 + 30;
  assert.ok(Math.abs(ttl - wanted) <= 1, `${ttl} in place of ${wanted}`);
  assert.ok(!JSON.stringify(sent).includes(access) && !('dpop' in sent), 'the store sees the token or the proof');
  assert.ok(!JSON.stringify(stage.upstream.request(reply.id)).includes(AUTHORIZATION.slice(7)), 'the upstream sees the secret of the store');
});

test('what is denied anyway costs the store nothing', async () => {
  const before = store.requests.length;
  for (const bad of [{ url: 'https://mcp.example.com/other' }, { claims: { iat: now() - 400 } }, { header: { jwk: new Prover().jwk } }]) {
    assert.equal((await stage.ask('shared', { headers: headers(bad) })).status, 401);
  }
  assert.equal((await stage.ask('shared')).status, 401);
  assert.equal(store.requests.length, before);
});

describe('an answer', () => {
  const json = (status, text) => (request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  const GOOD = ['{"SET":[true,"OK"]}', '{"result":"OK"}', '{ "result" : "OK" }\n'];
  const TAKEN = ['{"SET":null}', '{"result":null}', '{ "result": null }'];
  const BAD = {
    'an error of Webdis': json(200, '{"SET":[false,"NOAUTH Authentication required."]}'),
    'an error of Upstash': json(400, '{"error":"ERR syntax error"}'),
    'an error with the status of a success': json(200, '{"error":"ERR syntax error"}'),
    'no access': json(401, '{"error":"WRONGPASS invalid password"}'),
    'a success with the status of a failure': json(500, '{"result":"OK"}'),
    'a success that says it was created': json(201, '{"result":"OK"}'),
    'not modified': (request, response) => response.writeHead(304).end(),
    'a redirect': (request, response) => response.writeHead(302, { location: '/SET' }).end('{"result":"OK"}'),
    'a null with the status of a failure': json(503, '{"result":null}'),
    'another word': json(200, '{"result":"QUEUED"}'),
    'the word in small letters': json(200, '{"result":"ok"}'),
    'true': json(200, '{"result":true}'),
    'a number': json(200, '{"result":1}'),
    'a list of another truth': json(200, '{"SET":[false,"OK"]}'),
    'a longer list': json(200, '{"SET":[true,"OK","OK"]}'),
    'a null among others': json(200, '{"result":null,"error":"x"}'),
    'two members of one name': json(200, '{"result":null,"result":"OK"}'),
    'no member': json(200, '{}'),
    'a bare word': json(200, '"OK"'),
    'a bare null': json(200, 'null'),
    'a list': json(200, '[{"result":"OK"}]'),
    'a page': behaviour.html,
    'nothing': behaviour.empty,
    'half of it': json(200, '{"result":"O'),
    'a megabyte': json(200, `{"result":"OK"}${' '.repeat(1 << 20)}`),
    'bytes that are no text': json(200, Buffer.from('{"result":"OK\xff"}', 'latin1')),
    'a closed connection': behaviour.close,
    'a connection closed in the middle': behaviour.closeInBody,
  };

  test('that it was the first', async () => {
    for (const text of GOOD) {
      store.behave(json(200, text));
      assert.equal((await stage.ask('shared', { headers: headers() })).status, 200, text);
    }
    store.behave();
  });

  test('that it was not', async () => {
    for (const text of TAKEN) {
      store.behave(json(200, text));
      assert.equal((await stage.ask('shared', { headers: headers() })).json().type, 'urn:waxseal:error:proof_replayed', text);
    }
    store.behave();
  });

  for (const [what, handler] of Object.entries(BAD)) {
    test(`that is none: ${what}`, async () => {
      store.behave(handler);
      const reply = await stage.ask('shared', { headers: headers() });
      store.behave();
      await assertDenied(stage, reply, DOWN);
    });
  }

  for (const [what, handler] of Object.entries({ 'at all': behaviour.hang, 'whole': behaviour.hangInBody })) {
    test(`that does not come ${what}`, async () => {
      store.behave(handler);
      const begun = Date.now();
      const replies = await Promise.all(Array.from({ length: 8 }, () => stage.ask('shared', { headers: headers() })));
      const took = Date.now() - begun;
      store.behave();
      for (const reply of replies) await assertDenied(stage, reply, DOWN);
      assert.ok(took > TIMEOUT * 900 && took < TIMEOUT * 1000 + 1500, `it took ${took} ms`);
    });
  }

  test('that nobody can give: there is no such cluster', async () => {
    await assertDenied(stage, await stage.ask('nowhere', { headers: headers() }), DOWN);
  });
});

test('streams of one connection wait side by side, and each gets its own answer', { timeout: 30_000 }, async () => {
  const http2 = await Http2.open(stage.port('patient'));
  try {
    const calls = Array.from({ length: 40 }, () => headers({ method: 'POST' }));
    // Every fourth comes twice.
    const sent = calls.flatMap((call, n) => (n % 4 ? [[n, call]] : [[n, call], [n, call]]));
    const heard = asked(sent.length);
    const release = store.hold();
    const replies = sent.map(([n, call]) => http2.ask({ method: 'POST', body: `${n}`, headers: call }));
    await heard;
    // The last is answered first.
    release((list) => list.reverse());
    const passed = new Map();
    for (const [n, replying] of replies.entries()) {
      const reply = await replying;
      const [call] = sent[n];
      if (reply.status === 200) passed.set(call, (passed.get(call) ?? 0) + 1);
      else assert.equal(reply.json().type, 'urn:waxseal:error:proof_replayed');
      assert.equal(stage.upstream.request(reply.id)?.body.toString(), reply.status === 200 ? `${call}` : undefined);
    }
    assert.deepEqual([...passed.values()], Array(40).fill(1));
  } finally {
    await http2.end();
  }
});

for (const name of ['late', 'seen']) {
  test(`a request waits for its keys, then for the store, and arrives whole: ${name}`, { timeout: 30_000 }, async () => {
    // A stream may send 64 kB before Envoy reads on.
    const body = Buffer.alloc(60_000, 'waxseal ');
    const path = `/jwks/${name}`;
    const keys = stage.issuer.hold(path, behaviour.good('es-1'));
    const claim = store.hold();
    const before = store.requests.length;
    const http2 = await Http2.open(stage.port(name));
    try {
      const trailers = { 'x-sum': '17', authorization: 'Bearer abc', dpop: 'a proof' };
      const replying = http2.ask({ method: 'POST', headers: headers({ method: 'POST' }), body, trailers, id: name });
      await stage.issuer.asked(path);
      assert.equal(store.requests.length, before);
      const heard = asked(1);
      keys();
      await heard;
      assert.equal(stage.upstream.request(name), undefined);
      claim();
      const reply = await replying;
      assert.equal(reply.status, 200, reply.body);
    } finally {
      await http2.end();
    }
    const arrived = stage.upstream.request(name);
    assert.equal(digest(arrived.body), digest(body));
    assert.deepEqual({ ...arrived.trailers }, { 'x-sum': '17' });
    assert.deepEqual(arrived.headers.filter(([field]) => /^(authorization|dpop)$/i.test(field)), []);
    assert.equal(store.requests.length, before + 1);
  });
}

describe('a client that leaves', () => {
  /** 1000 good requests over all workers. */
  async function serves(name) {
    const lines = (await byWorker(stage.envoy, name)).flat();
    const calls = Array.from({ length: 1000 }, () => headers());
    const statuses = [];
    await through(lines, calls, async (line, call) => statuses.push((await line.ask(call)).status));
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    for (const line of lines) line.end();
  }

  async function leave(sent) {
    sent.request.once('error', () => {});
    sent.request.destroy();
    assert.equal((await stage.envoy.accessOf(sent.id)).code, 0);
  }

  test('while the store is asked: the worker lives, and the proof is spent', { timeout: 60_000 }, async () => {
    const heard = asked(20);
    const release = store.hold();
    const calls = Array.from({ length: 20 }, () => headers());
    const sent = calls.map((call) => start('patient', { headers: call }));
    await heard;
    await Promise.all(sent.map(leave));
    release();
    await active('patient', 0);
    for (const { id } of sent) assert.equal(stage.upstream.request(id), undefined);
    await serves('patient');
    assert.equal((await stage.ask('patient', { headers: calls[0] })).json().type, 'urn:waxseal:error:proof_replayed');
  });

  test('and the store never answers', { timeout: 60_000 }, async () => {
    const heard = asked(20);
    store.behave(behaviour.hang);
    const sent = Array.from({ length: 20 }, () => start('shared'));
    await heard;
    await Promise.all(sent.map(leave));
    store.behave();
    await serves('shared');
  });

  test('some of many: the others pass', { timeout: 60_000 }, async () => {
    const heard = asked(20);
    const release = store.hold();
    const sent = Array.from({ length: 20 }, () => start('patient'));
    await heard;
    const [leaving, staying] = [sent.filter((_, n) => n % 2), sent.filter((_, n) => n % 2 === 0)];
    await Promise.all(leaving.map(leave));
    release();
    for (const one of staying) assert.equal((await replyTo(one)).status, 200);
    for (const { id } of leaving) assert.equal(stage.upstream.request(id), undefined);
  });
});

test('an update of the listener while the store is asked: the request gets its answer', { timeout: 60_000 }, async () => {
  const dynamic = (leeway) => listener('dynamic', { configuration: shared({ leeway }, { timeout: 10 }), vm });
  await stage.envoy.discover('listeners', [dynamic(30)]);
  await stage.envoy.listens('dynamic');
  const heard = asked(1);
  const release = store.hold();
  const sent = start('dynamic');
  await heard;
  const before = await stage.envoy.stat('listener_manager.listener_modified');
  await stage.envoy.discover('listeners', [dynamic(29)]);
  await until('the update', async () => (await stage.envoy.stat('listener_manager.listener_modified')) > before);
  release();
  assert.equal((await replyTo(sent)).status, 200);
  await stage.envoy.listens('dynamic');
  assert.equal((await stage.ask('dynamic', { headers: headers() })).status, 200);
});

test('the store is asked over a few connections that stay open', async () => {
  const [connections, requests] = await Promise.all(['cx_total', 'rq_total'].map((name) => stage.envoy.stat(`cluster.store.upstream_${name}`)));
  assert.ok(requests > 2000 && connections < 200, `${connections} connections for ${requests} requests`);
});

describe('a secret', () => {
  const nonce = (secret) => gate({ dpop: { mode: 'required', nonce: { mode: 'always', secret } } });
  const kept = (authorization) => shared({}, { authorization });
  // One environment for all: each other one would cost a VM of its own.
  const VALUES = { SHORT: 'fifteen bytes!!', BROKEN: 'a line\nand another one', OTHER: 'the value of another one', EMPTY: '' };
  const environment = { environment_variables: { key_values: VALUES } };
  const OPEN = 'a secret in the open';
  const NONCE = (why) => RegExp(`^\`dpop\\.nonce\\.secret\`: .*${why}`);
  const STORE = (why) => RegExp(`^\`replay\\.store\\.http\\.authorization\`: .*${why}`);

  // what is wrong: [configuration, what the log says]
  const CASES = {
    'of the nonce that is missing': [nonce({ env: 'MISSING' }), NONCE('environment')],
    'of the nonce that is empty': [nonce({ env: 'EMPTY' }), NONCE('environment')],
    'of the nonce that is too short': [nonce({ env: 'SHORT' }), NONCE('16 bytes')],
    'of the nonce that has no name': [nonce(), NONCE('')],
    'of the nonce in the place of the object': [nonce(OPEN), NONCE('')],
    'of the nonce in the place of its name': [nonce({ env: OPEN }), NONCE('environment')],
    'of the nonce beside its name': [nonce({ env: 'OTHER', value: OPEN }), NONCE('')],
    'of the store that is missing': [kept({ env: 'MISSING' }), STORE('environment')],
    'of the store that is empty': [kept({ env: 'EMPTY' }), STORE('environment')],
    'of the store with a line break': [kept({ env: 'BROKEN' }), STORE('environment')],
    'of the store in the place of the object': [kept(OPEN), STORE('')],
    'that is there, and no cluster for the store': [shared({}, { authorization: { env: 'OTHER' }, cluster: undefined }), /^`replay\.store\.http\.cluster`: /],
  };
  const shown = (log) => [...Object.values(VALUES), OPEN].filter(Boolean).filter((value) => log.join('\n').includes(value.split('\n')[0]));

  test('that is missing: Envoy does not start, and shows no value', { timeout: 60_000 }, async () => {
    const [configuration, why] = CASES['of the nonce that is missing'];
    const listeners = { gate: { configuration, wasm: { failure_policy: 'FAIL_OPEN' }, vm: environment } };
    const { exit, log, refusals } = await Envoy.refuse({ level: 'trace', listeners, clusters: { as: 9, upstream: 9 } });
    assert.ok(Number.isInteger(exit) && exit !== 0, `exit: ${exit}`);
    assert.ok(refusals.length > 0, log.join('\n'));
    for (const refusal of refusals) assert.match(refusal.why, why);
    assert.deepEqual(shown(log), []);
  });

  test('in an update: refused, and no value is shown', { timeout: 60_000 }, async () => {
    const other = await Stage.open({ level: 'trace', clusters: { store: store.port } });
    try {
      const names = Object.keys(CASES);
      const missing = { secret: { env: 'MISSING' } };
      const dynamic = (name, configuration) => listener(name, { configuration, vm: environment });
      // Nobody asks for a secret that is not in use. They also keep the VM, for the others to use.
      const sound = [
        dynamic('idle', gate({ dpop: { mode: 'off', nonce: { mode: 'always', ...missing } } })),
        dynamic('never', gate({ dpop: { mode: 'required', nonce: { mode: 'never', ...missing } } })),
      ];
      await other.envoy.discover('listeners', sound);
      await other.envoy.listens('idle');
      await other.envoy.listens('never');
      await other.envoy.discover('listeners', [...sound, ...names.map((name, n) => dynamic(`bad-${n}`, CASES[name][0]))]);
      await until('all refusals', () => new Set(other.envoy.refusals().map(({ name }) => name)).size === names.length);
      for (const { name, why } of other.envoy.refusals()) assert.match(why, CASES[names[name.slice(4)]][1], names[name.slice(4)]);
      await other.passes('idle');
      assert.deepEqual((await other.envoy.listening()).sort(), ['idle', 'never']);
      assert.deepEqual(shown(other.envoy.log), []);
    } finally {
      await other.end({ expected: /configuration refused|\bplugin\b/i });
    }
  });
});
