// A client's `fetch` that heals: its options, what the user is asked, two layers of it, and the official MCP SDKs in front
// of it, before servers behind a gate.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { applyMiddlewares, Client, StreamableHTTPClientTransport, withOAuth } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { createDpop, errorFrom, heal, WaxsealError } from '../../pkg/dist/client.js';
import { Gate } from '../../pkg/dist/index.js';
import { Chromium } from '../browser/chromium.mjs';
import { authorizationServer, mcpServer, open, TOOL, v1, v2 } from '../mcp/servers.mjs';
import { config, NOW, tokenOfToday } from './issuer.mjs';
import { serve, sleep } from './loopback.mjs';
import { INVALID, lacks, post, recording, told, tokenOf } from './recording.mjs';

const JSON_TYPE = { 'content-type': 'application/json' };
const CALL = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'seal', arguments: { n: 1 }, _meta: { progressToken: 7 } } };
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STATE = 's\u00e9aled "\\ \u{1f512} & <opaque>  ';
const page = (id, url = `https://connect.example.com/${id}`) => ({ mode: 'url', ...(id && { elicitationId: id }), url, message: `Connect ${id}.` });
const refusing = (...accepted) => (request) => (accepted.includes(tokenOf(request)) ? [200, {}, 'ok'] : [401, INVALID]);
const INFO = { name: 'tests', version: '1' };

