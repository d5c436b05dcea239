// A server with every fault that a client meets: each is survived with the right number of requests, and no token or
// proof goes to another origin. Both servers are real, and count for themselves.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createDpop, heal } from '../../pkg/dist/client.js';
import { sleep } from './loopback.mjs';
import { INVALID, lacks, post, recording, told, tokenOf } from './recording.mjs';

const OLD = 'old-token-worth-stealing';
const NEW = 'new-token-worth-stealing';
const NONCE = { 'www-authenticate': 'DPoP error="use_dpop_nonce"' };
const HTML = { 'content-type': 'text/html' };
const JSON_TYPE = { 'content-type': 'application/json' };
const PAGE = '<!doctype html><title>Sign in</title>';
const dpop = await createDpop();
const claimsOf = ({ headers }) => JSON.parse(Buffer.from(headers.dpop.split('.')[1], 'base64url'));

/** A client with all that heals, before a server and another origin; `asked` is what its callbacks were asked. */
async function client(t, answer, members = {}) {
  const other = await recording(t, () => [200, HTML, PAGE]);
  const server = await recording(t, (request, n, response) => answer(request, n, { other, response }));
  const events = [];
  const asked = [];
  const asking = (name, answer) => async (about) => {
    asked.push([name, about]);
    return answer;
  };
  let token = OLD;
  const options = {
    token: () => token,
    refresh: async (about) => {
      asked.push(['refresh', about]);
      token = `${NEW}-${asked.length}`;
      return token;
    },
    stepUp: asking('stepUp', `${NEW}-wide`),
    openUrl: asking('openUrl', 'accept'),
    dpop,
    onEvent: (event) => events.push(event),
    ...members,
  };
  t.after(() => {
    for (const { fields, url, body } of other.seen) assertClean([fields, url, body]);
    assertClean(events);
    // No proof serves twice.
    const proofs = server.seen.map(({ headers }) => headers.dpop).filter(Boolean);
    assert.equal(new Set(proofs).size, proofs.length);
  });
  return { call: heal(options)(fetch), asked, events, other, ...server };
}

/** Nothing in it is worth stealing. */
function assertClean(value) {
  assert.doesNotMatch(JSON.stringify(value), /worth-stealing|eyJ|"dpop"|"authorization"/i);
}

