// Every shape of request that `gate.check` takes, and that each is read as it was sent.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { describe, it } from 'node:test';
import { UUID, withoutId } from './ids.mjs';
import { bearer, call, NOW, open, RESOURCE, token } from './issuer.mjs';
import { serve } from './loopback.mjs';

const gate = await open();
const GOOD = `Bearer ${token()}`;
const check = (request) => gate.check(request, { now: NOW });

/** The headers of a request that passes, without the id that the gate adds. */
async function allows(request) {
  const outcome = await check(request);
  assert.equal(outcome.decision, 'allow', JSON.stringify(outcome));
  return withoutId(outcome.grant.headers);
}

async function denies(request, reason) {
  const outcome = await check(request);
  assert.equal(outcome.reason, reason, JSON.stringify(outcome));
}

describe('headers come in any usual shape', () => {
  const shapes = {
    pairs: [['authorization', GOOD], ['x-one', '1']],
    'a record': { authorization: GOOD, 'x-one': '1' },
    'a record in upper case': { AUTHORIZATION: GOOD, 'x-one': '1' },
    'a record without a prototype': Object.assign(Object.create(null), { authorization: GOOD, 'x-one': '1' }),
    'a frozen record': Object.freeze({ authorization: GOOD, 'x-one': '1' }),
    'a record of lists': { authorization: [GOOD], 'x-one': ['1'] },
    'a record with undefined members': { authorization: GOOD, cookie: undefined, 'x-one': '1' },
    'a Map': new Map([['authorization', GOOD], ['x-one', '1']]),
    'a Map of lists': new Map([['authorization', [GOOD]], ['x-one', ['1']]]),
    Headers: new Headers({ authorization: GOOD, 'x-one': '1' }),
    'a generator of pairs': (function* () { yield ['authorization', GOOD]; yield ['x-one', '1']; })(),
  };
  for (const [name, headers] of Object.entries(shapes)) {
    it(name, async () => assert.deepEqual(await allows({ method: 'POST', url: '/mcp', headers }), [['x-one', '1']]));
  }

  it('a Fetch Request, whose body stays unread', async () => {
    const request = new Request(RESOURCE, { method: 'POST', headers: { authorization: GOOD, 'x-one': '1' }, body: '{}' });
    assert.deepEqual((await allows(request)).filter(([name]) => name === 'x-one'), [['x-one', '1']]);
    assert.equal(request.bodyUsed, false);
    assert.equal(await request.text(), '{}');
  });

  it('an object that has members by inheritance only', async () => {
    class Call {
      get method() { return 'POST'; }
      get url() { return '/mcp'; }
      get headers() { return { authorization: GOOD }; }
    }
    await allows(new Call());
  });

  it('none at all', async () => {
    for (const headers of [undefined, null, [], {}, new Headers(), new Map()]) await denies(call(headers), 'missing_token');
    await denies({ url: '/mcp' }, 'missing_token');
    await denies(call({ authorization: undefined }), 'missing_token');
    await denies(call({ authorization: [] }), 'missing_token');
  });

  it('is not changed by the check', async () => {
    const headers = [['Authorization', GOOD], ['X-One', '1']];
    const before = structuredClone(headers);
    await allows(call(headers));
    assert.deepEqual(headers, before);
  });
});

describe('two credentials are denied in every shape', () => {
  const shapes = {
    pairs: [['authorization', GOOD], ['Authorization', GOOD]],
    'a record of lists': { authorization: [GOOD, GOOD] },
    'a record with two spellings': { authorization: GOOD, Authorization: GOOD },
    'a Map with two spellings': new Map([['authorization', GOOD], ['AUTHORIZATION', GOOD]]),
    'Headers, which fold them': new Headers([['authorization', GOOD], ['authorization', GOOD]]),
  };
  for (const [name, headers] of Object.entries(shapes)) {
    it(name, () => denies(call(headers), 'authorization_duplicated'));
  }
});