describe('heal', () => {
  it('does nothing unless told to', async (t) => {
    const answers = [[401, INVALID], [403, lacks('a')], [401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n' }], [200, {}, 'ok']];
    const { url, seen } = await recording(t, (_, n) => answers[n - 1]);
    for (const [status] of answers) assert.equal((await heal()()(url)).status, status);
    assert.equal(seen.length, answers.length);
    assert.deepEqual(seen.filter(({ headers }) => headers.authorization ?? headers.dpop), []);
  });

  it('takes the global fetch of the time of the call', async (t) => {
    const call = heal()();
    t.mock.method(globalThis, 'fetch', async () => new Response('replaced'));
    assert.equal(await (await call('https://api.example.com')).text(), 'replaced');
  });

  it('is not made of nonsense', async () => {
    const OPTIONS = [
      [null, /^`options` must/], [1, /^`options` must/],
      ...['token', 'refresh', 'stepUp', 'openUrl', 'onEvent'].map((name) => [{ [name]: 'text' }, new RegExp(`^\`options.${name}\` must be a function`)]),
      ...['budget', 'maxWait'].flatMap((name) => ['1', -1, NaN].map((value) => [{ [name]: value }, new RegExp(`^\`options.${name}\` must be a number`)])),
      [{ scopes: 'a b' }, /^`options.scopes`/], [{ dpop: {} }, /^`options.dpop`/], [{ dpop: null }, /^`options.dpop`/], [{ url: '/mcp' }, /^`options.url`/],
    ];
    for (const [options, message] of OPTIONS) assert.throws(() => heal(options), { code: 'invalid_argument', message });
    assert.throws(() => heal()('fetch'), { code: 'invalid_argument', message: /^`next`/ });
    await assert.rejects(heal()()('/relative'), TypeError);
  });

  it('sends no token that is none, and does not show it', async (t) => {
    const { url, seen } = await recording(t, () => [401, INVALID]);
    for (const bad of ['secret\r\nx: y', 'a secret', 'secr\u00e9t', 1, {}]) {
      for (const options of [{ token: () => bad }, { refresh: () => bad }]) {
        const error = await heal(options)()(url).catch((error) => error);
        assert.ok(WaxsealError.isInstance(error), String(bad));
        assert.doesNotMatch(`${error.message} ${error.stack}`, /secr/);
      }
    }
    assert.equal(seen.length, 5);
  });

  it('passes on what callbacks and the next one throw, and swallows what listeners do', async (t) => {
    const { url } = await recording(t, (request) => (request.url === '/scope' ? [403, lacks('a')] : [401, INVALID]));
    const error = new Error('own');
    const fails = () => { throw error; };
    for (const onEvent of [fails, async () => fails()]) {
      await assert.rejects(heal({ token: fails, onEvent })()(url), error);
      await assert.rejects(heal({ refresh: fails, onEvent })()(url), error);
      await assert.rejects(heal({ refresh: async () => fails(), onEvent })()(url), error);
      await assert.rejects(heal({ stepUp: fails, onEvent })()(new URL('/scope', url)), error);
      await assert.rejects(heal({ refresh: () => 'new', onEvent })(fails)(url), error);
    }
    const events = [];
    await assert.rejects(heal({ refresh: fails, onEvent: (event) => events.push(event) })()(url), error);
    assert.deepEqual(told(events), ['refresh begin', 'refresh stop failed']);
  });

  it('hands over what a foreign fetch gives, whatever it is', async () => {
    for (const odd of [undefined, null, 'text', {}, { status: 'a' }, Response.error()]) {
      assert.equal(await heal({ token: () => 'a', refresh: () => 'b' })(async () => odd)('https://api.example.com'), odd);
    }
    const bare = { status: 401, headers: new Headers(INVALID) };
    assert.equal(await heal({ refresh: () => undefined })(async () => bare)('https://api.example.com'), bare);
  });

  it('takes the token of the request where it has none', async (t) => {
    const { url, seen } = await recording(t, refusing('new'));
    const call = heal({ refresh: ({ token }) => (token === 'own' ? 'new' : undefined) })();
    for (const scheme of ['Bearer', 'bearer']) assert.equal((await call(url, { headers: { authorization: `${scheme} own` } })).status, 200);
    // From then on it knows the one that has taken its place.
    assert.deepEqual(seen.map(tokenOf), ['own', 'new', 'new']);
    assert.equal((await call(url, { headers: { authorization: 'Bearer another' } })).status, 401);
  });

  it('gets the first token, too, and remembers each in the place of those before', async (t) => {
    let valid = 1;
    const { url, seen } = await recording(t, (request) => (tokenOf(request) === `t-${valid}` ? [200, {}, 'ok'] : [401, { 'www-authenticate': 'Bearer' }]));
    const asked = [];
    const call = heal({ refresh: ({ token }) => (asked.push(token), `t-${valid}`) })();
    for (; valid < 4; valid += 1) for (const _ of [1, 2]) assert.equal((await call(url)).status, 200);
    assert.deepEqual(asked, [undefined, 't-1', 't-2']);
    assert.equal(seen.length, 9);
  });

  it('sends no token of somebody who has signed out', async (t) => {
    const { url, seen } = await recording(t, refusing('kept', 'other'));
    let [token, next] = [undefined, 'kept'];
    const call = heal({ token: () => token, refresh: () => (token = next) })();
    assert.equal((await call(url)).status, 200);
    token = 'other';
    assert.equal((await call(url)).status, 200);
    token = next = undefined;
    assert.equal((await call(url)).status, 401);
    assert.deepEqual(seen.map(tokenOf), [undefined, 'kept', 'other', undefined]);
  });

  it('knows the newest token, however often there was another', async (t) => {
    let valid = 0;
    const { url } = await recording(t, (request) => (tokenOf(request) === `t-${valid}` ? [200, {}, 'ok'] : [401, INVALID]));
    const call = heal({ refresh: () => `t-${valid}` })();
    for (; valid < 110; valid += 1) assert.equal((await call(url)).status, 200, valid);
  });

  it('leaves the others to be where it has not helped one', async (t) => {
    const tries = {};
    const { url, seen } = await recording(t, (request) => {
      const { id } = JSON.parse(request.body);
      tries[id] = (tries[id] ?? 0) + 1;
      if (id > 2) return id === 3 || tries[id] > 1 ? [429, { 'retry-after': '0' }] : [200];
      return tokenOf(request) === 'bob-new' ? [200] : [401, INVALID];
    });
    const call = heal({ refresh: ({ token }) => token.replace('old', 'new') })();
    const as = async (id, user) => (await call(url, post({ ...CALL, id }, { headers: { ...JSON_TYPE, authorization: `Bearer ${user}-old` } }))).status;
    assert.deepEqual([await as(1, 'alice'), await as(1, 'bob')], [401, 200]);
    assert.deepEqual([await as(3, 'bob'), await as(4, 'bob'), tries[3]], [429, 200, 2]);
    // But not whoever sends the same once more.
    assert.deepEqual([await as(1, 'alice'), await as(3, 'bob')], [401, 429]);
    assert.deepEqual([tries[3], seen.filter((request) => tokenOf(request).startsWith('alice')).length], [3, 3]);
  });

  it('tries a newer token than the refused one, whatever became of another call', async (t) => {
    let late = 1;
    const { url } = await recording(t, async (request) => {
      const { id } = JSON.parse(request.body);
      if (tokenOf(request) === 'old') return await sleep(50 * (id - 1)), [401, INVALID];
      // A replica that has not heard of it yet.
      return (late -= 1) < 0 ? [200] : [401, INVALID];
    });
    let [token, asked] = ['old', 0];
    const call = heal({ token: () => token, refresh: () => ((asked += 1), (token = 'new')) })();
    const replies = await Promise.all([1, 2, 3].map((id) => call(url, post({ ...CALL, id }))));
    assert.deepEqual([replies.map(({ status }) => status), asked], [[401, 200, 200], 1]);
  });

  it('makes one refresh where `token` takes its time', async (t) => {
    for (const first of ['old', undefined]) {
      let [stored, asked] = [first, 0];
      const { origin } = await recording(t, async (request) => {
        if (tokenOf(request) === 'new') return [200];
        if (request.url === '/late') await sleep(30);
        return [401, INVALID];
      });
      const token = async () => {
        const read = stored;
        await sleep(first ? 60 : 40);
        return read;
      };
      const call = heal({ url: origin, token, refresh: async () => ((asked += 1), await sleep(first ? 5 : 100), (stored = 'new')) })();
      const replies = await Promise.all([call(`${origin}/`), call(`${origin}/late`)]);
      assert.deepEqual([replies.map(({ status }) => status), asked], [[200, 200], 1]);
    }
  });

  it('leaves what it is given as it was', async (t) => {
    const { url, seen } = await recording(t, refusing('new'));
    const headers = new Headers({ 'x-a': '1' });
    const init = Object.freeze(post(CALL, { headers }));
    assert.equal((await heal({ token: () => 'old', refresh: () => 'new' })()(url, init)).status, 200);
    assert.deepEqual([[...headers], Reflect.ownKeys(init)], [[['x-a', '1']], ['method', 'headers', 'body']]);
    assert.deepEqual(seen.map(({ headers }) => headers['x-a']), ['1', '1']);
  });

  it('keeps the scheme of a token for which another layer makes proofs', async (t) => {
    const { url, seen } = await recording(t, refusing('new'));
    await heal({ refresh: () => 'new' })()(url, { headers: { authorization: 'DPoP old' } });
    assert.deepEqual(seen.map(({ headers }) => headers.authorization), ['DPoP old', 'DPoP new']);
  });

  it('lets go of what nobody will read', { timeout: 10_000 }, async () => {
    const gone = (init) => {
      let response;
      const cancelled = new Promise((resolve) => (response = new Response(new ReadableStream({ cancel: resolve }), { headers: { ...INVALID, 'content-type': 'text/event-stream' }, ...init })));
      return [response, cancelled];
    };
    const [first, cancelled] = gone({ status: 401 });
    const answers = [first, new Response('ok')];
    assert.equal(await (await heal({ refresh: () => 'new' })(async () => answers.shift())('https://api.example.com')).text(), 'ok');
    await cancelled;
    const [failing, left] = gone({ status: 401 });
    await assert.rejects(heal({ refresh: () => { throw new Error('own'); } })(async () => failing)('https://api.example.com'));
    await left;
    // A tee ends when both of its halves do: what is sent, and the copy.
    let end;
    const ended = new Promise((resolve) => (end = resolve));
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)), cancel: end });
    await heal()(async (sent) => (void sent.body.cancel(), new Response('ok')))(new Request('https://api.example.com', { method: 'POST', body, duplex: 'half' }));
    await ended;
  });

  it('leaves sign-ins alone', async (t) => {
    const { origin, seen } = await recording(t, () => [401, INVALID]);
    const call = heal({ token: () => 'secret', refresh: () => assert.fail('no') })();
    await call(`${origin}/token`, { method: 'POST', body: new URLSearchParams({ a: '1' }) });
    await call(`${origin}/token`, { method: 'POST', body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    await call(new Request(`${origin}/token`, { method: 'POST', body: new URLSearchParams({ a: '1' }) }));
    await call(`${origin}/.well-known/oauth-protected-resource/mcp`);
    await call(`${origin}/token`, { method: 'POST', headers: { authorization: 'Basic YTpi' } });
    assert.deepEqual(seen.map(({ headers }) => headers.authorization), [undefined, undefined, undefined, undefined, 'Basic YTpi']);
    // Nor does one of them tell where the server is.
    const other = await recording(t);
    await assert.rejects(call(other.url).then(() => call(`${origin}/mcp`)).then(({ status }) => assert.equal(status, 200)));
    assert.equal(tokenOf(other.seen[0]), 'secret');
  });

  it('names the resource as it is told to', async (t) => {
    const { origin, url } = await recording(t, () => [401, INVALID]);
    for (const [path, options, expected] of [
      ['/mcp?a=1#b', {}, url], ['/', {}, origin], ['/messages', { url }, url], ['/mcp', { resource: 'api://app' }, 'api://app'], ['/mcp', { resource: null }, undefined],
    ]) {
      const named = [];
      await heal({ ...options, refresh: ({ resource }) => void named.push(resource) })()(`${origin}${path}`);
      assert.deepEqual(named, [expected]);
    }
  });

  it('shares a refresh by issuer, client and token', async (t) => {
    const { url, seen } = await recording(t, refusing('new'));
    let token = 'old';
    for (const [one, other, expected] of [
      [{}, {}, 2], [{ issuer: 'a' }, { issuer: 'a' }, 2],
      [{ issuer: 'a', client: 'b' }, { issuer: 'a', client: 'b' }, 1],
      [{ issuer: 'a', client: 'b' }, { issuer: 'a', client: 'c' }, 2], [{ issuer: 'a', client: 'b' }, { issuer: 'c', client: 'b' }, 2],
    ]) {
      let asked = 0;
      let waiting = 0;
      let release;
      const both = new Promise((resolve) => (release = resolve));
      const refresh = async () => ((asked += 1), await both, 'new');
      const onEvent = ({ decision }) => ['begin', 'join'].includes(decision) && (waiting += 1) === 2 && release();
      // For a while it is known what has come in a token's place.
      token += '+';
      const replies = await Promise.all([one, other].map((options) => heal({ ...options, token: () => token, refresh, onEvent })()(url)));
      assert.deepEqual([replies.map(({ status }) => status), asked], [[200, 200], expected]);
    }
    assert.equal(seen.length, 20);
  });

  it('shares no token between servers, nor between users who have none yet', async (t) => {
    const servers = [await recording(t, (request) => (/-new$/.test(tokenOf(request)) ? [200] : [401, INVALID])), await recording(t, (request) => (/-new$/.test(tokenOf(request)) ? [200] : [401, INVALID]))];
    for (const [token, first, second, resource] of [['old', 0, 1], ['old', 0, 1, null], [undefined, 0, 0]]) {
      let asked = 0;
      let release;
      const both = new Promise((resolve) => (release = resolve));
      const onEvent = ({ decision }) => ['begin', 'join'].includes(decision) && (asked += 1) === 2 && release();
      const user = (name, at) => heal({ issuer: 'a', client: 'b', resource, token: () => token, refresh: async () => (await both, `${name}-new`), onEvent })()(servers[at].url);
      await Promise.all([user('one', first), user('two', second)]);
      const sent = servers.flatMap(({ seen }, at) => seen.splice(0).map((request) => `${tokenOf(request)} ${at}`)).filter((text) => /new/.test(text));
      assert.deepEqual(sent.sort(), [`one-new ${first}`, `two-new ${second}`]);
    }
  });

  it('asks two users of one token for the scopes of both, one after the other', async (t) => {
    const holds = { narrow: [], a: ['a'], a_b: ['a', 'b'] };
    const { url, seen } = await recording(t, (request) => (holds[tokenOf(request)].includes(request.url.at(-1)) ? [200, {}, 'ok'] : [403, lacks(request.url.at(-1))]));
    let release;
    const both = new Promise((resolve) => (release = resolve));
    const asked = [];
    const stepUp = async ({ scopes }) => (asked.push(scopes), await both, scopes.join('_'));
    const call = heal({ token: () => 'narrow', stepUp, onEvent: ({ decision }) => decision === 'join' && release() })();
    const first = call(`${url}/a`);
    const replies = await Promise.all([first, call(`${url}/b`)]);
    assert.deepEqual(replies.map(({ status }) => status), [200, 200]);
    assert.ok(asked.length === 2 && asked[1].length === 2, JSON.stringify(asked));
    assert.equal(seen.length, 5);
  });

  it('asks two users of one token for the scope of one and the authentication of the other', async (t) => {
    const CHALLENGES = { a: [403, lacks('a')], mfa: [401, { 'www-authenticate': 'Bearer error="insufficient_user_authentication", acr_values="mfa"' }] };
    const { url } = await recording(t, (request) => (tokenOf(request).split('_').includes(request.url.split('/').at(-1)) ? [200] : CHALLENGES[request.url.split('/').at(-1)]));
    for (const paths of [['a', 'mfa'], ['mfa', 'a']]) {
      let release;
      const both = new Promise((resolve) => (release = resolve));
      const stepUp = async ({ scopes, acrValues }) => (await both, ['new', ...scopes, ...acrValues].join('_'));
      const call = heal({ token: () => 'old', stepUp, onEvent: ({ decision }) => decision === 'join' && release() })();
      const replies = await Promise.all(paths.map((path) => call(`${url}/${path}`)));
      assert.deepEqual(replies.map(({ status }) => status), [200, 200]);
    }
  });

  it('waits for no refresh of somebody who has gone', async (t) => {
    const { url } = await recording(t, refusing('new'));
    const gone = new AbortController();
    const shared = { issuer: 'a', client: 'b', token: () => 'old' };
    const first = heal({ ...shared, signal: gone.signal, refresh: () => new Promise(() => {}), onEvent: ({ decision }) => decision === 'begin' && setImmediate(() => gone.abort()) })()(url);
    await assert.rejects(first, { name: 'AbortError' });
    assert.equal((await heal({ ...shared, refresh: () => 'new' })()(url, { signal: AbortSignal.timeout(5_000) })).status, 200);
  });

  it('begins a refresh of its own where another client ends the one that it waits for', async (t) => {
    const { url } = await recording(t, refusing('new'));
    for (const heeds of [(signal, reject) => signal.addEventListener('abort', () => reject(signal.reason)), () => {}]) {
      const gone = new AbortController();
      const shared = { issuer: 'a', client: `${heeds}`, token: () => 'old' };
      const first = heal({ ...shared, signal: gone.signal, refresh: ({ signal }) => new Promise((_, reject) => heeds(signal, reject)) })()(url);
      const refused = assert.rejects(first, { name: 'AbortError' });
      await sleep(20);
      const events = [];
      const onEvent = (event) => (events.push(event), event.decision === 'join' && gone.abort());
      const second = await heal({ ...shared, refresh: () => 'new', onEvent })()(url, { signal: AbortSignal.timeout(5_000) });
      await refused;
      assert.deepEqual([second.status, told(events)], [200, ['refresh join', 'refresh begin', 'refresh retry']]);
    }
  });

  it('asks for what another client has asked for, too, where they share the answer', async (t) => {
    const { origin } = await recording(t, (request) => (tokenOf(request).split('_').includes(request.url.slice(1)) ? [200] : [403, lacks(request.url.slice(1))]));
    let stored = 'first';
    let release;
    const both = new Promise((resolve) => (release = resolve));
    const stepUp = async ({ scopes }) => (await both, (stored = scopes.join('_')));
    const client = () => heal({ issuer: 'a', client: 'steps', url: origin, token: () => stored, stepUp, onEvent: ({ decision }) => decision === 'join' && release() })();
    const [one, two] = [client(), client()];
    await Promise.all([one(`${origin}/a`), two(`${origin}/a`)]);
    assert.deepEqual([(await two(`${origin}/c`)).status, stored], [200, 'a_c']);
  });

  it('asks for nothing that another user was asked for', async (t) => {
    const { url } = await recording(t, (request) => (tokenOf(request).includes('-') ? [200] : [403, lacks(`of:${tokenOf(request)}`)]));
    const asked = [];
    const call = heal({ scopes: ['all'], stepUp: ({ token, scopes }) => (asked.push(scopes), `${token}-wide`) })();
    for (const user of ['alice', 'bob']) await call(url, { headers: { authorization: `Bearer ${user}` } });
    assert.deepEqual(asked, [['all', 'of:alice'], ['all', 'of:bob']]);
  });

  it('asks for what a sign-in was challenged for, too', async (t) => {
    const { url } = await recording(t, (request) => (tokenOf(request) === 'a_b' ? [200] : tokenOf(request) === 'a' ? [403, lacks('b')] : [401, { 'www-authenticate': 'Bearer scope="a"' }]));
    const { status } = await heal({ refresh: ({ reading }) => reading.action.scope, stepUp: ({ scopes }) => scopes.join('_') })()(url);
    assert.equal(status, 200);
  });

  it('hands over stronger authentication, too (RFC 9470)', async (t) => {
    const challenge = 'Bearer error="insufficient_user_authentication", acr_values="mfa hwk", max_age="60"';
    const { url } = await recording(t, (request) => (tokenOf(request) === 'strong' ? [200] : [401, { 'www-authenticate': challenge }]));
    const asked = [];
    assert.equal((await heal({ token: () => 'weak', stepUp: (about) => (asked.push(about), 'strong') })()(url)).status, 200);
    const [{ acrValues, maxAge, scopes, token }] = asked;
    assert.deepEqual([acrValues, maxAge, scopes, token], [['mfa', 'hwk'], 60, [], 'weak']);
  });

  it('hands the reply over where nothing new is given', async (t) => {
    const { url, seen } = await recording(t, (request) => (request.url.endsWith('scope') ? [403, lacks('a'), 'no'] : [401, INVALID, 'no']));
    for (const given of [undefined, null, '', 'old']) {
      const events = [];
      const call = heal({ token: () => 'old', refresh: () => given, stepUp: () => (given === 'old' ? undefined : given), onEvent: (event) => events.push(event) })();
      for (const at of [url, `${url}/scope`]) assert.equal(await (await call(at)).text(), 'no');
      assert.deepEqual(told(events), ['refresh begin', 'refresh stop declined', 'step_up begin', 'step_up stop declined']);
    }
    assert.equal(seen.length, 8);
  });

  it('tells each decision, and no secret with it', async (t) => {
    const { origin, url } = await recording(t, (request, n) => [[401, INVALID], [403, lacks('a')], [429, { 'retry-after': '0' }], [200]][n - 1]);
    const events = [];
    await heal({ token: () => 'secret', refresh: () => 'secret-2', stepUp: () => 'secret-3', onEvent: (event) => events.push(event) })()(`${url}/secret?token=secret`);
    const about = { origin, method: 'GET' };
    assert.deepEqual(events, [
      { about: 'refresh', decision: 'begin', ...about, sent: 1, status: 401, reason: 'invalid_token' },
      { about: 'refresh', decision: 'retry', ...about, sent: 1, status: 401, reason: 'invalid_token' },
      { about: 'step_up', decision: 'begin', ...about, sent: 2, status: 403, reason: 'insufficient_scope', scopes: ['a'] },
      { about: 'step_up', decision: 'retry', ...about, sent: 2, status: 403, reason: 'insufficient_scope' },
      { about: 'retry_after', decision: 'begin', ...about, sent: 3, status: 429, reason: 'rate_limited', seconds: 0 },
      { about: 'retry_after', decision: 'retry', ...about, sent: 3, status: 429, reason: 'rate_limited' },
    ]);
    assert.doesNotMatch(JSON.stringify(events), /secret/);
  });
});

