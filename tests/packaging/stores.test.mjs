// `waxseal/mcp` over `waxseal/stores` where the stores live: Durable Objects and Workers KV in workerd, Deno KV in Deno.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDpop } from '../../pkg/dist/client.js';
import { config, ISSUER, RESOURCE, tokenOfToday } from '../js/issuer.mjs';
import { project, serve } from './project.mjs';

const CONFIG = JSON.stringify(config({ dpop: { mode: 'optional' }, revocation: { host: true } }));
const RACERS = 20;

const dpop = await createDpop();
const proof = async (token) => ({ authorization: `DPoP ${token}`, dpop: await dpop.proof({ method: 'POST', url: RESOURCE, token }) });
const tokenOf = (sub) => tokenOfToday({ sub, cnf: { jkt: dpop.thumbprint } });
const post = (uri, headers = {}) => fetch(uri, { method: 'POST', headers, body: '{}' });
const counted = (replies, status) => replies.filter((reply) => reply.status === status).length;

/** What every store must do, behind gates at this place: they share it. `/revoke` and `/lost` are the servers' own. */
async function assertShared(origin, [ada, bob] = ['ada', 'bob']) {
  for (const sub of [ada, bob]) {
    const headers = await proof(tokenOf(sub));
    const replies = await Promise.all(Array.from({ length: RACERS }, () => post(`${origin}/mcp`, headers)));
    assert.deepEqual([counted(replies, 200), counted(replies, 401)], [1, RACERS - 1], `${replies.map(({ status }) => status)}`);
    for (const reply of replies) {
      const text = await reply.text();
      if (reply.status === 200) assert.equal(text, sub);
      else assert.equal(JSON.parse(text).type, 'urn:waxseal:error:proof_replayed');
    }
  }
  // Until long ago is for a moment: neither before nor after does it shorten what is for ever.
  for (const expires of ['1', '', '1']) {
    const revoked = await post(`${origin}/revoke?id=${encodeURIComponent(`sub ${ISSUER} ${bob}`)}&expires=${expires}`);
    assert.equal(revoked.status, 200, await revoked.text());
  }
  await new Promise((resolve) => { setTimeout(resolve, 1_500); });
  const statuses = await Promise.all([ada, bob].map(async (sub) => (await post(`${origin}/mcp`, await proof(tokenOf(sub)))).status));
  assert.deepEqual(statuses, [200, 401]);
  for (const path of ['/lost/replay', '/lost/revocation']) {
    const reply = await post(`${origin}${path}`, await proof(tokenOf(ada)));
    assert.equal(reply.status, 503);
    assert.match((await reply.json()).type, /:(?:replay|revocation)_unavailable$/);
  }
}

/** Claims at once, one after another, and once it has ended. */
async function assertEnds(origin) {
  const claim = async (life) => (await post(`${origin}/claim?key=short&life=${life}`)).text();
  assert.deepEqual([await claim(1), await claim(1)], ['true', 'false']);
  const end = Date.now() + 5_000;
  while (await claim(60) !== 'true') assert.ok(Date.now() < end, 'it does not end');
  assert.equal(await claim(60), 'false');
}

const SERVER = `
import { Gate } from 'waxseal';
import { protect } from 'waxseal/mcp';

const config = ${CONFIG};
const whoami = (_, { authInfo }) => new Response(authInfo.extra.grant.subject);
/** A request at another path than the resource's is one for the resource here. */
const there = (request) => new Request('${RESOURCE}', request);

export function server(stores) {
  const open = (broken = {}) => async (...given) => Gate.open(config, { ...await stores(...given), ...broken });
  return (guards) => async (request, ...given) => {
    const { pathname, searchParams } = new URL(request.url);
    const { replay, revocation } = await stores(...given);
    if (pathname === '/revoke') return Response.json(await revocation.revoke(searchParams.get('id'), Number(searchParams.get('expires')) || undefined) ?? null);
    if (pathname === '/claim') return Response.json(await replay.claim(searchParams.get('key'), Date.now() / 1000 + Number(searchParams.get('life'))));
    return (guards[pathname] ??= protect(open(guards.broken(...given)[pathname]), whoami))(there(request), ...given);
  };
}
`;