describe('method and url', () => {
  const document = '/.well-known/oauth-protected-resource/mcp';

  it('the method is GET when left out', async () => {
    assert.equal((await check({ url: document })).decision, 'answer');
    assert.equal((await check({ url: document, method: undefined })).decision, 'answer');
    assert.equal((await check({ url: document, method: 'HEAD' })).decision, 'answer');
    assert.equal((await check({ url: document, method: 'POST' })).decision, 'deny');
  });

  it('the url is a path or absolute', async () => {
    for (const url of ['/mcp', '/', '/mcp?a=1&b=%20', RESOURCE, 'http://127.0.0.1:8080/mcp', 'HTTPS://API.EXAMPLE.COM']) {
      await allows({ ...bearer(), url });
    }
    for (const url of ['', '*', 'mcp', 'api.example.com:443', 'ftp://api.example.com/', 'https:///mcp']) {
      await denies({ ...bearer(), url }, 'request_malformed');
    }
  });

  it('the query is read in both forms', async () => {
    for (const url of ['/mcp?access_token=x', `${RESOURCE}?a=1&%61ccess_token=x`]) {
      await denies({ ...bearer(), url }, 'token_in_query');
    }
  });
});

describe('a Node request', () => {
  /** Sends bytes as they are and gives what the gate made of Node's own request. */
  async function outcomeOf(t, lines) {
    let seen;
    const { port } = await serve(t, async (request, response) => {
      const outcome = await check(request);
      seen = { outcome, folded: request.headers.authorization };
      response.end();
    });
    const socket = connectSocket(port, '127.0.0.1');
    socket.end(['POST /mcp HTTP/1.1', 'Host: api.example.com', 'Connection: close', ...lines, '', ''].join('\r\n'));
    socket.resume();
    await once(socket, 'close');
    return seen;
  }

  it('is taken as it is, its names as sent', async (t) => {
    const { outcome } = await outcomeOf(t, [`Authorization: ${GOOD}`, 'X-One: 1', 'X-One: 2']);
    assert.equal(outcome.decision, 'allow', JSON.stringify(outcome));
    assert.deepEqual(outcome.grant.headers.filter(([name]) => name === 'X-One'), [['X-One', '1'], ['X-One', '2']]);
  });

  it('with two Authorization headers is denied, although Node shows one', async (t) => {
    const { outcome, folded } = await outcomeOf(t, [`Authorization: ${GOOD}`, 'Authorization: Bearer other']);
    assert.equal(folded, GOOD, 'Node no longer drops the second: this test has lost its point');
    assert.equal(outcome.reason, 'authorization_duplicated', JSON.stringify(outcome));
  });

  it('of HTTP/2 brings no pseudo-headers to the upstream', async (t) => {
    const server = http2.createServer();
    const outcomes = [];
    server.on('request', async (request, response) => {
      outcomes.push(await check(request));
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
    t.after(() => { client.destroy(); server.close(); });
    const stream = client.request({ ':method': 'POST', ':path': '/mcp', authorization: GOOD, 'x-one': '1' });
    stream.resume().end();
    await once(stream, 'close');
    const [{ decision, grant }] = outcomes;
    assert.equal(decision, 'allow');
    assert.deepEqual(withoutId(grant.headers), [['x-one', '1']]);
    assert.equal(new Headers(grant.headers).get('x-one'), '1');
  });
});

describe('headers for the upstream', () => {
  it('keep order and repetition; credentials end at the gate', async () => {
    const sent = [['B', '2'], ['a', '1'], ['b', '3'], ['Authorization', GOOD], ['DPoP', ' '], ['c', '']];
    assert.deepEqual(await allows(call(sent)), [['B', '2'], ['a', '1'], ['b', '3'], ['c', '']]);
  });

  it('keep credentials where the configuration says so', async () => {
    const keeping = await open({ forward: { authorization: 'keep' } });
    const { grant } = await keeping.check(call([['Authorization', GOOD]]), { now: NOW });
    assert.deepEqual(withoutId(grant.headers), [['Authorization', GOOD]]);
  });

  it('carry claims, and nothing that the caller sent under such a name', async () => {
    const forwarding = await open({ forward: { headers: { 'X-User': 'sub', 'x-groups': 'groups', 'x-none': 'absent' } } });
    const made = token({ sub: 'älice\r\nx: y', groups: ['a b', 'c'] });
    const sent = [['authorization', `Bearer ${made}`], ['x-user', 'root'], ['X_USER', 'root'], ['X-None', 'root'], ['x-user2', 'kept']];
    const { grant } = await forwarding.check(call(sent), { now: NOW });
    assert.deepEqual(withoutId(grant.headers), [
      ['x-user2', 'kept'], ['x-user', '%C3%A4lice%0D%0Ax:%20y'], ['x-groups', 'a%20b,c'],
    ]);
  });

  it('lose what the caller calls hop-by-hop, and who calls so what the gate adds is refused', async () => {
    const forwarding = await open({ forward: { headers: { 'x-user': 'sub' } } });
    const sent = (connection) => call([['authorization', GOOD], ['connection', connection], ['x-drop', '1'], ['x-user', 'root'], ['a', '1']]);
    const { grant } = await forwarding.check(sent('close, X-Drop'), { now: NOW });
    assert.deepEqual(withoutId(grant.headers), [['a', '1'], ['x-user', 'alice']]);
    // A proxy behind the gate would take it out.
    for (const connection of ['x-user', 'X-Drop,X-User', 'X_User']) {
      const { reason, reply } = await forwarding.check(sent(connection), { now: NOW });
      assert.deepEqual([reason, reply.status], ['request_malformed', 400]);
    }
    assert.equal((await check(sent('x-user'))).decision, 'allow');
  });

  it('carry the id of the caller where it is well formed, and else one of ours in its place', async () => {
    const { grant } = await check(call([['X-Request-Id', 'req-1'], ['authorization', GOOD], ['a', '1']]));
    assert.deepEqual(grant.headers, [['X-Request-Id', 'req-1'], ['a', '1']]);
    for (const wrong of [['with space'], [''], ['x'.repeat(129)], ['caf\u00e9'], ['one', 'two']]) {
      const sent = wrong.map((id) => ['X-Request-Id', id]);
      assert.deepEqual(await allows(call([...sent, ['authorization', GOOD], ['a', '1']])), [['a', '1']]);
    }
  });

  it('leave out what ends at each hop, in any case', async () => {
    const names = ['Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Expect'];
    const sent = [...names, ...names.map((name) => name.toLowerCase())].map((name) => [name, 'x']);
    assert.deepEqual(await allows(call([['a', '1'], ...sent, ['authorization', GOOD], ['b', '2']])), [['a', '1'], ['b', '2']]);
  });

  it('can be sent on by fetch as they are', async (t) => {
    const seen = [];
    const upstream = await serve(t, (request, response) => { seen.push(request.headers); response.end(); });
    const gateway = await serve(t, async (request, response) => {
      const { grant } = await check(request);
      const headers = new Headers(grant.headers);
      headers.delete('content-length');
      await fetch(upstream.uri, { method: 'POST', headers, body: '{}' });
      response.end();
    });
    const socket = connectSocket(gateway.port, '127.0.0.1');
    socket.end(['POST /mcp HTTP/1.1', 'Host: api.example.com', 'Connection: close, x-one', 'Keep-Alive: 5', 'TE: trailers', 'X-One: 1', 'X-Two: 2', `Authorization: ${GOOD}`, '', ''].join('\r\n'));
    socket.resume();
    await once(socket, 'close');
    assert.equal(seen.length, 1);
    assert.equal(seen[0]['x-two'], '2');
    assert.match(seen[0]['x-request-id'], UUID);
    for (const name of ['authorization', 'te', 'x-one']) assert.equal(seen[0][name], undefined, name);
  });

  it('hold one character a byte, so that Headers takes them', async () => {
    const headers = await allows(call([['authorization', GOOD], ['x-latin', 'caf\u00e9'], ['x-wide', '\u2713']]));
    assert.deepEqual(headers, [['x-latin', 'caf\u00e9'], ['x-wide', '\u00e2\u009c\u0093']]);
    assert.equal(new Headers(headers).get('x-latin'), 'caf\u00e9');
  });
});
