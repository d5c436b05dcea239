// The body of a request: read only where a rule needs it, no further than the limit, and left to be read.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { describe, it } from 'node:test';
import vm from 'node:vm';
import express from 'express';
import { bearer, call, NOW, open, RESOURCE, token } from './issuer.mjs';
import { serve } from './loopback.mjs';

const LIMIT = 1000;
const RULES = [
  { name: 'read', match: { tool: 'read_*' } },
  { name: 'streams', match: { http: ['GET', 'DELETE'], message: 'none' } },
  { name: 'empty', match: { path: '/empty', message: 'none' } },
];
const gate = await open({ policy: { rules: RULES }, limits: { body: LIMIT } });
const open2 = (members) => open({ policy: { rules: RULES }, limits: { body: LIMIT }, ...members });
const check = (request) => gate.check(request, { now: NOW });

const said = (tool, more = {}) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {}, ...more } });
const GOOD = said('read_file');
const BAD = said('write_file');
/** A good call of exactly so many bytes. */
const padded = (bytes) => GOOD.replace(/}$/, `${' '.repeat(bytes - GOOD.length)}}`);
const AUTHORIZATION = { authorization: `Bearer ${token()}` };
const post = (body) => ({ ...bearer(), body });
const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);

async function allows(request, body = GOOD) {
  const outcome = await check(request);
  assert.equal(outcome.decision, 'allow', JSON.stringify(outcome));
  assert.equal(outcome.body ? decode(outcome.body) : null, body);
  return outcome;
}

async function denies(request, reason) {
  const outcome = await check(request);
  assert.equal(outcome.reason, reason, JSON.stringify(outcome));
  assert.ok(!('body' in outcome));
  return outcome;
}

describe('a plain object', () => {
  const bytes = encode(GOOD);
  const SHAPES = {
    'text': GOOD,
    'a Uint8Array': bytes,
    'a Buffer, which is a part of a larger one': Buffer.from(`x${GOOD}x`).subarray(1, -1),
    'an ArrayBuffer': bytes.buffer,
    'a DataView': new DataView(bytes.buffer),
    'bytes of another realm': vm.runInNewContext('Uint8Array.from(bytes)', { bytes: [...bytes] }),
    'a buffer of another realm': vm.runInNewContext('Uint8Array.from(bytes).buffer', { bytes: [...bytes] }),
  };
  for (const [name, body] of Object.entries(SHAPES)) {
    it(`with ${name}`, async () => {
      assert.equal((await allows(post(body))).rule, 'read');
      const denied = await denies(post(typeof body === 'string' ? BAD : encode(BAD)), 'policy_denied');
      assert.deepEqual([denied.reply.status, denied.facts], [403, { rule: null, unmet: null }]);
    });
  }

  it('without a body: null, or empty, or left out where HTTP has none', async () => {
    for (const body of [null, '', new Uint8Array()]) {
      await allows({ ...post(body), method: 'DELETE' }, body === null ? null : '');
      await denies(post(body), 'policy_denied');
    }
    for (const method of ['GET', undefined]) await allows({ ...bearer(), method }, null);
    await allows({ method: 'GET', url: '/mcp', headers: { ...AUTHORIZATION, 'content-length': '0' } }, null);
  });

  it('whose body is missing where there may be one is misuse', async () => {
    const missing = { name: 'WaxsealError', message: /`request\.body` is missing, and a rule needs it/ };
    for (const method of ['POST', 'DELETE', 'PUT']) await assert.rejects(check({ ...bearer(), method }), missing);
    for (const field of [['Content-Length', '5'], ['transfer-encoding', 'chunked']]) {
      await assert.rejects(check({ method: 'GET', url: '/mcp', headers: [...bearer().headers, field] }), missing);
    }
  });

  it('whose body was parsed, or is something else, is misuse', async () => {
    for (const body of [JSON.parse(GOOD), {}, [], 5, true, new ReadableStream(), new Map(), new Blob([GOOD]), () => GOOD]) {
      await assert.rejects(check(post(body)), { name: 'WaxsealError', message: /`request\.body` is not as it was sent/ });
    }
  });

  it('of which no rule needs the body is not looked at', async () => {
    const plain = await open();
    const trap = (request) => Object.defineProperty(request, 'body', { get() { throw new Error('read'); } });
    const outcome = await plain.check(trap(bearer()), { now: NOW });
    assert.deepEqual([outcome.allow, 'body' in outcome, 'rule' in outcome, outcome.shadow], [true, false, false, []]);
    assert.equal((await check(trap(call()))).reason, 'missing_token');
    await assert.rejects(check(trap(bearer())), /^Error: read$/);
  });
});

