// The same requests to the Worker, Deno, Bun, Node, Chromium and Envoy: byte-equal replies.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { Chromium } from '../browser/chromium.mjs';
import { MODES } from '../envoy/calls.mjs';
import { ask } from '../envoy/client.mjs';
import { Stage } from '../envoy/stage.mjs';
import { now } from '../envoy/tokens.mjs';
import { CONFIGURATION, REPLY, requests, SECRET } from './equal/requests.mjs';
import { node, project, serve } from './project.mjs';

const HANDLER = `
import { Gate } from 'waxseal';
import { protect } from 'waxseal/mcp';

let gate;
const open = () => (gate ??= Gate.open(${JSON.stringify(CONFIGURATION)}, { env: ${JSON.stringify(SECRET)} }));
const server = () => new Response(${JSON.stringify(REPLY)}, { headers: { 'content-type': 'application/json' } });

export const check = async (request) => (await open()).check(request);

/** What the server behind the gate replies, as the gate lets it through. */
export function allowed({ grant, shorten }) {
  const { body, status, headers: own } = shorten(server());
  const headers = new Headers(own);
  for (const [name, value] of grant.replyHeaders) headers[name === 'vary' ? 'append' : 'set'](name, value);
  return new Response(body, { status, headers });
}

export default protect(open, server);
`;
const told = (port) => `console.log(\`http://127.0.0.1:\${${port}}\`)`;
const NODE = `
import { createServer } from 'node:http';
import { allowed, check } from './handler.js';

const server = createServer(async (request, response) => {
  const outcome = await check(request);
  if (!outcome.allow) return response.writeHead(outcome.reply.status, outcome.reply.headers.flat()).end(outcome.reply.body);
  const reply = allowed(outcome);
  return response.writeHead(reply.status, [...reply.headers].flat()).end(await reply.text());
});
server.listen(0, '127.0.0.1', () => ${told('server.address().port')});
`;
const SERVERS = {
  workerd: ["import fetch from './handler.js';\nexport default { fetch };\n", 'wrangler', 'dev', 'main.js', '--name', 'w', '--compatibility-date', '2026-04-01', '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0'],
  Deno: [`import answer from './handler.js';\nDeno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => ${told('port')} }, answer);\n`, 'deno', 'run', '--allow-net', 'main.js'],
  Bun: [`import answer from './handler.js';\nconst { port } = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer });\n${told('port')};\n`, 'bun', 'main.js'],
  Node: [NODE, node(22), 'main.js'],
};
/**
 * What belongs to a connection, or is said by who runs the gate: Envoy and the servers write the time, their name, and how
 * long a body is.
 */
const THEIRS = ['connection', 'content-length', 'date', 'server', 'transfer-encoding', 'x-envoy-upstream-service-time'];
/** Of a `Response` that has two challenges these send one field, which means the same (RFC 9110 section 5.3). */
const JOINING = ['workerd', 'Bun'];
/** Seconds for which a nonce is the newest. */
const SLOT = 150;

const asks = {};
const ends = [];

before(async () => {
  const owner = { after: (end) => ends.push(end) };
  const listeners = { gate: { configuration: CONFIGURATION, ...MODES.hold_headers, vm: { environment_variables: { key_values: SECRET } } } };
  const stage = await Stage.open({ listeners });
  ends.push(() => stage.end());
  for (const path of ['/mcp', '/mcp?page=2']) {
    stage.upstream.behave(path, (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY));
  }
  asks.Envoy = (request) => stage.ask('gate', request);
  for (const [name, [main, ...command]] of Object.entries(SERVERS)) {
    const folder = await project({ 'handler.js': HANDLER, 'main.js': main });
    const { port } = new URL(await serve(owner, folder, command[0], command.slice(1)));
    asks[name] = (request) => ask(port, request);
  }
  const browser = await Chromium.start();
  ends.push(() => browser.end());
  const page = await browser.page(await browser.serve());
  asks.Chromium = (request) => page.evaluate(inPage, [HANDLER, request]);
}, { timeout: 300_000 });

after(async () => { for (const end of ends.reverse()) await end(); });

/** A page has no server. What it hands to the gate is an object, since in a `Request` it could not name an origin. */
async function inPage([handler, { method, path, headers, body = null, id }]) {
  globalThis.handler ??= await import(URL.createObjectURL(new Blob([handler], { type: 'text/javascript' })));
  const { allowed, check } = globalThis.handler;
  const outcome = await check({ method, url: path, headers: { 'x-request-id': id, ...headers }, body });
  if (!outcome.allow) return { status: outcome.reply.status, fields: outcome.reply.headers, body: outcome.reply.body };
  const reply = allowed(outcome);
  return { status: reply.status, fields: [...reply.headers], body: await reply.text() };
}

/** Fields in the order of their names, which means nothing (RFC 9110 section 5.3). */
function comparable({ method }, { status, fields, body }) {
  const own = fields.map(([name, value]) => [name.toLowerCase(), value]).filter(([name]) => !THEIRS.includes(name));
  const headers = own.sort(([one], [other]) => (one < other ? -1 : Number(one > other)));
  // A server leaves it out (RFC 9110 section 9.3.2); a page has none.
  return { status, headers, body: method === 'HEAD' ? '' : body };
}

/** With the fields of one name joined (RFC 9110 section 5.3). */
function joined({ headers, ...reply }) {
  const names = [...new Set(headers.map(([name]) => name))];
  return { ...reply, headers: names.map((name) => [name, headers.filter(([other]) => other === name).map(([, value]) => value).join(', ')]) };
}

it('byte-equal replies', { timeout: 120_000 }, async (t) => {
  const slot = () => Math.floor(now() / SLOT);
  let all;
  let begun;
  do {
    begun = slot();
    all = [];
    // One after the other: a proof is good for once.
    for (const { name, status, request } of requests()) {
      const replies = await Promise.all(Object.entries(asks).map(async ([who, send]) => {
        const reply = await send(request).catch((error) => error);
        return [who, reply instanceof Error ? `${reply}` : comparable(request, reply)];
      }));
      all.push({ name, status, replies: Object.fromEntries(replies) });
    }
    // A nonce ended meanwhile.
  } while (slot() !== begun);
  for (const { name, status, replies } of all) {
    const { Envoy, ...others } = replies;
    await t.test(name, () => {
      assert.equal(Envoy.status, status, JSON.stringify(Envoy));
      for (const [who, reply] of Object.entries(others)) assert.deepEqual(reply, JOINING.includes(who) ? joined(Envoy) : Envoy, who);
    });
  }
});
