// Pages in a real browser: those of a listed origin can call and read, those of another cannot.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { behaviour } from '../envoy/issuer.mjs';
import { from, gate, Stage } from '../envoy/stage.mjs';
import { bearer, ISSUER, RESOURCE } from '../envoy/tokens.mjs';
import { call, Chromium } from './chromium.mjs';

const METADATA = '/.well-known/oauth-protected-resource/mcp';
const BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const NO_KEYS = '/jwks/none';
const limit = { timeout: 20_000 };

let browser;
let stage;
let listed;
let other;
before(async () => {
  browser = await Chromium.start();
  const [origin, another] = await Promise.all([browser.serve(), browser.serve()]);
  const origins = [origin];
  stage = await Stage.open({
    listeners: {
      gate: { configuration: gate({ origins }) },
      'no-keys': { configuration: gate({ origins, issuer: { keys: from(NO_KEYS) } }) },
    },
  });
  stage.issuer.behave(NO_KEYS, behaviour.status(500));
  [listed, other] = await Promise.all([browser.page(origin), browser.page(another)]);
}, { timeout: 45_000 });
after(async () => {
  try {
    await browser?.end();
  } finally {
    await stage?.end();
  }
}, limit);

/** A URL that no other call has: nothing of it is remembered from before. */
const address = (path, name = 'gate') => `http://127.0.0.1:${stage.port(name)}${path}?${randomUUID()}`;

const post = (headers = {}) => ({ method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: BODY });

/** What Envoy (method and status) and the upstream (requests) saw of some work. */
async function seen(work) {
  const settle = async () => stage.envoy.access.indexOf(await stage.envoy.accessOf((await stage.ask('gate')).id));
  const [first, requests] = [await settle(), stage.upstream.requests.length];
  const result = await work();
  // One worker logs in order: what is not there before this request is not there at all.
  const last = await settle();
  const access = stage.envoy.access.slice(first + 1, last).map(({ method, code }) => `${method} ${code}`);
  return { result, access, arrived: stage.upstream.requests.slice(requests) };
}

const CALLS = {
  'a call with a token': {
    ask: () => [address('/mcp'), post({ authorization: bearer() })],
    access: ['OPTIONS 204', 'POST 200'],
    arrives: true,
    check({ body }) {
      assert.deepEqual(JSON.parse(body), { upstream: true, bytes: BODY.length });
    },
  },
  'a call without a token': {
    ask: () => [address('/mcp'), post()],
    access: ['OPTIONS 204', 'POST 401'],
    async check({ headers, body }) {
      assert.match(headers['www-authenticate'], new RegExp(`^Bearer .*resource_metadata="https://mcp\\.example\\.com${METADATA}"`));
      assert.equal((await stage.envoy.accessOf(headers['x-request-id'])).code, 401);
      assert.equal(headers['content-type'], 'application/problem+json');
      const { status, type } = JSON.parse(body);
      assert.deepEqual({ status, type }, { status: 401, type: 'urn:waxseal:error:missing_token' });
    },
  },
  'the metadata document': {
    ask: () => [address(METADATA)],
    access: ['GET 200'],
    check({ body }) {
      const { resource, authorization_servers: servers } = JSON.parse(body);
      assert.deepEqual({ resource, servers }, { resource: RESOURCE, servers: [ISSUER] });
    },
  },
  'a call while there are no keys': {
    ask: () => [address('/mcp', 'no-keys'), post({ authorization: bearer() })],
    access: ['OPTIONS 204', 'POST 503'],
    check({ headers, body }) {
      assert.ok(Number(headers['retry-after']) >= 1, `retry-after: ${headers['retry-after']}`);
      assert.equal(JSON.parse(body).type, 'urn:waxseal:error:keys_unavailable');
    },
  },
};

for (const [name, { ask, access, arrives = false, check }] of Object.entries(CALLS)) {
  test(`a page of a listed origin: ${name}`, limit, async () => {
    const [url, init] = ask();
    const { result, ...rest } = await seen(() => call(listed, url, init));
    assert.deepEqual(rest.access, access, JSON.stringify(result));
    assert.equal(result.status, Number(access.at(-1).split(' ')[1]));
    await check(result);
    // The preflight is not among them.
    const arrived = rest.arrived.map(({ method, url: path, body }) => `${method} ${path} ${body}`);
    assert.deepEqual(arrived, arrives ? [`POST ${url.slice(new URL(url).origin.length)} ${BODY}`] : []);
  });

  test(`a page of another origin: ${name}`, limit, async () => {
    const { result, ...rest } = await seen(() => call(other, ...ask()));
    assert.deepEqual(result, { error: 'TypeError' });
    // The first request that the browser makes is the last.
    assert.deepEqual(rest, { access: [`${access[0].split(' ')[0]} 403`], arrived: [] });
  });
}

test('the same origin, which a browser does not name', limit, async () => {
  const page = await browser.page();
  const headers = { authorization: bearer() };
  await page.setExtraHTTPHeaders(headers);
  const urls = [address('/mcp'), address('/mcp')];
  const { result, arrived } = await seen(async () => {
    const navigation = await page.goto(urls[0]);
    await page.setExtraHTTPHeaders({});
    return [{ status: navigation.status(), headers: navigation.headers() }, await call(page, urls[1], { headers })];
  });
  for (const reply of result) {
    assert.equal(reply.status, 200);
    assert.deepEqual([reply.headers.vary, reply.headers['access-control-allow-origin']], ['Origin', undefined]);
  }
  // The browser may ask for an icon of the page, too.
  const requests = arrived.filter(({ url }) => url.startsWith('/mcp'));
  assert.deepEqual(requests.map(({ method, url }) => `${method} http://127.0.0.1:${stage.port('gate')}${url}`), urls.map((url) => `GET ${url}`));
  for (const { headers: fields } of requests) {
    assert.ok(!fields.some(([field]) => field.toLowerCase() === 'origin'), 'it names an origin');
  }
});