describe('workerd', () => {
  const WORKER = `
import { durableReplay, ReplayObject, workersRevocation } from 'waxseal/stores';
import { server } from './server.js';

/** One that can be looked into, and whose alarm can be set off. */
export class Proofs extends ReplayObject {
  constructor(state) { super(state); this.storage = state.storage; }
  async fetch(request) {
    if (request.url.endsWith('/off')) await this.storage.setAlarm(Date.now());
    else if (!request.url.endsWith('/look')) return super.fetch(request);
    return Response.json({ alarm: await this.storage.getAlarm(), size: (await this.storage.list()).size });
  }
}
export class OldProofs extends Proofs {}
export class Broken { fetch() { throw new Error('down'); } }

const guards = (name) => ({ broken: (env) => ({
  '/lost/replay': { replay: durableReplay(env.BROKEN) },
  '/lost/revocation': { revocation: workersRevocation({ get: () => env.BROKEN.get(env.BROKEN.idFromName('a')).fetch('https://a.invalid'), put() {} }) },
}) });
const made = Object.fromEntries(['PROOFS', 'OLD_PROOFS'].map((name) => [name,
  server((env) => ({ replay: durableReplay(env[name]), revocation: workersRevocation(env.KV) }))(guards(name))]));

export default {
  async fetch(request, env, context) {
    const url = new URL(request.url);
    const [, name, rest] = /^\\/(PROOFS|OLD_PROOFS)(\\/.*)/.exec(url.pathname);
    if (['/look', '/off'].includes(rest)) return env[name].get(env[name].idFromName('waxseal replay ~')).fetch('https://a.invalid' + rest);
    return made[name](new Request(new URL(rest + url.search, url), request), env, context);
  },
};
`;
  const SETTINGS = JSON.stringify({
    name: 'w', main: 'main.js', compatibility_date: '2026-04-01',
    durable_objects: { bindings: [{ name: 'PROOFS', class_name: 'Proofs' }, { name: 'OLD_PROOFS', class_name: 'OldProofs' }, { name: 'BROKEN', class_name: 'Broken' }] },
    migrations: [{ tag: 'v1', new_sqlite_classes: ['Proofs', 'Broken'], new_classes: ['OldProofs'] }],
    kv_namespaces: [{ binding: 'KV', id: 'kv' }],
  });

  it('Durable Objects of either kind take a proof once, and Workers KV knows who is revoked', { timeout: 120_000 }, async (t) => {
    const folder = await project({ 'main.js': WORKER, 'server.js': SERVER, 'wrangler.json': SETTINGS });
    const origin = await serve(t, folder, 'wrangler', ['dev', '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0']);
    for (const [name, users] of Object.entries({ PROOFS: ['ada', 'bob'], OLD_PROOFS: ['carol', 'dave'] })) {
      const place = `${origin}/${name}`;
      await assertShared(place, users);
      await assertEnds(place);
      // Keys that begin with the same letter are one object's; no proof's begins so.
      for (let n = 0; n < 300; n += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, m) => post(`${place}/claim?key=~${n + m}&life=${n === 0 ? 60 : -1}`)));
      }
      const look = async (path = '/look') => (await post(`${place}${path}`)).json();
      let { alarm, size } = await look();
      assert.equal(size, 300);
      const left = alarm - Date.now();
      assert.ok(left > 0 && left <= 60_000, `${left}`);
      await look('/off');
      // It sweeps what has ended, and comes again for the rest.
      const end = Date.now() + 10_000;
      while (size > 50 || alarm === null || alarm < Date.now()) {
        assert.ok(Date.now() < end, `${size} left, ${alarm}`);
        ({ alarm, size } = await look());
      }
      assert.equal(size, 50);
    }
  });
});

describe('Deno', () => {
  const MAIN = `
import { denoReplay, denoRevocation } from 'waxseal/stores';
import { server } from './server.js';

const kv = await Deno.openKv(Deno.args[0]);
const closed = await Deno.openKv(':memory:');
closed.close();
const stores = { replay: denoReplay(kv), revocation: denoRevocation(kv) };
const lost = { '/lost/replay': { replay: denoReplay(closed) }, '/lost/revocation': { revocation: denoRevocation(closed) } };
Deno.serve({ port: 0, hostname: '127.0.0.1' }, server(() => stores)({ broken: () => lost }));
`;

  // One process: a second one soon hears from a KV on a disk that the database is locked, and denies.
  it('Deno KV takes a proof once, also of many at a time, and knows who is revoked', { timeout: 120_000 }, async (t) => {
    const folder = await project({ 'main.js': MAIN, 'server.js': SERVER });
    const args = ['run', '--unstable-kv', '--allow-net=127.0.0.1', `--allow-read=${folder}`, `--allow-write=${folder}`, 'main.js', join(folder, 'kv')];
    const origin = await serve(t, folder, 'deno', args);
    await assertShared(origin);
    await assertEnds(origin);
  });
});