describe('the limit', () => {
  it('is exact', async () => {
    await allows(post(padded(LIMIT)), padded(LIMIT));
    for (const body of [padded(LIMIT + 1), encode(padded(LIMIT + 1)), padded(5_000_000)]) {
      const { reply } = await denies(post(body), 'payload_too_large');
      assert.equal(reply.status, 413);
    }
  });

  it('counts bytes, not characters', async () => {
    const wide = (length) => said('read_file', { arguments: { a: '\u20ac'.repeat(length) } });
    await allows(post(wide(250)), wide(250));
    await denies(post(wide(320)), 'payload_too_large');
    await denies(post(said('read_file', { arguments: { a: '\u{1f600}'.repeat(300) } })), 'payload_too_large');
  });

  it('is 65536 unless the configuration says more', async () => {
    const usual = await open({ policy: { rules: RULES } });
    assert.equal((await usual.check(post(padded(65_536)), { now: NOW })).decision, 'allow');
    assert.equal((await usual.check(post(padded(65_537)), { now: NOW })).reason, 'payload_too_large');
  });
});

describe('a Fetch Request', () => {
  const request = (body, init = {}) => new Request(RESOURCE, { method: 'POST', headers: AUTHORIZATION, body, ...init });
  const streamed = (stream) => request(stream, { duplex: 'half' });

  it('is read, and stays unread', async () => {
    const one = request(GOOD);
    await allows(one);
    assert.equal(one.bodyUsed, false);
    assert.equal(await one.text(), GOOD);
  });

  it('can be checked twice', async () => {
    const one = request(GOOD);
    await allows(one);
    await allows(one);
    assert.equal(await one.text(), GOOD);
  });

  it('in many pieces', async () => {
    const pieces = [...encode(GOOD)].map((byte) => Uint8Array.of(byte));
    const one = streamed(ReadableStream.from(pieces));
    await allows(one);
    assert.equal(await one.text(), GOOD);
  });

  it('without a body', async () => {
    await allows(new Request(RESOURCE, { headers: AUTHORIZATION }), null);
    await denies(request(null), 'policy_denied');
    await denies(request(''), 'policy_denied');
  });

  it('that was read before, or is being read, is misuse', async () => {
    const read = request(GOOD);
    await read.text();
    await assert.rejects(check(read), { name: 'WaxsealError', message: /`request\.body` was read before, and a rule needs it/ });
    const locked = request(GOOD);
    locked.body.getReader();
    await assert.rejects(check(locked), { name: 'WaxsealError', message: /`request\.body` is being read elsewhere, and a rule needs it/ });
    assert.equal((await (await open()).check(read, { now: NOW })).decision, 'allow');
  });

  it('that never ends is read to the limit only, and nothing of it is kept', async () => {
    let pulled = 0;
    let cancelled = false;
    const endless = new ReadableStream({
      pull(controller) { pulled += 100; controller.enqueue(new Uint8Array(100).fill(32)); },
      cancel() { cancelled = true; },
    }, { highWaterMark: 0 });
    const one = streamed(endless);
    await denies(one, 'payload_too_large');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(pulled <= LIMIT + 300, `${pulled} bytes`);
    assert.equal(one.bodyUsed, false);
    await one.body.cancel();
    assert.equal(cancelled, true);
  });

  it('can be read whole by who wants to, after it was denied', async () => {
    const one = request(padded(300_000));
    await denies(one, 'payload_too_large');
    assert.equal((await one.text()).length, 300_000);
  });

  it('that fails is denied', async () => {
    const broken = new ReadableStream({ start: (controller) => void controller.enqueue(encode(GOOD)), pull: (controller) => controller.error(new TypeError('gone')) });
    const denied = await denies(streamed(broken), 'host_failed');
    assert.deepEqual([denied.reply.status, denied.facts.fault], [503, 'the body cannot be read']);
  });

  it('that gives something else than bytes is denied', async () => {
    for (const chunk of [GOOD, {}, 5, null]) {
      const { facts } = await denies(streamed(new ReadableStream({ start: (controller) => { controller.enqueue(chunk); controller.close(); } })), 'host_failed');
      assert.equal(facts.fault, 'the body cannot be read');
    }
  });

  it('that stalls is denied in time', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const stalled = new ReadableStream({ start: (controller) => void controller.enqueue(encode(GOOD)) });
    const outcome = check(streamed(stalled));
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    t.mock.timers.tick(59_999);
    assert.equal(await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, 'pending'))]), 'pending');
    t.mock.timers.tick(1);
    const { reason, facts } = await outcome;
    assert.deepEqual([reason, facts.fault], ['host_failed', 'the body does not come in time']);
  });

  it('that comes late is decided by the time of its end', async () => {
    const { now } = Date;
    try {
      Date.now = () => NOW * 1000;
      const late = new ReadableStream({ pull(controller) { Date.now = () => (NOW + 1000) * 1000; controller.enqueue(encode(GOOD)); controller.close(); } }, { highWaterMark: 0 });
      assert.equal((await gate.check(streamed(late))).reason, 'token_expired');
    } finally {
      Date.now = now;
    }
  });
});

