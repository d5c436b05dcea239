// A policy in real Envoy between official MCP clients and servers of both eras, with tokens of a real authorization
// server: what is allowed works, what is denied says why, the client steps up by itself, and streams stream.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { ClientCredentialsProvider as ProviderV1 } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { readError } from '../../pkg/dist/client.js';
import { MODES } from '../envoy/calls.mjs';
import { Envoy } from '../envoy/envoy.mjs';
import { freePort } from '../js/loopback.mjs';
import { toolServer } from './tools.mjs';

const AUTHORIZATION_SERVER = fileURLToPath(new URL('../../envoy-example/authorization-server.mjs', import.meta.url));
const INFO = { name: 'test', version: '1.0.0' };

const RULES = [
  { name: 'session', match: { message: ['none', 'notification', 'response'] } },
  { name: 'protocol', match: { method: ['initialize', 'ping', 'server/discover', 'tools/list', 'logging/setLevel'] } },
  { name: 'read', match: { tool: ['read_*', 'watch'] }, require: { scopes: ['files:read'] } },
  { name: 'write', match: { tool: 'write_file' }, require: { scopes: ['files:write'] } },
];

let world;
before(async () => {
  const names = Object.keys(MODES);
  const [as, ...own] = await Promise.all([freePort(), ...names.map(freePort)]);
  const ports = Object.fromEntries(names.map((name, index) => [name, own[index]]));
  const resource = (mode) => `http://127.0.0.1:${ports[mode]}/mcp`;
  const server = await toolServer();
  const child = spawn(process.execPath, [AUTHORIZATION_SERVER, '--port', String(as), ...names.flatMap((mode) => ['--resource', resource(mode)])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const issuer = `http://127.0.0.1:${as}`;
  const configuration = (mode) => ({
    resource: resource(mode),
    issuers: [{ issuer, keys: { uri: `${issuer}/jwks`, cluster: 'as' }, algorithms: ['ES256'] }],
    scopes: ['files:read'],
    policy: { body: mode, rules: RULES, lists: 'filtered' },
  });
  const listener = (mode) => [mode, { ...MODES[mode], port: ports[mode], configuration: configuration(mode) }];
  const envoy = await Envoy.start({
    listeners: Object.fromEntries(names.map(listener)),
    clusters: { as, upstream: server.port },
    level: 'info',
  });
  world = { server, child, issuer, envoy, resource };
});
after(async () => {
  await world?.envoy.end();
  world?.child.kill();
  world?.server.close();
});

const credentials = () => ({ clientId: 'demo-client', clientSecret: 'demo-secret', expectedIssuer: world.issuer });

// SDK 1 asks for its own provider's scope, whatever the challenge says: what our reader makes of the reply helps it.
function versionOne() {
  class Provider extends ProviderV1 {
    wanted = new Set();
    prepareTokenRequest() {
      return super.prepareTokenRequest([...this.wanted].join(' '));
    }
  }
  const authProvider = new Provider(credentials());
  const reading = async (...request) => {
    const response = await fetch(...request);
    const { action } = response.ok ? {} : await readError(response);
    for (const scope of action?.scopes ?? action?.scope?.split(' ') ?? []) authProvider.wanted.add(scope);
    return response;
  };
  return { client: new ClientV1(INFO), Transport: TransportV1, authProvider, fetch: reading };
}

// The official client of each era, with a provider that gets tokens by itself.
const ERAS = {
  'MCP 2026-07-28': () => versionTwo({ versionNegotiation: { mode: { pin: '2026-07-28' } } }),
  'MCP 2025-11-25, SDK 2': () => versionTwo(),
  'MCP 2025-11-25, SDK 1': versionOne,
};

const versionTwo = (options) => ({
  client: new Client(INFO, options),
  Transport: StreamableHTTPClientTransport,
  authProvider: new ClientCredentialsProvider(credentials()),
});

async function connected(t, era, mode) {
  const { client, Transport, ...options } = ERAS[era]();
  await client.connect(new Transport(new URL(world.resource(mode)), options));
  t.after(() => client.close());
  return { client, authProvider: options.authProvider };
}

const scopeOf = (provider) => JSON.parse(Buffer.from(provider.tokens().access_token.split('.')[1], 'base64url')).scope;
const textOf = (result) => result.content[0].text;

for (const mode of Object.keys(MODES)) {
  for (const era of Object.keys(ERAS)) {
    describe(`${mode}, ${era}`, () => {
      it('an allowed tool works, and the client steps up for another', async (t) => {
        const { client, authProvider } = await connected(t, era, mode);
        assert.equal(scopeOf(authProvider), 'files:read');
        assert.equal(textOf(await client.callTool({ name: 'read_file', arguments: { name: 'a' } })), 'read a');
        const before = world.server.calls('write_file');
        assert.equal(textOf(await client.callTool({ name: 'write_file', arguments: { name: 'a' } })), 'wrote a');
        assert.equal(scopeOf(authProvider), 'files:read files:write');
        // Once: the denied call has not reached the server.
        assert.equal(world.server.calls('write_file'), before + 1);
      });

      it('lists only what the caller may use', async (t) => {
        const { client } = await connected(t, era, mode);
        const { tools } = await client.listTools();
        assert.deepEqual(tools.map(({ name }) => name).sort(), ['read_file', 'watch']);
      });

      it('a tool that no rule allows is denied, whether it exists or not', async (t) => {
        const { client } = await connected(t, era, mode);
        for (const name of ['drop_all', 'no_such_tool']) {
          await assert.rejects(client.callTool({ name, arguments: { name: 'a' } }), /policy_denied|403/);
        }
        assert.equal(world.server.calls('drop_all'), 0);
      });

      it('a stream brings its first event before the last is sent', { timeout: 20_000 }, async (t) => {
        const { client } = await connected(t, era, mode);
        const told = [];
        const id = `${mode} ${era}`;
        // The tool ends only when its first word has arrived here.
        const onprogress = ({ progress }) => {
          told.push(progress);
          world.server.release(id);
        };
        const request = { name: 'watch', arguments: { name: id } };
        const result = client instanceof ClientV1
          ? await client.callTool(request, undefined, { onprogress })
          : await client.callTool(request, { onprogress });
        assert.equal(textOf(result), `watched ${id}`);
        assert.ok(told.includes(1), 'no progress');
      });
    });
  }
}

it('every denial says which it is in the log, and no token stands there', async () => {
  await sleep(100);
  const lines = world.envoy.log.filter((line) => line.includes('"event":"denied"'));
  assert.ok(lines.some((line) => line.includes('policy_denied')));
  assert.ok(lines.some((line) => line.includes('insufficient_scope')));
  assert.ok(!world.envoy.log.join('\n').includes('eyJ'));
});
