// Lists that are shortened to what their caller may use, in each of the three modes; all other replies go as they came.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { call, MODES, policy, SENT, tool } from './calls.mjs';
import { pairs, send } from './client.mjs';
import { Http2 } from './http2.mjs';
import { Stage } from './stage.mjs';
import { bearer } from './tokens.mjs';

const METHODS = ['initialize', 'ping', 'tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'];
const RULES = [
  { name: 'sessions', match: { http: 'GET' } },
  { name: 'protocol', match: { method: METHODS } },
  { name: 'read', match: { tool: 'read*' }, require: { scopes: 'files:read' } },
  { name: 'write', match: { tool: ['write*', 'hidden_*'] }, require: { scopes: 'files:write' } },
  { name: 'prompts', match: { prompt: 'greet*' } },
  { name: 'public', match: { resource: 'file:///public/*' } },
];

let stage;
before(async () => {
  const configuration = (mode) => policy(mode, { policy: { body: mode, rules: RULES, lists: 'filtered' } });
  stage = await Stage.open({
    listeners: {
      ...Object.fromEntries(Object.entries(MODES).map(([mode, members]) => [mode, { configuration: configuration(mode), ...members }])),
      // What Envoy's own advice for the edge of a network asks for.
      edge: { configuration: configuration('hold_body'), buffer: 32_768 },
    },
  });
});
after(() => stage?.end());

/** Method -> the member, what the caller may use of it, and what it may not. */
const LISTS = {
  'tools/list': ['tools', [{ name: 'read_file', description: 'ä "quoted" \u2028' }, { name: 'read_all' }], [{ name: 'hidden_1', inputSchema: {} }, { name: 'other_hidden' }, { title: 'hidden' }]],
  'prompts/list': ['prompts', [{ name: 'greet' }], [{ name: 'hidden' }]],
  'resources/list': ['resources', [{ uri: 'file:///public/a', name: 'a' }], [{ uri: 'file:///private/hidden' }, { uri: 'file:///public/../hidden' }]],
  'resources/templates/list': ['resourceTemplates', [{ uriTemplate: 'file:///public/{name}' }], [{ uriTemplate: 'file:///private/hidden/{name}' }, { uriTemplate: '{+hidden}' }]],
};

const answerOf = (id, member, items) => ({ jsonrpc: '2.0', id, result: { [member]: items, nextCursor: 'c' } });
/** A message that lists all, and the same with what the caller may use. */
function listOf(method, id) {
  const [member, shown, hidden] = LISTS[method];
  return { whole: answerOf(id, member, [hidden[0], ...shown, ...hidden.slice(1)]), short: answerOf(id, member, shown) };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
const event = (message, fields = '') => `${fields}data: ${JSON.stringify(message)}\n\n`;
const PROGRESS = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } };

/** Lets a path of its own answer so, and asks there: the whole reply. */
async function exchange(mode, message, answer, { method = 'POST', headers = {}, early } = {}) {
  const sent = begin(mode, message, answer, { method, headers, early });
  return received(sent);
}

function begin(mode, message, answer, { method = 'POST', headers = {}, early } = {}) {
  const path = `/mcp/${randomUUID()}`;
  stage.upstream.behave(path, answer, { early });
  const sent = send(stage.port(mode), { method, path, headers: { ...SENT, 'accept-encoding': 'gzip', authorization: bearer({ scope: 'files:read' }), ...headers } });
  sent.path = path;
  sent.request.on('error', () => {});
  if (message === undefined || message !== null) sent.request.end(message && JSON.stringify(message));
  return sent;
}

async function received(sent) {
  const response = await sent.response;
  const parts = [];
  let fault;
  try {
    for await (const part of response) parts.push(part);
  } catch (error) {
    fault = error.code;
  }
  const bytes = Buffer.concat(parts);
  const fields = pairs(response.rawHeaders);
  return { id: sent.id, status: response.statusCode, fields, headers: response.headers, bytes, text: bytes.toString(), fault, trailers: response.trailers };
}

const eventsOf = (text) => text.split('\n\n').filter(Boolean).map((one) => JSON.parse(one.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5)).join('\n')));