describe('the user', () => {
  const result = (id, result) => [200, JSON_TYPE, { jsonrpc: '2.0', id, result }];
  const waiting = (id, pages, state = STATE) => result(id, {
    resultType: 'input_required',
    inputRequests: Object.fromEntries(pages.map((name) => [name, { method: 'elicitation/create', params: page('', `https://connect.example.com/${name}`) }])),
    ...(state !== null && { requestState: state }),
  });
  const elicited = (id, ...pages) => [200, JSON_TYPE, { jsonrpc: '2.0', id, error: { code: -32042, message: 'more is needed', data: { elicitations: pages } } }];

  /** Calls a server that answers with these replies, one by one. */
  async function calling(t, replies, answers, { options = {}, body = CALL, init } = {}) {
    const { url, seen } = await recording(t, (request, n) => replies[n - 1](JSON.parse(request.body).id));
    const [shown, events] = [[], []];
    const openUrl = (visit) => (shown.push(visit), answers[shown.length - 1]);
    const reply = await heal({ token: () => 'token', openUrl, onEvent: (event) => events.push(event), ...options })()(url, init ?? post(body));
    return { reply, shown, events, url, sent: seen.map(({ body }) => body), messages: seen.map(({ body }) => JSON.parse(body)) };
  }

  it('is shown the page of a result that is none yet, and the call goes on (MCP 2026-07-28)', async (t) => {
    const { reply, shown, messages, events, url } = await calling(t, [(id) => waiting(id, ['connect']), (id) => result(id, { content: [] })], ['accept']);
    assert.deepEqual([reply.status, reply.url, await reply.json()], [200, url, { jsonrpc: '2.0', id: 7, result: { content: [] } }]);
    assert.deepEqual(shown, [{ url: 'https://connect.example.com/connect', host: 'connect.example.com', message: 'Connect .', id: 'connect', signal: undefined }]);
    const [first, second] = messages;
    assert.deepEqual(first, CALL);
    assert.match(second.id, UUID);
    assert.deepEqual({ ...second, id: 7 }, { ...CALL, params: { ...CALL.params, inputResponses: { connect: { action: 'accept' } }, requestState: STATE } });
    assert.deepEqual(told(events), ['open_url begin', 'open_url retry']);
  });

  it('is asked for each of several, and again where the server asks again', async (t) => {
    const replies = [(id) => waiting(id, ['a', '__proto__', 'b']), (id) => waiting(id, ['c'], 'second'), (id) => waiting(id, ['d'], null), (id) => result(id, {})];
    const { reply, shown, sent, messages } = await calling(t, replies, Array(5).fill('accept'));
    assert.deepEqual((await reply.json()).id, 7);
    assert.deepEqual(shown.map(({ id }) => id), ['__proto__', 'a', 'b', 'c', 'd']);
    assert.deepEqual(Object.keys(messages[1].params.inputResponses), ['__proto__', 'a', 'b']);
    assert.deepEqual(messages.map(({ params }) => params.requestState), [undefined, STATE, 'second', undefined]);
    assert.ok(!sent[3].includes('requestState'));
    assert.equal(new Set(messages.map(({ id }) => id)).size, 4);
  });

  it('is not asked for ever', async (t) => {
    const { reply, shown, messages, events } = await calling(t, Array(9).fill((id) => waiting(id, ['connect'])), Array(9).fill('accept'));
    assert.deepEqual([(await reply.json()).id, shown.length, messages.length, told(events).at(-1)], [7, 3, 4, 'open_url stop budget']);
  });

  for (const answer of ['decline', 'cancel', undefined, 'yes']) {
    it(`who says ${answer} is not asked again, and the server hears it`, async (t) => {
      const { reply, shown, messages } = await calling(t, [(id) => waiting(id, ['a', 'b']), (id) => waiting(id, ['c'])], [answer]);
      assert.equal((await reply.json()).id, 7);
      const action = answer === 'decline' ? 'decline' : 'cancel';
      assert.deepEqual([shown.length, messages.length, messages[1].params.inputResponses], [1, 2, { a: { action }, b: { action } }]);
    });
  }

  it('is asked for what -32042 lists (MCP 2025-11-25)', async (t) => {
    const { reply, shown, messages } = await calling(t, [(id) => elicited(id, page('a'), page('b')), (id) => result(id, {})], ['accept', 'accept']);
    assert.deepEqual(await reply.json(), { jsonrpc: '2.0', id: 7, result: {} });
    assert.deepEqual(shown.map(({ id, host }) => [id, host]), [['a', 'connect.example.com'], ['b', 'connect.example.com']]);
    assert.match(messages[1].id, UUID);
    assert.deepEqual({ ...messages[1], id: 7 }, CALL);
  });

  it('who does not agree to that ends it', async (t) => {
    for (const answer of ['decline', 'cancel']) {
      const { reply, shown, messages, events } = await calling(t, [(id) => elicited(id, page('a'), page('b'))], [answer]);
      assert.deepEqual([(await reply.json()).error.code, shown.length, messages.length], [-32042, 1, 1]);
      assert.deepEqual(told(events), ['open_url begin', 'open_url stop declined']);
    }
  });

  it('is asked for a consent that a 401 or 403 wants', async (t) => {
    for (const status of [401, 403]) {
      const body = { error: 'consent_required', consent_url: 'https://connect.example.com/a', error_description: 'Connect.' };
      const { reply, shown } = await calling(t, [() => [status, JSON_TYPE, body], (id) => result(id, {})], ['accept']);
      assert.deepEqual([(await reply.json()).id, shown.map(({ url, message }) => [url, message])], [7, [['https://connect.example.com/a', 'Connect.']]]);
      const text = await calling(t, [() => [status, JSON_TYPE, body], () => [200, {}, 'ok']], ['accept'], { init: { method: 'PUT', body: '"text"' } });
      assert.deepEqual([await text.reply.text(), text.sent], ['ok', ['"text"', '"text"']]);
    }
  });

  it('is not asked where not everything could be answered, or nothing sent again', async (t) => {
    const form = result(1, { resultType: 'input_required', inputRequests: { a: { method: 'elicitation/create', params: page('') }, b: { method: 'sampling/createMessage', params: {} } } });
    const ask = waiting(1, ['a']);
    const own = JSON.stringify(waiting(7, ['a'])[2]);
    const CASES = [
      [form, CALL, 'absent'], [waiting(1, []), CALL],
      ...[[CALL], { ...CALL, jsonrpc: '1.0' }, { ...CALL, id: null }, { jsonrpc: '2.0', method: 'tools/call' }].map((body) => [ask, body, 'body']),
      ...['{"jsonrpc":"2.0","id":1,"method":"a","params":{"n":12345678901234567890}}', '{"jsonrpc":"2.0","id":1,"method":"a","params":{"n":1.0}}', '{"jsonrpc":"2.0","id":1,"id":1,"method":"a"}']
        .map((body) => [ask, undefined, 'body', body]),
      ...[`data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\ndata: ${own}\n\n`, `data: ${own}\n`]
        .map((events) => [[200, { 'content-type': 'text/event-stream' }, events], CALL]),
      [[200, { 'content-type': 'text/event-stream' }, `data: ${JSON.stringify(ask[2])}\n\n`], CALL, 'absent'],
      [[200, JSON_TYPE, `data: ${own}\n\n`], CALL, 'absent'],
      [[200, { ...JSON_TYPE }, JSON.stringify({ ...ask[2], padding: 'x'.repeat(70_000) })], CALL],
    ];
    for (const [reply, body, why, text] of CASES) {
      const { url, seen } = await recording(t, () => reply);
      const events = [];
      const call = heal({ openUrl: () => assert.fail('nobody is asked'), onEvent: (event) => events.push(event) })();
      const got = await call(url, text ? post({}, { body: text }) : post(body));
      assert.equal(await got.text(), typeof reply[2] === 'string' ? reply[2] : JSON.stringify(reply[2]));
      assert.deepEqual([seen.length, told(events)], [1, why ? [`open_url stop ${why}`] : []]);
    }
  });

  it('is asked by a stream, too, that begins so', async (t) => {
    for (const [first, end] of [['', '\n\n'], ['id: 1\ndata: \n\n: comment\n\nevent: message\nid: 2\n', '\nretry: 1\n\n'], ['', '\r\n\r\n']]) {
      for (const ask of [waiting, (id) => elicited(id, page('a'))]) {
        // Nor is the end of it awaited.
        const { url } = await recording(t, (request, n, response) => {
          const { id } = JSON.parse(request.body);
          if (n > 1) return result(id, { n });
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          return void response.write(`${first}data: ${JSON.stringify(ask(id, ['a'])[2])}${end}`);
        });
        const shown = [];
        const reply = await heal({ openUrl: ({ url }) => (shown.push(url), 'accept') })()(url, post(CALL));
        assert.deepEqual([await reply.json(), shown], [{ jsonrpc: '2.0', id: 7, result: { n: 2 } }, ['https://connect.example.com/a']]);
      }
    }
  });

  it('\'s call is cancelled, and taken up again, under the id that the server knows', async (t) => {
    let [sent, cancelled] = [];
    const { url } = await recording(t, (request, n, response) => {
      const session = request.headers['mcp-session-id'];
      const message = request.body && JSON.parse(request.body);
      if (message?.method === 'notifications/cancelled') return (cancelled = [session, message]), [202];
      if (n === 1) return waiting(7, ['a']);
      sent ??= message.id;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (message) return void response.write('data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
      return void response.end(`id: 2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: sent, result: {} })}\n\n`);
    });
    const call = heal({ openUrl: () => 'accept' })();
    const within = (session, more) => ({ ...more, headers: { ...more.headers, 'mcp-session-id': session } });
    const { body } = await call(url, within('one', post(CALL)));
    const cancel = (requestId) => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason: 'no' } });
    for (const [session, id, expected] of [['one', 7, sent], ['two', 7, 7], ['one', '7', '7'], ['one', 8, 8]]) {
      await call(url, within(session, post(cancel(id))));
      assert.deepEqual(cancelled, [session, cancel(expected)]);
    }
    await body.cancel();
    const resumed = await call(url, within('one', { headers: { accept: 'text/event-stream', 'last-event-id': '1' } }));
    assert.equal(await resumed.text(), 'id: 2\ndata: {"jsonrpc":"2.0","id":7,"result":{}}\n\n');
    assert.equal(resumed.url, url);
  });

  it('is asked for a Request as well', async (t) => {
    const { url, seen } = await recording(t, (request, n) => (n === 1 ? waiting(7, ['a']) : result(JSON.parse(request.body).id, {})));
    const reply = await heal({ openUrl: () => 'accept' })()(new Request(url, post(CALL, { headers: { ...post().headers, 'x-a': '1' } })));
    assert.equal((await reply.json()).id, 7);
    assert.deepEqual([seen.length, seen[1].headers['x-a'], seen[1].headers['content-type']], [2, '1', 'application/json']);
  });

  it('\'s call goes on in a stream, under the id that the caller knows, and as it comes', { timeout: 10_000 }, async () => {
    for (const id of [7, 'text "\\', '$$ $& $`']) {
      let [more, cancel] = [];
      const cancelled = new Promise((resolve) => (cancel = resolve));
      const answer = (sent) => {
        const bytes = Buffer.from(`data: ${JSON.stringify({ jsonrpc: '2.0', id: sent, result: { text: '\u00e9"' } })}\n\n`);
        // Each byte for itself, and as the reader wants it.
        const parts = [Buffer.from('data: {}\n\n'), new Promise((resolve) => (more = resolve)), ...Array.from(bytes, (byte) => Uint8Array.of(byte))];
        const body = new ReadableStream({
          async pull(controller) {
            const part = await parts.shift();
            if (part) controller.enqueue(part);
            else if (parts.length > 0) controller.enqueue(Uint8Array.of());
            else controller.close();
          },
          cancel,
        });
        return new Response(body, { headers: { 'content-type': 'text/event-stream', 'content-length': '9' } });
      };
      const next = async (_, { body }) => {
        const message = JSON.parse(body);
        return message.params.inputResponses ? answer(message.id) : new Response(JSON.stringify(waiting(id, ['a'])[2]), { headers: JSON_TYPE });
      };
      const call = heal({ openUrl: () => 'accept' })(next);
      const reply = await call('https://api.example.com', post({ ...CALL, id }));
      assert.equal(reply.headers.get('content-length'), null);
      const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
      assert.equal((await reader.read()).value, 'data: {}\n\n');
      more();
      let text = '';
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
      assert.deepEqual(JSON.parse(/^data: (.*)$/m.exec(text)[1]), { jsonrpc: '2.0', id, result: { text: '\u00e9"' } });
      await (await call('https://api.example.com', post({ ...CALL, id }))).body.cancel();
      await cancelled;
    }
  });

  it('is asked before more scope is, where a tool says what it lacks', async (t) => {
    const challenged = (id) => result(id, { isError: true, content: [], _meta: { 'mcp/www_authenticate': [lacks('a')['www-authenticate']] } });
    const { reply, messages } = await calling(t, [challenged, (id) => result(id, {})], [], { options: { stepUp: ({ scopes }) => scopes.join() } });
    assert.deepEqual([(await reply.json()).id, messages.length], [7, 2]);
    // But a tool's own trouble is not ours.
    const foreign = (id) => result(id, { isError: true, content: [], structuredContent: { error: 'invalid_token', error_description: 'of another service' } });
    const other = await calling(t, [foreign], [], { options: { refresh: () => assert.fail('not ours') } });
    assert.deepEqual([other.messages.length, other.events], [1, []]);
  });
});

