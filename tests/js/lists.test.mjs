// `outcome.shorten`: what a caller sees of the lists in a reply, with `"lists": "filtered"`.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { Lister } from '../../pkg/dist/core.js';
import '../../pkg/dist/index.js';
import { exports } from '../../pkg/dist/module.js';
import { bearer, NOW, open, token } from './issuer.mjs';
import { serve, sleep } from './loopback.mjs';

const { memory } = exports();

const RULES = [
  { name: 'read', match: { tool: 'read_*' }, require: { scopes: 'files:read' } },
  { name: 'write', match: { tool: 'write_*' }, require: { scopes: 'files:write' } },
  { name: 'public', match: { resource: 'file:///pub/*' } },
  { name: 'hello', match: { prompt: 'hello' } },
  { name: 'lists', match: { method: ['initialize', 'tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'] } },
  { name: 'streams', match: { http: ['GET', 'DELETE'], message: 'none' } },
];
const policy = (members) => ({ policy: { lists: 'filtered', rules: RULES, ...members } });
const gate = await open(policy());
const READER = bearer(token({ scope: 'files:read' }));

const asked = (method = 'tools/list', id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method, params: {} });
async function allowed(body = asked(), { by = gate, ...more } = {}) {
  const outcome = await by.check({ ...READER, body, ...more }, { now: NOW });
  assert.equal(outcome.decision, 'allow', JSON.stringify(outcome));
  return outcome;
}

const listing = (...names) => ({ jsonrpc: '2.0', id: 1, result: { tools: names.map((name) => ({ name, description: `it can ${name}` })), nextCursor: 'c' } });
const ALL = listing('read_file', 'write_file', 'drop', 'read_all');
const SHORT = listing('read_file', 'read_all');
const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS = { 'content-type': 'text/event-stream' };
const replied = (body, headers = JSON_TYPE, init = {}) => new Response(typeof body === 'object' && body?.constructor === Object ? JSON.stringify(body) : body, { headers, ...init });
const event = (message) => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
const encode = (text) => new TextEncoder().encode(text);
const pieces = (bytes, size) => ReadableStream.from(Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size)));

/** How many listers were freed so far. */
const freed = (t) => {
  const spy = t.mock.method(Lister.prototype, 'free');
  return () => spy.mock.callCount();
};

describe('a JSON reply', () => {
  it('lists what its caller may use, and keeps all else', async (t) => {
    const count = freed(t);
    const { shorten } = await allowed();
    const response = shorten(replied(ALL, JSON_TYPE, { statusText: 'Fine' }));
    assert.deepEqual([response.status, response.statusText], [200, 'Fine']);
    assert.equal(count(), 0);
    assert.deepEqual(await response.json(), SHORT);
    assert.equal(count(), 1);
  });

  it('in pieces of any size', async () => {
    for (const size of [1, 7, 1000]) {
      const { shorten } = await allowed();
      assert.deepEqual(await shorten(replied(pieces(encode(JSON.stringify(ALL)), size))).json(), SHORT);
    }
  });

  for (const [method, member, all, short] of [
    ['resources/list', 'resources', [{ uri: 'file:///pub/a' }, { uri: 'file:///etc/passwd' }, { uri: 'file:///pub/../etc' }], [{ uri: 'file:///pub/a' }]],
    ['resources/templates/list', 'resourceTemplates', [{ uriTemplate: 'file:///pub/{name}' }, { uriTemplate: 'file:///{name}' }], [{ uriTemplate: 'file:///pub/{name}' }]],
    ['prompts/list', 'prompts', [{ name: 'hello' }, { name: 'bye' }], [{ name: 'hello' }]],
  ]) {
    it(`to ${method}`, async () => {
      const { shorten } = await allowed(asked(method));
      assert.deepEqual(await shorten(replied({ id: 1, result: { [member]: all } })).json(), { id: 1, result: { [member]: short } });
    });
  }

  it('is each caller\'s own', async () => {
    const one = await allowed();
    const two = await gate.check({ ...bearer(token({ scope: 'files:write' })), body: asked() }, { now: NOW });
    assert.deepEqual(await two.shorten(replied(ALL)).json(), listing('write_file'));
    assert.deepEqual(await one.shorten(replied(ALL)).json(), SHORT);
  });

  it('loses the headers that were about its body, and no others', async () => {
    const { shorten } = await allowed();
    const about = { 'content-length': '9999', 'content-encoding': 'gzip', etag: '"a"', digest: 'sha-256=a', 'content-digest': 'sha-256=:a:' };
    const { headers } = shorten(replied(ALL, [...Object.entries({ ...JSON_TYPE, ...about, 'mcp-session-id': 's' }), ['set-cookie', 'a=1'], ['set-cookie', 'b=2']]));
    assert.deepEqual([...headers], [['content-type', 'application/json'], ['mcp-session-id', 's'], ['set-cookie', 'a=1'], ['set-cookie', 'b=2']]);
  });

  it('that a server sends compressed is readable', async (t) => {
    const { uri } = await serve(t, (_, response) => {
      const body = gzipSync(JSON.stringify(ALL));
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip', 'content-length': body.length }).end(body);
    });
    const { shorten } = await allowed();
    const response = shorten(await fetch(uri));
    assert.deepEqual([response.headers.get('content-encoding'), response.headers.get('content-length')], [null, null]);
    assert.deepEqual(await response.json(), SHORT);
  });

  for (const [name, body] of Object.entries({
    'no JSON': '<html>drop</html>',
    'cut off': JSON.stringify(ALL).slice(0, -5),
    'compressed and not decoded': gzipSync(JSON.stringify(ALL)),
    'a batch': JSON.stringify([ALL]),
    'a list that is none': '{"id":1,"result":{"tools":{"drop":{}}}}',
    'blank': ' ',
    'of other chunks than bytes': ReadableStream.from([JSON.stringify(ALL)]),
  })) {
    it(`that is ${name} becomes an error with the id of the call`, async () => {
      const { shorten } = await allowed(asked('tools/list', 'seven'));
      const response = shorten(replied(body));
      const { jsonrpc, id, error, ...more } = await response.json();
      assert.deepEqual([response.status, jsonrpc, id, error.code, more], [200, '2.0', 'seven', -32603, {}]);
      assert.doesNotMatch(JSON.stringify(error), /drop/);
    });
  }

  it('that is empty stays so', async () => {
    const { shorten } = await allowed();
    assert.equal(await shorten(replied(new Uint8Array(), JSON_TYPE, { status: 202 })).text(), '');
  });
});