/** Not one name has come. */
const assertHidden = ({ bytes }) => assert.ok(!bytes.includes('hidden') && !bytes.includes('read_file'), bytes.toString('utf8', 0, 500));

function assertUnreadable(reply, id) {
  assert.deepEqual([reply.status, reply.fault], [200, undefined]);
  assert.equal(reply.headers['content-encoding'], undefined);
  const message = reply.headers['content-type'] === 'application/json' ? JSON.parse(reply.text) : eventsOf(reply.text).at(-1);
  assert.deepEqual([message.id, message.error.code, message.result], [id, -32603, undefined]);
  assertHidden(reply);
}

/** The fields that the upstream has sent, as far as they are of the body. */
const bodyFields = (fields) => fields.filter(([name]) => /^(content-|etag|digest|transfer)/i.test(name)).map(([name, value]) => [name.toLowerCase(), value]).sort();

const LONG = ' '.repeat(200);

for (const mode of Object.keys(MODES)) {
  describe(mode, { timeout: 120_000 }, () => {
    for (const method of Object.keys(LISTS)) {
      test(`${method} as JSON`, async () => {
        const message = call(method);
        const { whole, short } = listOf(method, message.id);
        const reply = await exchange(mode, message, (response) => response.writeHead(200, { ...JSON_TYPE, etag: '"1"' }).end(JSON.stringify(whole)));
        assert.equal(reply.status, 200);
        assert.deepEqual(JSON.parse(reply.text), short);
        assert.equal(reply.headers['content-type'], 'application/json');
        assert.deepEqual([reply.headers.etag, reply.headers['content-length']], [undefined, undefined]);
        const arrived = stage.upstream.request(reply.id);
        assert.equal(arrived.headers.some(([name]) => name.toLowerCase() === 'accept-encoding'), false);
      });

      test(`${method} as events`, async () => {
        const message = call(method);
        const { whole, short } = listOf(method, message.id);
        const text = `: hello\n\n${event(PROGRESS)}${event(whole, 'event: message\nid: 7\n')}`;
        const reply = await exchange(mode, message, (response) => response.writeHead(200, EVENTS).end(text));
        assert.deepEqual([reply.status, reply.headers['content-type']], [200, 'text/event-stream']);
        assert.ok(reply.text.startsWith(': hello\n\n'));
        assert.deepEqual(eventsOf(reply.text.slice(9)), [PROGRESS, short]);
        assert.match(reply.text, /event: message\nid: 7\ndata: [^\n]+\n\n$/);
      });
    }

    test('more scopes show more', async () => {
      const message = call('tools/list');
      const [, shown, [hidden]] = LISTS['tools/list'];
      const { whole } = listOf('tools/list', message.id);
      const headers = { authorization: bearer({ scope: 'files:read files:write' }) };
      const reply = await exchange(mode, message, (response) => response.writeHead(200, JSON_TYPE).end(JSON.stringify(whole)), { headers });
      assert.deepEqual(JSON.parse(reply.text).result.tools, [hidden, ...shown]);
    });

    for (const end of ['\n', '\r\n', '\r']) {
      test(`each event is here before the next is sent, with lines that end in ${JSON.stringify(end)}`, async () => {
        const message = call('tools/list');
        const { whole, short } = listOf('tools/list', message.id);
        let last;
        const sent = begin(mode, message, (response) => {
          response.writeHead(200, EVENTS);
          response.write(`data: ${JSON.stringify(PROGRESS)}${end}${end}`);
          last = () => response.end(`data: ${JSON.stringify(whole)}${end}${end}`);
        });
        const response = await sent.response;
        const events = response.setEncoding('utf8').iterator();
        assert.deepEqual(eventsOf((await events.next()).value), [PROGRESS]);
        last();
        assert.deepEqual(eventsOf((await events.next()).value), [short]);
        assert.equal((await events.next()).done, true);
      });
    }

    for (const [what, size] of [['byte by byte', 1], ['in pieces that fit nothing', 97]]) {
      test(`events and JSON ${what}`, async () => {
        const message = call('tools/list');
        const { whole, short } = listOf('tools/list', message.id);
        const slowly = (headers, text) => async (response) => {
          response.socket.setNoDelay(true);
          response.writeHead(200, headers);
          const bytes = Buffer.from(text);
          for (let at = 0; at < bytes.length; at += size) {
            response.write(bytes.subarray(at, at + size));
            await sleep(0);
          }
          response.end();
        };
        const json = await exchange(mode, message, slowly(JSON_TYPE, JSON.stringify(whole)));
        assert.deepEqual(JSON.parse(json.text), short);
        const split = JSON.stringify(whole).replaceAll('{"name"', '\ndata: {"name"');
        const events = await exchange(mode, message, slowly(EVENTS, `${event(PROGRESS)}data: ${split}\r\n\r\n${event(PROGRESS)}data: {"half"`));
        assert.deepEqual(eventsOf(events.text), [PROGRESS, short, PROGRESS]);
      });
    }

    for (const [what, headers] of [['with a length', true], ['in chunks', false]]) {
      test(`JSON ${what}`, async () => {
        const message = call('tools/list');
        const { whole, short } = listOf('tools/list', message.id);
        const text = JSON.stringify(whole, undefined, 2);
        const reply = await exchange(mode, message, (response) => {
          response.writeHead(200, { ...JSON_TYPE, ...(headers && { 'content-length': Buffer.byteLength(text) }) });
          response.write(text.slice(0, 100));
          response.end(text.slice(100));
        });
        assert.deepEqual(JSON.parse(reply.text), short);
      });
    }

    for (const headers of [JSON_TYPE, EVENTS]) {
      test(`an upstream that compresses all the same: ${headers['content-type']}`, async () => {
        const message = call('tools/list');
        const { whole } = listOf('tools/list', message.id);
        const bytes = gzipSync(headers === EVENTS ? event(whole) : JSON.stringify(whole));
        const answer = (response) => response.writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': bytes.length }).end(bytes);
        assertUnreadable(await exchange(mode, message, answer), message.id);
      });

      test(`what cannot be read: ${headers['content-type']}`, async () => {
        const message = call('tools/list');
        const { whole } = listOf('tools/list', message.id);
        for (const text of [JSON.stringify(whole).slice(0, -2), `[${JSON.stringify(whole)}]`, JSON.stringify({ ...whole, result: { tools: { hidden: 1 } } })]) {
          assertUnreadable(await exchange(mode, message, (response) => response.writeHead(200, headers).end(headers === EVENTS ? `data: ${text}\n\n` : text)), message.id);
        }
      });

      test(`10 MiB, and what is just not too much: ${headers['content-type']}`, async () => {
        const message = call('tools/list');
        const written = (item) => {
          const text = JSON.stringify(answerOf(message.id, 'tools', [{ name: 'hidden_1' }, { name: 'read_file' }, item]));
          return (response) => response.writeHead(200, headers).end(headers === EVENTS ? `data: ${text}\n\n` : text);
        };
        assertUnreadable(await exchange(mode, message, written({ name: 'read_2', description: 'x'.repeat(10 << 20) })), message.id);
        const item = { name: 'read_2', description: 'x'.repeat(4_000_000) };
        const reply = await exchange(mode, message, written(item));
        const { result } = headers === EVENTS ? eventsOf(reply.text)[0] : JSON.parse(reply.text);
        assert.deepEqual(result.tools, [{ name: 'read_file' }, item]);
      });

      test(`an upstream that dies in the middle: ${headers['content-type']}`, async () => {
        const message = call('tools/list');
        const { whole, short } = listOf('tools/list', message.id);
        const text = headers === EVENTS ? `${event(whole)}${event(whole).slice(0, 150)}` : JSON.stringify(whole).slice(0, 150);
        const reply = await exchange(mode, message, (response) => {
          response.writeHead(200, headers);
          response.write(text, () => setTimeout(() => response.socket.resetAndDestroy(), 50));
        });
        assert.equal(reply.fault, 'ECONNRESET');
        if (headers === EVENTS) assert.deepEqual(eventsOf(reply.text), [short]);
        else assert.equal(reply.bytes.length, 0);
        await stage.passes(mode);
      });
    }

    test('JSON that ends with trailers is cut off, events are not', async () => {
      const message = call('tools/list');
      const { whole, short } = listOf('tools/list', message.id);
      const trailed = (headers, text) => (response) => {
        response.writeHead(200, { ...headers, trailer: 'x-end' });
        response.write(text);
        response.addTrailers({ 'x-end': 'yes' });
        response.end();
      };
      const events = await exchange(mode, message, trailed(EVENTS, event(whole)));
      assert.deepEqual([eventsOf(events.text), events.trailers], [[short], { 'x-end': 'yes' }]);
      const json = await exchange(mode, message, trailed(JSON_TYPE, JSON.stringify(whole)));
      assert.deepEqual([json.fault, json.bytes.length], ['ECONNRESET', 0]);
      assert.ok(stage.envoy.log.some((line) => line.includes('a list that ends with trailers cannot be shortened')));
      const other = await exchange(mode, tool('read'), trailed(JSON_TYPE, JSON.stringify(whole)));
      assert.deepEqual([other.text, other.trailers], [JSON.stringify(whole), { 'x-end': 'yes' }]);
      await stage.passes(mode);
    });

    for (const status of [400, 404, 500, 503, 302]) {
      test(`a reply with status ${status} goes as it came`, async () => {
        const message = call('tools/list');
        const text = JSON.stringify(listOf('tools/list', message.id).whole, undefined, 1);
        const headers = { ...JSON_TYPE, 'content-length': Buffer.byteLength(text), etag: '"1"' };
        const reply = await exchange(mode, message, (response) => response.writeHead(status, headers).end(text));
        assert.deepEqual([reply.status, reply.text], [status, text]);
        assert.deepEqual(bodyFields(reply.fields), bodyFields(Object.entries(headers).map(([name, value]) => [name, String(value)])));
      });
    }

    test('every reply that is a success is shortened', async () => {
      const message = call('tools/list');
      const { whole, short } = listOf('tools/list', message.id);
      for (const status of [201, 203, 206, 299]) {
        const reply = await exchange(mode, message, (response) => response.writeHead(status, JSON_TYPE).end(JSON.stringify(whole)));
        assert.deepEqual([reply.status, JSON.parse(reply.text)], [status, short]);
      }
      for (const headers of [{ 'content-length': 0 }, { 'transfer-encoding': 'chunked' }]) {
        const empty = await exchange(mode, message, (response) => response.writeHead(202, headers).end());
        assert.deepEqual([empty.status, empty.text, empty.fault], [202, '', undefined]);
      }
    });

    const WHOLE = JSON.stringify(listOf('tools/list', 1).whole, undefined, 1);
    for (const [what, message, headers, bytes, method] of [
      ['a call whose result looks like a list', tool('read'), JSON_TYPE, Buffer.from(WHOLE)],
      ['a call that is answered with events', tool('read'), EVENTS, Buffer.from(`data: ${WHOLE.replaceAll('\n', '')}\r\r:half`)],
      ['a call that is compressed', tool('read'), { ...JSON_TYPE, 'content-encoding': 'gzip' }, gzipSync(WHOLE)],
      ['10 MiB of anything', tool('read'), { 'content-type': 'application/octet-stream', digest: 'a=b' }, randomBytes(10 << 20)],
      ['a page', undefined, { 'content-type': 'text/html; charset=utf-8' }, Buffer.from(`<!doctype html>${WHOLE}`), 'GET'],
      ['a file of JSON', undefined, { ...JSON_TYPE, etag: '"1"' }, Buffer.from(WHOLE), 'GET'],
    ]) {
      test(`goes as it came: ${what}`, async () => {
        const sent = { ...headers, 'content-length': String(bytes.length) };
        const reply = await exchange(mode, message, (response) => response.writeHead(200, sent).end(bytes), { method });
        assert.deepEqual([reply.status, reply.fault], [200, undefined]);
        assert.ok(reply.bytes.equals(bytes), `${reply.bytes.length} bytes, not those that were sent`);
        assert.deepEqual(bodyFields(reply.fields), bodyFields(Object.entries(sent)));
      });
    }

    test('another reply is never held: each piece is here before the next is sent', async () => {
      let next;
      const sent = begin(mode, tool('read'), (response) => {
        response.writeHead(200, JSON_TYPE);
        response.write('{"a":');
        next = () => response.end('1}');
      });
      const pieces = (await sent.response).setEncoding('utf8').iterator();
      assert.equal((await pieces.next()).value, '{"a":');
      next();
      assert.equal((await pieces.next()).value, '1}');
    });

    test('a stream that is taken up again with GET', async () => {
      const { whole, short } = listOf('tools/list', 'an id of before');
      let last;
      const endpoint = 'event: endpoint\ndata: /messages?session=1\n\n';
      const sent = begin(mode, undefined, (response) => {
        response.writeHead(200, EVENTS);
        response.write(`${endpoint}${event(whole, 'id: 8\n')}`);
        last = () => response.end(event(PROGRESS));
      }, { method: 'GET', headers: { 'last-event-id': '7' } });
      const events = (await sent.response).setEncoding('utf8').iterator();
      let got = '';
      while (!got.includes('read_file')) got += (await events.next()).value;
      assert.ok(got.startsWith(endpoint), got);
      assert.deepEqual(eventsOf(got.slice(endpoint.length)), [short]);
      last();
      assert.deepEqual(eventsOf((await events.next()).value), [PROGRESS]);
    });

    test('HTTP/2: many at once over one connection', async () => {
      const http2 = await Http2.open(stage.port(mode));
      try {
        const asked = Array.from({ length: 24 }, (_, n) => {
          const method = Object.keys(LISTS)[n % 4];
          const message = n % 5 ? call(method) : tool('read');
          const { whole, short } = listOf(method, message.id);
          const path = `/mcp/${randomUUID()}`;
          const asEvents = n % 2 === 1;
          stage.upstream.behave(path, (response) => {
            response.writeHead(200, asEvents ? EVENTS : JSON_TYPE);
            const text = asEvents ? event(whole) : JSON.stringify(whole);
            response.write(text.slice(0, 50));
            setTimeout(() => response.end(text.slice(50)), n);
          });
          const replying = http2.ask({ method: 'POST', path, body: JSON.stringify(message), headers: { ...SENT, authorization: bearer({ scope: 'files:read' }) } });
          return { asEvents, expected: n % 5 ? short : whole, replying };
        });
        for (const { asEvents, expected, replying } of asked) {
          const reply = await replying;
          assert.equal(reply.status, 200);
          assert.deepEqual(asEvents ? eventsOf(reply.body)[0] : reply.json(), expected);
        }
      } finally {
        await http2.end();
      }
    });

    test('a client that goes away in the middle leaves nothing behind', async () => {
      let gone;
      const sent = begin(mode, call('tools/list'), (response) => {
        response.writeHead(200, EVENTS);
        response.write(event(PROGRESS));
        gone = new Promise((resolve) => response.on('close', resolve));
      });
      await sent.response;
      sent.request.destroy();
      await gone;
      await stage.passes(mode);
    });
  });
}