describe('a server that', () => {
  it('asks for a nonce gets it', async (t) => {
    const { call, url, seen, events } = await client(t, (_, n) => (n === 1 ? [401, { ...NONCE, 'dpop-nonce': 'n-1' }] : [200, {}, 'ok']));
    const reply = await call(url, post());
    assert.equal(await reply.text(), 'ok');
    assert.deepEqual(seen.map((request) => claimsOf(request).nonce), [undefined, 'n-1']);
    assert.deepEqual(told(events), ['retry_with_nonce retry']);
  });

  it('asks for one nonce after another is given up', async (t) => {
    const { call, url, seen, events, asked } = await client(t, (_, n) => [401, { ...NONCE, 'dpop-nonce': `n-${n}` }, 'again']);
    const reply = await call(url, post());
    assert.deepEqual([reply.status, await reply.text()], [401, 'again']);
    assert.equal(seen.length, 2);
    assert.deepEqual(told(events), ['retry_with_nonce retry', 'retry_with_nonce stop repeated']);
    // Nor does whoever calls at once.
    await call(url, post());
    assert.deepEqual([seen.length, asked], [3, []]);
  });

  it('sends a nonce with another complaint about the proof gets it, once', async (t) => {
    const { call, url, seen } = await client(t, (_, n) => [401, { 'www-authenticate': 'DPoP error="invalid_dpop_proof"', 'dpop-nonce': `n-${n}` }]);
    assert.equal((await call(url, post())).status, 401);
    assert.deepEqual(seen.map((request) => claimsOf(request).nonce), [undefined, 'n-1']);
  });

  it('asks for a nonce and then has no use for the token gets both', async (t) => {
    const answer = (request, n) => {
      if (tokenOf(request) !== OLD) return [200, {}, 'ok'];
      return n === 1 ? [401, { ...NONCE, 'dpop-nonce': 'n-1' }] : [401, { ...INVALID, 'dpop-nonce': 'n-2' }];
    };
    const { call, url, seen } = await client(t, answer);
    assert.equal((await call(url, post())).status, 200);
    assert.deepEqual(seen.map((request) => claimsOf(request).nonce), [undefined, 'n-1', 'n-2']);
  });

  it('does not take an expired token gets another', async (t) => {
    const { call, url, seen, asked, events } = await client(t, (request) => (tokenOf(request) === OLD ? [401, INVALID] : [200, {}, 'ok']));
    assert.equal((await call(url, post())).status, 200);
    assert.equal((await call(url, post())).status, 200);
    assert.deepEqual(seen.map(tokenOf), [OLD, `${NEW}-1`, `${NEW}-1`]);
    const [[, { token, resource, reading }], ...others] = asked;
    assert.deepEqual([token, resource, reading.reason, others], [OLD, url, 'invalid_token', []]);
    assert.deepEqual(told(events), ['refresh begin', 'refresh retry']);
  });

  it('takes no token at all is given up', async (t) => {
    const { call, url, seen, asked, events } = await client(t, () => [401, INVALID, 'no']);
    const reply = await call(url, post());
    assert.deepEqual([reply.status, await reply.text(), seen.length, asked.length], [401, 'no', 2, 1]);
    assert.deepEqual(told(events), ['refresh begin', 'refresh retry', 'refresh stop repeated']);
    await call(url, post());
    assert.deepEqual([seen.length, asked.length], [3, 1]);
  });

  it('says 401 to two at once makes one refresh', async (t) => {
    const refused = [];
    const answer = async (request) => {
      if (tokenOf(request) !== OLD) return [200, {}, 'ok'];
      refused.push(request);
      return [401, INVALID];
    };
    let release;
    const both = new Promise((resolve) => (release = resolve));
    const { call, url, seen, events } = await client(t, answer, {
      refresh: async ({ token }) => {
        assert.equal(token, OLD);
        await both;
        return NEW;
      },
      onEvent: ({ decision }) => decision === 'join' && release(),
    });
    const replies = await Promise.all([call(url, post()), call(url, post())]);
    assert.deepEqual(replies.map(({ status }) => status), [200, 200]);
    assert.deepEqual([refused.length, seen.map(tokenOf).filter((token) => token === NEW).length], [2, 2]);
    assert.deepEqual(events, []);
  });

  it('says 401 to one long after another makes one refresh', async (t) => {
    let late;
    const waiting = new Promise((resolve) => (late = resolve));
    const answer = async (request) => {
      if (tokenOf(request) !== OLD) return [200, {}, 'ok'];
      if (request.url.endsWith('late')) await waiting;
      return [401, INVALID];
    };
    const { call, url, seen, asked } = await client(t, answer);
    const second = call(`${url}?late`, post());
    assert.equal((await call(url, post())).status, 200);
    late();
    assert.equal((await second).status, 200);
    assert.deepEqual([seen.length, asked.length], [4, 1]);
  });

  it('refuses two at once whatever they bring makes one refresh', async (t) => {
    const { call, url, seen, asked } = await client(t, async () => (await sleep(20), [401, INVALID]));
    const replies = await Promise.all([call(url, post()), call(url, post())]);
    assert.deepEqual(replies.map(({ status }) => status), [401, 401]);
    assert.deepEqual([seen.length, asked.length], [4, 1]);
  });

  it('wants more scope gets it, with all that was asked for before', async (t) => {
    const answer = (request) => (tokenOf(request) === OLD ? [403, lacks('files:write')] : [200, {}, 'ok']);
    const { call, url, seen, asked, events } = await client(t, answer, { scopes: ['files:read'] });
    assert.equal((await call(url, post())).status, 200);
    assert.deepEqual([seen.length, asked.length, asked[0][1].scopes], [2, 1, ['files:read', 'files:write']]);
    assert.deepEqual(events.map(({ scopes }) => scopes), [['files:read', 'files:write'], undefined]);
  });

  it('wants the same scope again and again is given up', async (t) => {
    const { call, url, seen, asked, events } = await client(t, () => [403, lacks('files:write'), 'no']);
    const reply = await call(url, post());
    assert.deepEqual([reply.status, await reply.text(), seen.length, asked.length], [403, 'no', 2, 1]);
    assert.deepEqual(told(events), ['step_up begin', 'step_up retry', 'step_up stop repeated']);
    // A layer above that tries again does not multiply it.
    await call(url, post());
    assert.deepEqual([seen.length, asked.length], [3, 1]);
  });

  it('wants another scope each time is given up', async (t) => {
    const { call, url, seen, asked } = await client(t, (_, n) => [403, lacks(`scope-${n}`)]);
    assert.equal((await call(url, post())).status, 403);
    assert.deepEqual([seen.length, asked.length], [2, 1]);
  });

  it('answers with every fault in turn is given up by its budget', async (t) => {
    const FAULTS = [[503, { 'retry-after': '0' }], [401, { ...NONCE, 'dpop-nonce': 'n' }], [401, INVALID], [403, lacks('a')]];
    const { call, url, seen } = await client(t, (_, n) => FAULTS[(n - 1) % 4]);
    assert.equal((await call(url, post())).status, 403);
    assert.equal(seen.length, 4);
  });

  it('has too many calls is waited for, no longer than is allowed', async (t) => {
    const { call, url, seen, events } = await client(t, (_, n) => [429, { 'retry-after': n === 1 ? '0' : '3600' }, 'later']);
    const reply = await call(url, post());
    assert.deepEqual([reply.status, await reply.text(), seen.length], [429, 'later', 2]);
    assert.deepEqual(told(events), ['retry_after begin', 'retry_after retry', 'retry_after stop repeated']);
  });

  for (const field of ['3600', '31536000', '9'.repeat(15), 'Fri, 01 Jan 2100 00:00:00 GMT']) {
    it(`comes back after ${field} is not waited for`, async (t) => {
      const { call, url, seen, events } = await client(t, () => [429, { 'retry-after': field }]);
      assert.equal((await call(url, post())).status, 429);
      assert.deepEqual([seen.length, told(events)], [1, ['retry_after stop too_long']]);
      assert.ok(events[0].seconds >= 3600);
    });
  }

  it('does not say when is not waited for', async (t) => {
    for (const status of [429, 500, 502, 503]) {
      const { call, url, seen, events } = await client(t, () => [status]);
      assert.equal((await call(url, post())).status, status);
      assert.deepEqual([seen.length, told(events)], [1, ['retry_after stop absent']]);
    }
  });

  it('may have carried it out is not asked again, but for what is idempotent', async (t) => {
    const { call, url, seen, events } = await client(t, (_, n) => (n < 3 ? [502, { 'retry-after': '0' }] : [200, {}, 'ok']));
    assert.equal((await call(url, post())).status, 502);
    assert.equal((await call(url)).status, 200);
    assert.deepEqual([seen.map(({ method }) => method), told(events).slice(0, 1)], [['POST', 'GET', 'GET'], ['retry_after stop unsafe']]);
  });

  it('says anything else gets no other try', async (t) => {
    for (const status of [400, 403, 404, 405, 409, 418, 501]) {
      const { call, url, seen, asked } = await client(t, () => [status, {}, 'no']);
      const reply = await call(url, post());
      assert.deepEqual([reply.status, await reply.text(), seen.length, asked], [status, 'no', 1, []]);
    }
  });

  it('sends a login page with status 200 gets no other try', async (t) => {
    const { call, url, seen, asked } = await client(t, () => [200, HTML, PAGE]);
    const reply = await call(url, post());
    assert.deepEqual([reply.status, await reply.text(), seen.length, asked], [200, PAGE, 1, []]);
  });

  it('closes the connection is a failure like any other', async (t) => {
    const { call, url, seen } = await client(t, (_, n, { response }) => void response.destroy());
    await assert.rejects(call(url, post()), TypeError);
    assert.equal(seen.length, 1);
  });
});