describe('a reply in events', () => {
  /** A server that sends the first event, and the others once it is told to. */
  async function upstream(t) {
    let goOn;
    const told = new Promise((resolve) => { goOn = resolve; });
    const closed = [];
    const { uri } = await serve(t, async (request, response) => {
      response.on('close', () => closed.push(request.url));
      response.writeHead(200, EVENTS);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } }));
      const whole = event(ALL);
      response.write(whole.slice(0, 40));
      await told;
      response.end(whole.slice(40) + event(listing('drop')));
    });
    return { uri, goOn, closed };
  }

  it('goes on event by event: the first comes before the last is sent', async (t) => {
    const count = freed(t);
    const { uri, goOn } = await upstream(t);
    const { shorten } = await allowed();
    const reader = shorten(await fetch(uri)).body.pipeThrough(new TextDecoderStream()).getReader();
    const { value: first } = await reader.read();
    assert.equal(first, 'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}\n\n');
    goOn();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value;
    const messages = [...rest.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
    assert.deepEqual(messages, [SHORT, listing()]);
    assert.equal(count(), 1);
  });

  it('that is cancelled halfway ends upstream as well, and is freed', async (t) => {
    const count = freed(t);
    const { uri, closed } = await upstream(t);
    const { shorten } = await allowed();
    const response = shorten(await fetch(uri));
    const reader = response.body.getReader();
    await reader.read();
    // Its next piece is waited for.
    const pending = reader.read();
    await sleep(20);
    await reader.cancel('enough');
    assert.deepEqual(await pending, { done: true, value: undefined });
    for (let turn = 0; turn < 100 && closed.length === 0; turn += 1) await sleep(10);
    assert.deepEqual([closed.length, count()], [1, 1]);
  });

  it('that breaks off breaks off, and is freed', async (t) => {
    const count = freed(t);
    const { uri } = await serve(t, (_, response) => {
      response.writeHead(200, EVENTS);
      response.write(event(ALL), () => response.destroy());
    });
    const { shorten } = await allowed();
    await assert.rejects(shorten(await fetch(uri)).text());
    assert.equal(count(), 1);
  });

  it('with an event that is no JSON ends with an error', async () => {
    const { shorten } = await allowed();
    const text = await shorten(replied(`${event(ALL)}data: {drop\n\n${event(ALL)}`, EVENTS)).text();
    const messages = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
    assert.deepEqual([messages[0], messages[1].id, messages[1].error.code, messages.length], [SHORT, 1, -32603, 2]);
  });

  it('to a GET may hold lists, too', async () => {
    const { shorten } = await allowed(null, { method: 'GET' });
    const text = await shorten(replied(`: hello\n\nid: 7\n${event(ALL)}`, EVENTS)).text();
    assert.equal(text.split('\n\n')[0], ': hello');
    assert.match(text, /^id: 7$/m);
    assert.deepEqual(JSON.parse(/^data: (.*)$/m.exec(text)[1]), SHORT);
  });
});