describe('two layers', () => {
  const healing = (asked, more = {}) => heal({ token: () => 'old', refresh: () => (asked.push('refresh'), `new-${asked.length}`), stepUp: () => (asked.push('stepUp'), `wide-${asked.length}`), ...more });

  for (const [name, answer, requests, callbacks] of [
    ['a token that is never taken', () => [401, INVALID], 2, 1],
    ['a scope that is never enough', () => [403, lacks('a')], 2, 1],
    ['a server that is never ready', () => [503, { 'retry-after': '0' }], 2, 0],
    ['all of it', (_, n) => [[503, { 'retry-after': '0' }], [401, INVALID], [403, lacks('a')]][(n - 1) % 3], 4, 2],
  ]) {
    it(`of heal make no more requests than one: ${name}`, async (t) => {
      for (const layers of [1, 2, 3]) {
        const asked = [];
        const { url, seen } = await recording(t, answer);
        const call = applyMiddlewares(...Array(layers).fill(0).map(() => healing(asked)))(fetch);
        await call(url, post());
        assert.deepEqual([layers, seen.length, asked.length], [layers, requests, callbacks]);
      }
    });
  }

  for (const [name, answer] of [
    ['more scope', () => [403, lacks('a')]],
    ['a page', () => [200, JSON_TYPE, { jsonrpc: '2.0', id: 1, error: { code: -32042, message: 'more', data: { elicitations: [page('a')] } } }]],
  ]) {
    it(`of heal ask who declines ${name} once`, async (t) => {
      const { url, seen } = await recording(t, answer);
      let asked = 0;
      const declined = () => heal({ token: () => 'old', stepUp: () => void (asked += 1), openUrl: () => ((asked += 1), 'decline') });
      await applyMiddlewares(declined(), declined())(fetch)(url, post());
      assert.deepEqual([seen.length, asked], [1, 1]);
    });
  }

  it('of which the upper one sends the same once more ask who declines more scope once', async (t) => {
    const { url } = await recording(t, () => [403, lacks('a')]);
    let asked = 0;
    const call = heal({ token: () => 'old', stepUp: () => void (asked += 1) })();
    for (const _ of [1, 2]) assert.equal((await call(url, post())).status, 403);
    assert.equal(asked, 1);
  });

  it('of which one makes the requests anew do not multiply', async (t) => {
    const asked = [];
    const { url, seen } = await recording(t, () => [401, INVALID]);
    const anew = (next) => (input, init) => next(new Request(input, init));
    await applyMiddlewares(healing(asked), anew, healing(asked))(fetch)(url, post());
    assert.deepEqual([seen.length, asked.length], [3, 2]);
  });

  it('with proofs do not multiply', async (t) => {
    const dpop = await createDpop();
    const { url, seen } = await recording(t, (_, n) => [401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': `n-${n}` }]);
    for (const [layers, expected] of [[[healing([], { dpop })], 2], [[dpop.fetch, healing([])], 2], [[healing([]), healing([], { dpop })], 2]]) {
      seen.length = 0;
      await applyMiddlewares(...layers)(fetch)(url, post());
      assert.equal(seen.length, expected);
    }
  });

  it('of which the upper one is the SDK\'s withOAuth do not multiply', async (t) => {
    const asked = [];
    const { url, seen } = await recording(t, (request) => (request.url === '/mcp' ? [401, INVALID] : [404]));
    const provider = {
      redirectUrl: undefined, clientMetadata: { redirect_uris: [] }, clientInformation: () => ({ client_id: 'a' }), tokens: () => ({ access_token: 'sdk', token_type: 'Bearer' }),
      saveTokens() {}, saveCodeVerifier() {}, codeVerifier: () => '', redirectToAuthorization() {}, prepareTokenRequest: () => new URLSearchParams({ grant_type: 'client_credentials' }),
    };
    await assert.rejects(applyMiddlewares(healing(asked), withOAuth(provider, url))(fetch)(url, post()));
    const calls = seen.filter((request) => request.url === '/mcp');
    assert.ok(calls.length <= 3, `${calls.length} requests`);
    assert.equal(asked.length, 1);
  });

  it('of which the upper one sends once more by itself do not multiply', async (t) => {
    const asked = [];
    const { url, seen } = await recording(t, () => [401, INVALID]);
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      fetch: healing(asked)(fetch), authProvider: { token: async () => 'sdk', onUnauthorized: async () => void asked.push('SDK') },
    });
    await assert.rejects(new Client(INFO).connect(transport));
    assert.deepEqual([seen.length, asked], [3, ['refresh', 'SDK']]);
  });
});