describe('a redirect', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    for (const method of ['GET', 'POST']) {
      it(`${status} of a ${method} to another origin is not followed`, async (t) => {
        const { call, url, seen, other, events } = await client(t, (_, n, { other }) => [status, { location: `${other.origin}/login?next=mcp`, 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n' }, 'moved']);
        const reply = await call(url, method === 'POST' ? post() : {});
        assert.deepEqual([reply.status, await reply.text(), seen.length, other.seen.length], [status, 'moved', 1, 0]);
        assert.deepEqual(events.map(({ about, decision, why, host }) => [about, decision, why, host]), [['redirect', 'stop', 'other_origin', new URL(other.origin).host]]);
      });
    }

    it(`${status} within the origin is followed where the method stays, with a proof of its own`, async (t) => {
      const { call, url, origin, seen } = await client(t, ({ url }) => (url === '/mcp' ? [status, { location: '/mcp/?a=1' }] : [200, {}, 'ok']));
      for (const [input, method, followed] of [[url, 'GET', true], [url, 'POST', status > 303], [new Request(url, post()), 'POST', status > 303]]) {
        seen.length = 0;
        const reply = await call(input, method === 'POST' && input === url ? post() : undefined);
        assert.deepEqual([reply.status, seen.map(({ url }) => url)], followed ? [200, ['/mcp', '/mcp/?a=1']] : [status, ['/mcp']]);
        assert.deepEqual(seen.map((request) => claimsOf(request).htu), [url, `${origin}/mcp/`].slice(0, seen.length));
        assert.deepEqual(new Set(seen.map(({ method, body }) => [method, body].join())), new Set([[method, method === 'POST' ? post().body : ''].join()]));
      }
    });
  }

  it('to a login page of the same origin is not followed from a POST', async (t) => {
    const { call, url, seen, events } = await client(t, ({ url }) => (url === '/login' ? [200, HTML, PAGE] : [302, { location: '/login' }]));
    assert.equal((await call(url, post())).status, 302);
    assert.deepEqual([seen.length, told(events)], [1, ['redirect stop method']]);
  });

  it('after another is not followed for ever', async (t) => {
    const { call, url, seen, events } = await client(t, (_, n) => [307, { location: `/mcp?n=${n}` }]);
    assert.equal((await call(url, post())).status, 307);
    assert.deepEqual([seen.length, told(events).at(-1)], [6, 'redirect stop budget']);
  });

  it('is not followed with a proof of the caller\'s own, which is for one place', async (t) => {
    for (const to of ['/other', 'elsewhere']) {
      const { call, url, seen, other, events } = await client(t, (_, n, { other }) => [307, { location: to === '/other' ? to : other.url }], { token: undefined, dpop: undefined });
      assert.equal((await call(url, post(undefined, { headers: { dpop: 'own' } }))).status, 307);
      assert.deepEqual([seen.length, other.seen.length, told(events)], [1, 0, [`redirect stop ${to === '/other' ? 'proof' : 'other_origin'}`]]);
    }
  });

  it('that was followed to another origin calls for nothing', async (t) => {
    // Without a token there is nothing to keep: `fetch` follows by itself.
    const other = await recording(t, () => [401, { ...INVALID, 'retry-after': '0', 'dpop-nonce': 'n' }]);
    const { call, url, seen, asked, events } = await client(t, () => [307, { location: other.url }], { token: undefined, dpop: undefined });
    assert.equal((await call(url, post())).status, 401);
    assert.deepEqual([seen.length, other.seen.length, asked, told(events)], [1, 1, [], ['redirect stop other_origin']]);
  });

  it('is left to who asks for that', async (t) => {
    const { call, url, seen } = await client(t, () => [307, { location: '/other' }]);
    assert.equal((await call(url, post(undefined, { redirect: 'manual' }))).status, 307);
    await assert.rejects(call(url, post(undefined, { redirect: 'error' })), TypeError);
    assert.equal(seen.length, 2);
  });

  it('may be odd', async (t) => {
    for (const location of [undefined, 'http://[', 'http://user:password@HOST/mcp', 'http://user@HOST/mcp', 'javascript:1', 'file:///etc/passwd', '']) {
      let host;
      const { call, url, seen } = await client(t, () => [307, location === undefined ? {} : { location: location.replace('HOST', host) }]);
      ({ host } = new URL(url));
      assert.equal((await call(url, post())).status, 307);
      assert.ok(seen.length === (location === '' ? 6 : 1), location);
    }
  });
});

describe('another origin', () => {
  it('gets neither token nor proof, whoever calls it', async (t) => {
    const { call, url, other, events } = await client(t, () => [200, {}, 'ok']);
    await call(url, post());
    assert.equal((await call(other.url, post())).status, 200);
    assert.equal(other.seen.length, 1);
    assert.deepEqual(told(events), ['origin ignore']);
  });

  it('that comes first gets none where the server is known', async (t) => {
    const server = await recording(t);
    const { call, other } = await client(t, () => [200], { url: server.url });
    await call(other.url, post());
    await call(server.url, post());
    assert.deepEqual([other.seen.length, tokenOf(server.seen[0])], [1, OLD]);
  });

  it('in `resource_metadata` is nobody\'s business', async (t) => {
    const answer = (request, n, { other }) => {
      const at = `${other.origin}/.well-known/oauth-protected-resource`;
      if (n === 1) return [401, { 'www-authenticate': `Bearer error="invalid_token", resource_metadata="${at}"` }];
      if (n === 2) return [403, { 'www-authenticate': `Bearer error="insufficient_scope", scope="a", resource_metadata="${at}"` }];
      return [200, {}, 'ok'];
    };
    const { call, url, seen, other, asked, events } = await client(t, answer);
    assert.equal((await call(url, post())).status, 200);
    assert.deepEqual([seen.length, other.seen.length, asked.length], [3, 0, 2]);
    for (const [, { reading, resourceMetadata }] of asked) {
      assert.equal(resourceMetadata, undefined);
      assert.equal(JSON.stringify(reading.action).includes(other.origin), false);
    }
    assert.deepEqual(told(events).filter((text) => text.startsWith('resource_metadata')), Array(2).fill('resource_metadata ignore'));
  });

  it('in `resource_metadata` may be none', async (t) => {
    // The last two are none to the reader already.
    for (const [at, ignored] of [['https://xn--/', ['resource_metadata ignore']], ['https://1.2.3.256/x', []], ['https://a.1/', []]]) {
      const answer = (request) => (tokenOf(request) === OLD ? [401, { 'www-authenticate': `Bearer error="invalid_token", resource_metadata="${at}"` }] : [200]);
      const { call, url, asked, events } = await client(t, answer);
      assert.equal((await call(url, post())).status, 200);
      assert.deepEqual([asked[0][1].resourceMetadata, told(events)], [undefined, ['refresh begin', ...ignored, 'refresh retry']]);
    }
  });

  it('in `resource_metadata` is known where it is the resource\'s', async (t) => {
    const at = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';
    const given = [];
    for (const resource of ['https://mcp.example.com/mcp', undefined]) {
      const answer = (request, n) => (n === 1 ? [401, { 'www-authenticate': `Bearer error="invalid_token", resource_metadata="${at}"` }] : [200]);
      const { call, url, asked } = await client(t, answer, { resource });
      await call(url, post());
      given.push(asked[0][1].resourceMetadata);
    }
    assert.deepEqual(given, [at, undefined]);
  });

  it('in a page to visit is shown, and not fetched', async (t) => {
    const answer = (request, n, { other }) => {
      const { id } = JSON.parse(request.body);
      const elicitations = [{ mode: 'url', elicitationId: 'e-1', url: `${other.origin}/connect`, message: 'Connect.' }];
      return [200, JSON_TYPE, n === 1 ? { jsonrpc: '2.0', id, error: { code: -32042, message: 'more', data: { elicitations } } } : { jsonrpc: '2.0', id, result: {} }];
    };
    const { call, url, other, seen, asked } = await client(t, answer);
    assert.deepEqual(await (await call(url, post())).json(), { jsonrpc: '2.0', id: 1, result: {} });
    const [[name, { url: page, host }]] = asked;
    assert.deepEqual([name, page, host], ['openUrl', `${other.origin}/connect`, new URL(other.origin).hostname]);
    assert.deepEqual([seen.length, other.seen.length], [2, 0]);
  });
});

describe('a body', () => {
  const stream = () => new Blob([post().body]).stream();

  it('that is a stream is not sent again', async (t) => {
    const FAULTS = [[401, INVALID], [403, lacks('a')], [429, { 'retry-after': '0' }], [401, { ...NONCE, 'dpop-nonce': 'n' }], [307, { location: '/other' }]];
    for (const fault of FAULTS) {
      const { call, url, seen, asked, events } = await client(t, () => fault);
      assert.equal((await call(url, post(undefined, { body: stream(), duplex: 'half' }))).status, fault[0]);
      assert.deepEqual([seen.length, asked, told(events)[0].split(' ').at(-1)], [1, [], 'body']);
    }
  });

  it('of a Request is sent again, whatever it was made of', async (t) => {
    for (const body of [post().body, stream(), new Blob([post().body])]) {
      const { call, url, seen } = await client(t, (request, n) => (n === 1 ? [429, { 'retry-after': '0' }] : tokenOf(request) === OLD ? [401, INVALID] : [200]));
      const request = new Request(url, post(undefined, { body, duplex: 'half' }));
      assert.equal((await call(request)).status, 200);
      assert.deepEqual(seen.map(({ method, body, headers }) => [method, body, headers['content-type']]), Array(3).fill(['POST', post().body, 'application/json']));
    }
  });

  it('of a Request that does not show it, as in Firefox, is sent again', async (t) => {
    for (const init of [post(), { method: 'DELETE' }, {}]) {
      const { call, url, seen } = await client(t, (request, n) => (n === 1 ? [429, { 'retry-after': '0' }] : [200]));
      assert.equal((await call(Object.defineProperty(new Request(url, init), 'body', { value: undefined }))).status, 200);
      assert.deepEqual(seen.map(({ method, body }) => [method, body]), Array(2).fill([init.method ?? 'GET', init.body ?? '']));
    }
  });

  it('whose proof another layer has made is not sent again', async (t) => {
    const { call, url, seen, asked } = await client(t, () => [429, { 'retry-after': '0' }], { dpop: undefined, token: undefined });
    const headers = { ...post().headers, authorization: `DPoP ${OLD}`, dpop: await dpop.proof({ method: 'POST', url, token: OLD }) };
    assert.equal((await call(url, post(undefined, { headers }))).status, 429);
    assert.deepEqual([seen.length, asked], [1, []]);
  });
});

describe('the end of a call', () => {
  const ENDED = { name: 'AbortError' };

  it('ends a wait', async (t) => {
    for (const way of ['init', 'Request', 'options']) {
      const ending = new AbortController();
      const { signal } = ending;
      const { call, url, seen } = await client(t, () => [429, { 'retry-after': '20' }], { onEvent: () => ending.abort(), ...(way === 'options' && { signal }) });
      const init = post(undefined, way === 'options' ? {} : { signal });
      await assert.rejects(way === 'Request' ? call(new Request(url, init)) : call(url, init), ENDED);
      assert.equal(seen.length, 1);
    }
  });

  it('leaves a refresh to the others who wait for it', async (t) => {
    const ending = new AbortController();
    let give;
    const { call, url, seen, asked } = await client(t, (request) => (tokenOf(request) === OLD ? [401, INVALID] : [200]), {
      refresh: () => new Promise((resolve) => (give = resolve)),
      onEvent: ({ decision }) => decision === 'join' && ending.abort(),
    });
    const first = call(url, post(undefined, { signal: ending.signal }));
    first.catch(() => {});
    await until(() => give);
    const second = call(url, post());
    await assert.rejects(first, ENDED);
    give(NEW);
    assert.equal((await second).status, 200);
    assert.deepEqual([seen.length, asked], [3, []]);
  });

  it('ends a wait for the token', async (t) => {
    const { call, url, seen } = await client(t, undefined, { token: () => new Promise(() => {}) });
    for (const signal of [AbortSignal.abort(), AbortSignal.timeout(20)]) {
      await assert.rejects(call(url, post(undefined, { signal })), { name: signal.reason?.name ?? 'TimeoutError' });
    }
    assert.equal(seen.length, 0);
  });

  it('ends a body that does not end', { timeout: 10_000 }, async (t) => {
    const ending = new AbortController();
    const next = async ({ body }) => (ending.signal.addEventListener('abort', () => void body.cancel()), new Response('no', { status: 401, headers: INVALID }));
    let end;
    const ended = new Promise((resolve) => (end = resolve));
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(9)), cancel: end });
    const onEvent = ({ decision }) => decision === 'retry' && setImmediate(() => ending.abort());
    const request = new Request('https://api.example.com', { method: 'POST', body, duplex: 'half', signal: ending.signal });
    await assert.rejects(heal({ token: () => OLD, refresh: () => NEW, onEvent })(next)(request), ENDED);
    await ended;
  });

  it('ends what passes as it is', async (t) => {
    const server = await recording(t);
    for (const way of ['options', 'init']) {
      for (const place of ['/mcp', '/.well-known/a']) {
        const [own, all] = [new AbortController(), new AbortController()];
        const { origin } = await recording(t, () => void (way === 'init' ? own : all).abort());
        await assert.rejects(heal({ url: server.url, signal: all.signal })(fetch)(`${origin}${place}`, { signal: own.signal }), ENDED);
      }
    }
  });

  it('ends a request under way', async (t) => {
    const ending = new AbortController();
    const { call, url } = await client(t, () => void ending.abort());
    await assert.rejects(call(url, post(undefined, { signal: ending.signal })), ENDED);
  });

  it('ends a request that was sent again', async (t) => {
    const ending = new AbortController();
    const { call, url, seen } = await client(t, (_, n) => (n === 1 ? [429, { 'retry-after': '0' }] : void ending.abort()));
    await assert.rejects(call(new Request(url, post(undefined, { signal: ending.signal }))), ENDED);
    assert.equal(seen.length, 2);
  });

  it('leaves no failure behind that nobody hears', async (t) => {
    const unheard = [];
    const hear = (error) => unheard.push(error);
    process.on('unhandledRejection', hear);
    t.after(() => process.off('unhandledRejection', hear));
    const ending = new AbortController();
    const { call, url } = await client(t, () => [401, INVALID], { onEvent: () => ending.abort(), refresh: async () => { throw new Error('own'); } });
    await assert.rejects(call(url, post(undefined, { signal: ending.signal })), ENDED);
    await sleep(5);
    assert.deepEqual(unheard, []);
  });

  it('ends a question to the user', async (t) => {
    const ending = new AbortController();
    const challenge = [401, JSON_TYPE, { error: 'consent_required', consent_url: 'https://connect.example.com' }];
    const { call, url, seen } = await client(t, () => challenge, { openUrl: ({ signal }) => (queueMicrotask(() => ending.abort()), once(signal, 'abort').then(() => 'accept')) });
    await assert.rejects(call(url, post(undefined, { signal: ending.signal })), ENDED);
    assert.equal(seen.length, 1);
  });
});

describe('a stream of events', () => {
  it('is handed over as it comes', async (t) => {
    let open;
    const { call, url, seen } = await client(t, (_, n, { response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      open = response;
    });
    for (const init of [post(), { headers: { accept: 'text/event-stream' } }]) {
      const reply = await call(url, init);
      const reader = reply.body.getReader();
      assert.equal(Buffer.from((await reader.read()).value).toString(), 'data: 1\n\n');
      open.write('data: 2\n\n');
      assert.equal(Buffer.from((await reader.read()).value).toString(), 'data: 2\n\n');
      await reader.cancel();
    }
    assert.equal(seen.length, 2);
  });

  it('is not looked into where it failed', async (t) => {
    const { call, url, seen } = await client(t, (request, n, { response }) => {
      if (tokenOf(request) !== OLD) return [200];
      response.writeHead(401, { ...INVALID, 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    assert.equal((await call(url, post())).status, 200);
    assert.equal(seen.length, 2);
  });
});

async function until(condition) {
  while (!condition()) await sleep(1);
}