describe('a reply is given back as it is', () => {
  const same = (shorten, response) => assert.equal(shorten(response), response);

  it('where the call asks for no list', async () => {
    for (const body of [asked('initialize'), JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read_file' } })]) {
      same((await allowed(body)).shorten, replied(ALL));
    }
    same((await allowed(null, { method: 'DELETE' })).shorten, replied(ALL));
  });

  it('where its status tells of no list, and the next may still be shortened', async () => {
    const { shorten } = await allowed();
    for (const status of [301, 404, 500]) same(shorten, replied('{}', JSON_TYPE, { status }));
    same(shorten, replied(null, JSON_TYPE));
    same(shorten, new Response(null, { status: 204 }));
    assert.deepEqual(await shorten(replied(ALL, JSON_TYPE, { status: 203 })).json(), SHORT);
  });

  it('where a GET brings no events', async () => {
    same((await allowed(null, { method: 'GET' })).shorten, replied(ALL));
  });

  it('where lists are whole', async () => {
    for (const members of [{ lists: 'whole' }, { lists: undefined }]) {
      const { shorten } = await allowed(asked(), { by: await open(policy(members)) });
      for (const response of [replied(ALL), replied('<html>'), replied(event(ALL), EVENTS)]) {
        same(shorten, response);
        same(shorten, response);
      }
    }
    const plain = await open();
    same((await allowed(asked(), { by: plain })).shorten, replied(ALL));
  });
});

describe('misuse', () => {
  it('for a second reply throws', async () => {
    const { shorten } = await allowed();
    const twice = { name: 'WaxsealError', message: '`outcome.shorten` is for one reply' };
    const response = shorten(replied(ALL));
    assert.throws(() => shorten(replied(ALL)), twice);
    assert.deepEqual(await response.json(), SHORT);
    assert.throws(() => shorten(replied(ALL)), twice);
  });

  it('of a reply that is being read throws', async () => {
    const { shorten } = await allowed();
    const response = replied(ALL);
    response.body.getReader();
    assert.throws(() => shorten(response), { name: 'WaxsealError' });
    assert.deepEqual(await shorten(replied(ALL)).json(), SHORT);
  });
});

describe('the outcome', () => {
  it('is plain data still, and has nothing to shorten where it is no grant', async () => {
    const outcome = await allowed();
    assert.deepEqual(structuredClone(outcome), outcome);
    assert.ok(!Object.keys(outcome).includes('shorten') && typeof outcome.shorten === 'function');
    const denied = await gate.check({ ...READER, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'drop' } }) }, { now: NOW });
    assert.deepEqual([denied.reason, 'shorten' in denied], ['policy_denied', false]);
  });

});

describe('memory', () => {
  const PIECE = encode(JSON.stringify(listing('x'.repeat(1_000_000))).slice(0, -10));
  const megabytes = () => memory.buffer.byteLength / 1_000_000;

  it('of replies that are cancelled is given back at once', async () => {
    const before = megabytes();
    for (let turn = 0; turn < 100; turn += 1) {
      const { shorten } = await allowed();
      const cut = new ReadableStream({ start: (controller) => controller.enqueue(PIECE) });
      const reader = shorten(replied(cut)).body.getReader();
      const pending = reader.read();
      await new Promise(setImmediate);
      await reader.cancel();
      await pending;
    }
    assert.ok(megabytes() - before < 20, `${before} MB became ${megabytes()}`);
  });

  it('of outcomes that are thrown away goes with them', async () => {
    const large = { ...bearer(token({ scope: 'files:read', pad: 'x'.repeat(8_000) })), body: asked() };
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const turns = async () => {
      for (let turn = 0; turn < 500; turn += 1) {
        assert.equal((await gate.check(large, { now: NOW })).decision, 'allow');
        if (turn % 100 === 99) {
          collect();
          await sleep(5);
        }
      }
    };
    await turns();
    const before = megabytes();
    await turns();
    await turns();
    assert.ok(megabytes() - before < 2, `${before} MB became ${megabytes()}`);
  });
});