test('a list that is larger than what Envoy buffers', async () => {
  const message = call('tools/list');
  const shown = Array.from({ length: 2000 }, (_, n) => ({ name: `read_${n}`, description: 'x'.repeat(1000) }));
  const text = JSON.stringify(answerOf(message.id, 'tools', [{ name: 'hidden_1' }, ...shown]));
  const reply = await exchange('edge', message, (response) => response.writeHead(200, JSON_TYPE).end(text));
  assert.deepEqual(JSON.parse(reply.text).result.tools, shown);
});

test('hold_body: an upstream that answers a list before it has the call: its list does not come', async () => {
  const message = call('tools/list');
  const { whole } = listOf('tools/list', message.id);
  const sent = begin('hold_body', null, (response, request) => {
    response.on('error', () => {});
    response.writeHead(200, EVENTS);
    response.write(': hello\n\n');
    request.on('data', () => {});
    request.on('end', () => response.end(event(whole)));
    request.on('error', () => {});
  }, { early: true });
  sent.request.flushHeaders();
  const response = await sent.response;
  const reading = received({ ...sent, response: Promise.resolve(response) });
  sent.request.end(JSON.stringify(message) + LONG);
  const reply = await reading;
  assert.equal(reply.fault, 'ECONNRESET');
  assertHidden(reply);
  assert.equal((await stage.envoy.denialOf(sent.id)).error, 'host_failed');
  assert.equal(stage.upstream.request(sent.id).bytes, 0);
});