describe('the MCP SDK', () => {
  const ENV = { NONCE_SECRET: 'a secret of the tests' };
  const SCOPE = { policy: { default: 'allow', rules: [{ match: { tool: 'seal' }, require: { scopes: ['seal:use'] } }] } };
  const PROOFS = { dpop: { mode: 'required', nonce: { mode: 'always', secret: { env: 'NONCE_SECRET' } } } };

  /** As little of an MCP server as its clients are content with, behind a gate. */
  async function guarded(t, members) {
    let gate;
    const outcomes = [];
    const { port } = await serve(t, async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const outcome = await gate.check({ method: request.method, url: request.url, headers: request.headersDistinct, ...(body.length > 0 && { body }) });
      outcomes.push(outcome.reason ?? outcome.decision);
      const { status, headers = outcome.grant.replyHeaders, body: denied } = outcome.reply ?? {};
      for (const [name, value] of headers) response.appendHeader(name, value);
      if (!outcome.allow) return response.writeHead(status).end(denied);
      if (request.method !== 'POST') return response.writeHead(405).end();
      const { id, method, params } = JSON.parse(body);
      const results = {
        initialize: () => ({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: INFO }),
        'tools/list': () => ({ tools: [{ name: 'seal', inputSchema: { type: 'object' } }] }),
        'tools/call': () => ({ content: [{ type: 'text', text: outcome.grant.subject }] }),
      };
      if (id === undefined) return response.writeHead(202).end();
      response.setHeader('content-type', 'text/event-stream');
      return response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: results[method]() })}\n\n`);
    });
    const url = `http://127.0.0.1:${port}/mcp`;
    gate = await Gate.open(config({ resource: url, ...members }), { env: ENV });
    return { url, outcomes, tokenFor: (claims) => tokenOfToday({ aud: url, ...claims }) };
  }

  const SDKS = {
    2: (url, fetch) => [new Client(INFO), new StreamableHTTPClientTransport(new URL(url), { fetch })],
    1: (url, fetch) => [new ClientV1(INFO), new TransportV1(new URL(url), { fetch })],
  };
  for (const [version, made] of Object.entries(SDKS)) {
    for (const [name, members] of Object.entries({ 'bearer tokens': SCOPE, 'proofs and nonces': { ...SCOPE, ...PROOFS } })) {
      it(`${version} gets through with a token that has expired, and then with one that may do too little: ${name}`, async (t) => {
        const { url, outcomes, tokenFor } = await guarded(t, members);
        const dpop = members.dpop && (await createDpop());
        const cnf = dpop && { jkt: dpop.thumbprint };
        const asked = [];
        let token = tokenFor({ cnf, exp: NOW, jti: 'old' });
        const call = heal({
          url,
          token: () => token,
          refresh: () => (asked.push('refresh'), (token = tokenFor({ cnf }))),
          stepUp: ({ scopes, resource, resourceMetadata }) => {
            asked.push(scopes, resource, resourceMetadata);
            return (token = tokenFor({ cnf, scope: scopes.join(' ') }));
          },
          scopes: ['mcp:read'],
          dpop,
        })(fetch);
        const [client, transport] = made(url, call);
        await client.connect(transport);
        assert.deepEqual((await client.listTools()).tools.map(({ name }) => name), ['seal']);
        for (const _ of [1, 2]) assert.deepEqual((await client.callTool({ name: 'seal', arguments: {} })).content, [{ type: 'text', text: 'alice' }]);
        await client.close();
        const metadata = `${new URL(url).origin}/.well-known/oauth-protected-resource/mcp`;
        assert.deepEqual(asked, ['refresh', ['mcp:read', 'seal:use'], url, metadata]);
        // With each refusal the gate sends a nonce, too.
        assert.deepEqual(outcomes.filter((outcome) => outcome !== 'allow'), ['token_expired', 'insufficient_scope']);
      });
    }

    it(`${version} gets through with a nonce that it had to be told`, async (t) => {
      const { url, outcomes, tokenFor } = await guarded(t, PROOFS);
      const dpop = await createDpop();
      const events = [];
      const token = tokenFor({ cnf: { jkt: dpop.thumbprint } });
      const [client, transport] = made(url, heal({ token: () => token, dpop, onEvent: (event) => events.push(event) })(fetch));
      await client.connect(transport);
      await client.listTools();
      await client.close();
      assert.deepEqual(outcomes.filter((outcome) => outcome !== 'allow'), ['nonce_missing']);
      assert.equal(told(events)[0], 'retry_with_nonce retry');
    });
  }

  it('1 gets through over SSE, whose messages go to another path', async (t) => {
    let stream;
    const { url, seen } = await recording(t, (request, n, response) => {
      if (tokenOf(request) !== 'new') return [401, INVALID];
      if (request.method === 'GET') {
        stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
        return void stream.write('event: endpoint\ndata: /messages?session=1\n\n');
      }
      const { id, params } = JSON.parse(request.body);
      if (id !== undefined) stream.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: INFO } })}\n\n`);
      return [202];
    });
    const asked = [];
    let token = 'old';
    const call = heal({ token: () => token, refresh: ({ resource }) => (asked.push(resource), (token = 'new')) })(fetch);
    const client = new ClientV1(INFO);
    await client.connect(new SseV1(new URL(url), { fetch: call }));
    await client.close();
    assert.deepEqual(asked, [url]);
    assert.deepEqual(seen.map((request) => [request.url, tokenOf(request)]), [['/mcp', 'old'], ['/mcp', 'new'], ['/messages?session=1', 'new'], ['/messages?session=1', 'new']]);
  });

  it('1 before a server of SDK 1, which answers in events, gets through', async (t) => {
    const as = await authorizationServer(t);
    const server = await mcpServer(t, v1, as);
    const shown = [];
    const call = heal({ token: () => server.tokenOf('ada'), openUrl: async ({ url }) => (shown.push(url), await open(url, 'ada'), 'accept') })(fetch);
    const client = new ClientV1(INFO, { capabilities: { elicitation: { url: {} } } });
    await client.connect(new TransportV1(new URL(server.url), { fetch: call }));
    t.after(() => client.close());
    const { content } = await client.callTool({ name: TOOL, arguments: { state: 'open' } });
    assert.deepEqual([content[0].text, shown], ['2 issues, read with github-token-of-ada', [as.link]]);
  });

  it('2 before a server of SDK 2 gets through, whoever asks the user', async (t) => {
    for (const way of ['heal', 'SDK']) {
      const as = await authorizationServer(t);
      const server = await mcpServer(t, v2, as);
      const shown = [];
      const visit = async ({ url }) => (shown.push(url), await open(url, 'ada'), 'accept');
      const call = heal({ token: () => server.tokenOf('ada'), ...(way === 'heal' && { openUrl: visit }) })(fetch);
      const client = new Client(INFO, { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } });
      client.setRequestHandler('elicitation/create', async ({ params }) => ({ action: await visit(params) }));
      await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { fetch: call }));
      t.after(() => client.close());
      const { content } = await client.callTool({ name: TOOL, arguments: { state: 'open' } });
      assert.deepEqual([content[0].text, shown, server.retries], ['2 issues, read with github-token-of-ada', [as.link], ['accept']]);
    }
  });
});

describe('a browser', () => {
  let chromium;
  before(async () => {
    chromium = await Chromium.start();
  });
  after(() => chromium?.end());

  it('heals, too, and does not follow what it cannot see', async (t) => {
    const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization, content-type, dpop', 'access-control-expose-headers': 'www-authenticate, dpop-nonce' };
    const { url, origin, seen } = await recording(t, (request) => {
      const { method, headers, body } = request;
      if (method === 'OPTIONS') return [204, CORS];
      if (request.url === '/moved') return [307, { ...CORS, location: '/mcp' }];
      const { nonce } = JSON.parse(Buffer.from(headers.dpop.split('.')[1], 'base64url'));
      if (!nonce) return [401, { ...CORS, 'dpop-nonce': 'n', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }];
      return tokenOf(request) === 'new' ? [200, CORS, body] : [401, { ...CORS, ...INVALID }];
    });
    const page = await chromium.page(await chromium.serve());
    const got = await page.evaluate(async ([url, moved]) => {
      const { createDpop, heal } = await import('waxseal/client');
      const events = [];
      const call = heal({ token: () => 'old', refresh: () => 'new', dpop: await createDpop(), onEvent: ({ about, decision, why }) => events.push([about, decision, why].join(' ').trim()) })();
      const reply = await call(new Request(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }));
      const { status, type } = await call(moved);
      return [reply.status, await reply.text(), status, type, events];
    }, [url, `${origin}/moved`]);
    assert.deepEqual(got, [200, '{}', 0, 'opaqueredirect', ['retry_with_nonce retry', 'refresh begin', 'refresh retry', 'redirect stop hidden']]);
    assert.deepEqual(seen.filter(({ method }) => method !== 'OPTIONS').map((request) => [request.url, tokenOf(request)]), [['/mcp', 'old'], ['/mcp', 'old'], ['/mcp', 'new'], ['/moved', 'old']]);
  });
});

describe('errorFrom', () => {
  it('tells what the reading tells', async () => {
    const response = new Response(JSON.stringify({ error: 'invalid_token', error_description: 'the access token has expired', type: 'urn:waxseal:error:token_expired' }), { status: 401, headers: { ...INVALID, ...JSON_TYPE } });
    const error = await errorFrom(response);
    assert.ok(WaxsealError.isInstance(error));
    const { code, reason, action, data, message, cause } = error;
    assert.deepEqual([code, reason, action, message, cause], ['invalid_token', 'token_expired', { kind: 'refresh' }, 'the access token has expired', undefined]);
    assert.deepEqual([data.status, data.response, data.untrusted], [401, response, true]);
  });

  it('keeps what was thrown, and has a code for everything', async () => {
    const thrown = new Error('own');
    const error = await errorFrom(thrown);
    assert.deepEqual([error.code, error.cause, error.action], ['unknown', thrown, { kind: 'give_up' }]);
    assert.equal(await errorFrom(error), error);
    assert.deepEqual([(await errorFrom({ status: 418 })).message, (await errorFrom(null)).code], ['HTTP 418', 'unknown']);
    const { action } = await errorFrom({ status: 503, headers: { 'retry-after': 'Tue, 14 Nov 2023 22:13:27 GMT' } }, { now: NOW });
    assert.deepEqual(action, { kind: 'retry_after', seconds: 7 });
    await assert.rejects(errorFrom(), { code: 'invalid_argument' });
  });
});