/** Serves what `act` makes of a request; `send` posts to it. */
async function server(t, act) {
  const outcomes = [];
  const { uri, port } = await serve(t, async (request, response) => {
    try {
      response.end(String(await act(request, outcomes)));
    } catch (error) {
      response.statusCode = 500;
      response.end(`${error.name}: ${error.message}`);
    }
  });
  const send = async (body, init = {}) => {
    const response = await fetch(new URL('/mcp', uri), { method: 'POST', headers: AUTHORIZATION, body, duplex: 'half', ...init });
    return response.text();
  };
  return { send, outcomes, port, uri };
}

async function textOf(request) {
  let text = '';
  for await (const part of request) text += decode(part);
  return text;
}

describe('Node\'s IncomingMessage', () => {
  const READERS = {
    'by iteration': textOf,
    'by events': (request) => new Promise((resolve) => {
      let text = '';
      request.on('data', (part) => { text += part; });
      request.on('end', () => resolve(text));
    }),
    'through a pipe': async (request) => {
      const { PassThrough } = await import('node:stream');
      return textOf(request.pipe(new PassThrough()));
    },
    'as a web stream': async (request) => {
      const { Readable } = await import('node:stream');
      return new Response(Readable.toWeb(request)).text();
    },
    'much later': async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return textOf(request);
    },
  };
  for (const [name, read] of Object.entries(READERS)) {
    for (const [kind, body] of Object.entries({ whole: () => GOOD, chunked: () => ReadableStream.from([...GOOD].map((letter) => encode(letter))), large: () => padded(60_000) })) {
      it(`is read and put back, ${kind}, for who reads it ${name}`, async (t) => {
        const wide = await open2({ limits: { body: 65_536 } });
        const { send } = await server(t, async (request) => {
          const { allow, body: bytes, reason } = await wide.check(request, { now: NOW });
          assert.ok(allow, reason);
          const text = await read(request);
          assert.equal(text, decode(bytes));
          return text;
        });
        const expected = kind === 'large' ? padded(60_000) : GOOD;
        assert.equal(await send(body()), expected);
        assert.equal(await send(body()), expected);
      });
    }
  }

  it('can be checked twice', async (t) => {
    const { send } = await server(t, async (request) => {
      await allows(request);
      await allows(request);
      return textOf(request);
    });
    assert.equal(await send(GOOD), GOOD);
  });

  it('without a body', async (t) => {
    const { send, uri } = await server(t, async (request) => {
      const { decision, reason, body } = await check(request);
      return [decision, reason ?? '', body === undefined, await textOf(request)].join();
    });
    assert.equal(await send(undefined, { method: 'GET' }), 'allow,,true,');
    assert.equal(await send(undefined, { method: 'DELETE' }), 'allow,,true,');
    assert.equal(await send(''), 'deny,policy_denied,true,');
    assert.equal(await send(ReadableStream.from([])), 'deny,policy_denied,true,');
    assert.equal(await (await fetch(new URL('/empty', uri), { method: 'POST', headers: AUTHORIZATION })).text(), 'allow,,true,');
  });

  it('over the limit is denied, and its connection goes on', async (t) => {
    const { uri } = await server(t, async (request, outcomes) => {
      const outcome = await check(request);
      outcomes.push(outcome.reason);
      return outcome.reason ?? 'fine';
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const sent = (body) => new Promise((resolve, reject) => {
      const request = http.request(new URL('/mcp', uri), { method: 'POST', headers: AUTHORIZATION, agent }, async (response) => resolve(await textOf(response)));
      request.on('error', reject);
      request.end(body);
    });
    for (let turn = 0; turn < 3; turn += 1) {
      assert.equal(await sent(padded(3_000_000)), 'payload_too_large');
      assert.equal(await sent(BAD), 'policy_denied');
      assert.equal(await sent(GOOD), 'fine');
    }
  });

  it('that never ends is denied at the limit', async (t) => {
    const { port } = await server(t, async (request) => (await check(request)).reason);
    const socket = connectSocket(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    socket.write(`POST /mcp HTTP/1.1\r\nHost: a\r\nAuthorization: ${AUTHORIZATION.authorization}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const timer = setInterval(() => socket.write(`64\r\n${' '.repeat(100)}\r\n`), 1);
    t.after(() => clearInterval(timer));
    const [data] = await once(socket, 'data');
    assert.match(String(data), /payload_too_large/);
  });

  it('whose client goes away is denied', async (t) => {
    let done;
    const ended = new Promise((resolve) => { done = resolve; });
    const { port } = await server(t, async (request) => done(await check(request)));
    const socket = connectSocket(port, '127.0.0.1');
    socket.write(`POST /mcp HTTP/1.1\r\nHost: a\r\nAuthorization: ${AUTHORIZATION.authorization}\r\nContent-Length: 1000\r\n\r\n${GOOD}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    const outcome = await ended;
    assert.deepEqual([outcome.reason, outcome.facts.fault], ['host_failed', 'the body cannot be read']);
  });

  it('that was read before is misuse, unless its bytes were kept', async (t) => {
    const { send } = await server(t, async (request) => {
      const text = await textOf(request);
      await assert.rejects(check(request), { name: 'WaxsealError', message: /the body was read before, and a rule needs it as it was sent/ });
      request.body = JSON.parse(text);
      await assert.rejects(check(request), { name: 'WaxsealError' });
      request.body = text;
      await allows(request);
      request.body = JSON.parse(text);
      request.rawBody = Buffer.from(text);
      await allows(request);
      return 'done';
    });
    assert.equal(await send(GOOD), 'done');
  });

  it('that decodes what it reads is misuse', async (t) => {
    const { send } = await server(t, async (request) => {
      request.setEncoding('latin1');
      await check(request);
    });
    assert.match(await send(GOOD), /^WaxsealError: the body was read before/);
  });

  it('that is a stream of something else is denied', async () => {
    const { Readable } = await import('node:stream');
    for (const chunks of [[GOOD], [{}], [BAD]]) {
      const request = Object.assign(Readable.from(chunks), bearer());
      assert.equal((await denies(request, 'host_failed')).facts.fault, 'the body cannot be read');
    }
    await allows(Object.assign(Readable.from([encode(GOOD)]), bearer()));
  });

  it('goes on to the official MCP server', async (t) => {
    const { McpServer } = await import('@modelcontextprotocol/server');
    const { NodeStreamableHTTPServerTransport } = await import('@modelcontextprotocol/node');
    const { uri } = await serve(t, async (request, response) => {
      const outcome = await check(request);
      if (!outcome.allow) return response.writeHead(outcome.reply.status).end(outcome.reason);
      const mcp = new McpServer({ name: 'test', version: '1' });
      mcp.registerTool('read_file', {}, async () => ({ content: [{ type: 'text', text: 'it was read' }] }));
      const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined });
      await mcp.connect(transport);
      await transport.handleRequest(request, response);
    });
    const headers = { ...AUTHORIZATION, accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
    const reply = async (body) => (await fetch(new URL('/mcp', uri), { method: 'POST', headers, body })).text();
    assert.match(await reply(GOOD), /it was read/);
    assert.equal(await reply(BAD), 'policy_denied');
  });

  it('of HTTP/2', async (t) => {
    const plain = http2.createServer();
    plain.on('request', async (request, response) => {
      const { decision, reason } = await check(request);
      response.end(`${decision} ${reason} ${decision === 'allow' ? await textOf(request) : ''}`);
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const client = http2.connect(`http://127.0.0.1:${plain.address().port}`);
    t.after(() => { client.destroy(); plain.close(); });
    const send = async (...parts) => {
      const stream = client.request({ ':method': 'POST', ':path': '/mcp', ...AUTHORIZATION });
      for (const part of parts) stream.write(part);
      stream.end();
      return textOf(stream);
    };
    assert.equal(await send(GOOD), `allow undefined ${GOOD}`);
    assert.equal(await send(...GOOD), `allow undefined ${GOOD}`);
    assert.equal(await send(BAD), 'deny policy_denied ');
    assert.equal(await send(padded(200_000)), 'deny payload_too_large ');
    assert.equal(await send(), 'deny policy_denied ');
  });
});

describe('Express', () => {
  async function app(t, ...before) {
    const made = express();
    for (const handler of before) made.use(handler);
    made.use(async (request, response, next) => {
      const outcome = await check(request);
      if (outcome.allow) return next();
      response.status(outcome.reply.status).send(outcome.reason);
    });
    return made;
  }
  async function send(t, made, body, headers = { 'content-type': 'application/json' }) {
    made.use((error, request, response, next) => response.status(500).send(error.message));
    const listening = made.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    t.after(() => listening.close());
    const response = await fetch(`http://127.0.0.1:${listening.address().port}/mcp`, { method: 'POST', headers: { ...AUTHORIZATION, ...headers }, body });
    return response.text();
  }
  const echo = (request, response) => response.json(request.body);

  it('may parse the body after the gate', async (t) => {
    const made = await app(t);
    made.post('/mcp', express.json(), echo);
    assert.deepEqual(JSON.parse(await send(t, made, GOOD)), JSON.parse(GOOD));
  });

  it('may parse it before, with its bytes kept', async (t) => {
    const made = await app(t, express.json({ verify: (request, _response, bytes) => { request.rawBody = bytes; } }));
    made.post('/mcp', echo);
    assert.deepEqual(JSON.parse(await send(t, made, GOOD)), JSON.parse(GOOD));
  });

  it('may hand out text or bytes', async (t) => {
    for (const parser of [express.text({ type: '*/*' }), express.raw({ type: '*/*' })]) {
      const made = await app(t, parser);
      made.post('/mcp', (request, response) => response.send(String(request.body)));
      assert.equal(await send(t, made, GOOD), GOOD);
    }
  });

  it('whose parser has dropped a name is never believed', async (t) => {
    const made = await app(t, express.json());
    made.post('/mcp', echo);
    assert.match(await send(t, made, GOOD.replace('"read_file"', '"write_file","name":"read_file"')), /read before, and a rule needs it as it was sent/);
  });
});

describe('a body is only believed as UTF-8 JSON-RPC', () => {
  const CASES = {
    'a name that stands there twice': [GOOD.replace('"name":', '"name":"write_file","name":'), 'parse_error'],
    'a batch': [`[${GOOD}]`, 'invalid_rpc_request'],
    'no JSON': ['tool=read_file', 'parse_error'],
    'bytes that are not UTF-8': [Buffer.concat([Buffer.from(GOOD.slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]), 'parse_error'],
    'a method that is a number': [GOOD.replace('"tools/call"', '5'), 'invalid_rpc_request'],
  };
  for (const [name, [body, reason]] of Object.entries(CASES)) {
    it(name, async () => {
      const { reply } = await denies(post(body), reason);
      assert.equal(reply.status, 400);
      assert.equal(JSON.parse(reply.body).jsonrpc, '2.0');
    });
  }

  it('what is compressed is not', async () => {
    await denies({ ...call([...bearer().headers, ['content-encoding', 'gzip']]), body: GOOD }, 'body_unsupported');
  });
});

describe('rules in shadow', () => {
  const shadowed = (more) => open2({ scopes: [], policy: { rules: [{ name: 'trial', match: { tool: 'write_*' }, require: { scopes: ['files:write'] }, enforcement: 'shadow' }, ...more] } });

  it('say what they would have denied', async () => {
    const trying = await shadowed([]);
    const outcome = await trying.check({ ...call([...bearer().headers, ['x-request-id', 'req-1']]), body: BAD }, { now: NOW });
    assert.deepEqual([outcome.allow, outcome.rule], [true, 'trial']);
    assert.deepEqual(outcome.shadow, [{
      rule: 'trial', reason: 'insufficient_scope',
      log: {
        event: 'would_deny', rule: 'trial', error: 'insufficient_scope', code: 'insufficient_scope', status: 403, client_id: 'client-1', resource: RESOURCE, request_id: 'req-1',
        facts: { missing: ['files:write'], needed: ['files:write'], rule: 'trial' },
      },
    }]);
    assert.deepEqual(structuredClone(outcome), outcome);
  });

  it('say nothing where they would not', async () => {
    const trying = await shadowed([]);
    const outcome = await trying.check({ ...bearer(token({ scope: 'files:write' })), body: BAD }, { now: NOW });
    assert.deepEqual([outcome.allow, outcome.rule, outcome.shadow], [true, 'trial', []]);
  });

  it('leave the decision to the next, where they deny', async () => {
    const trying = await open2({ policy: { rules: [{ name: 'no', match: { tool: 'read_*' }, effect: 'deny', enforcement: 'shadow' }, ...RULES] } });
    const outcome = await trying.check(post(GOOD), { now: NOW });
    assert.deepEqual([outcome.rule, outcome.shadow.map(({ rule, reason }) => [rule, reason])], ['read', [['no', 'policy_denied']]]);
  });
});
