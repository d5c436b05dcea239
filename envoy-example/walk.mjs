// walks through what the gate lets pass and what it denies, and checks every reply.
// demo.sh starts everything and calls this; it may also be called by hand while `demo.sh --keep` runs
// (not within 30 seconds of a rotation: so often the gate asks for an unknown key)
//
//   node walk.mjs --resource URL --as PORT --mcp PORT [--log envoy.log]

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, ClientCredentialsProvider, DpopSession, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
// for everybody else: 'waxseal/client'
import { createDpop } from '../pkg/dist/client.js';

const { values: options } = parseArgs({
  options: {
    resource: { type: 'string', default: 'http://127.0.0.1:10000/mcp' },
    as: { type: 'string', default: '10001' },
    mcp: { type: 'string', default: '10002' },
    log: { type: 'string' },
  },
});

const { resource } = options;
const { origin, pathname } = new URL(resource);
const issuer = `http://127.0.0.1:${options.as}`;
const metadata = `${origin}/.well-known/oauth-protected-resource${pathname}`;
const scope = 'files:read';
const algorithms = 'ES256 EdDSA PS256 RS256';

// ---- printing

const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text);
const [bold, faint, red, green, yellow, cyan] = [1, 2, 31, 32, 33, 36].map(paint);

// nobody should learn to print whole tokens and proofs
const shorten = (text) => text.replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, (token) => `${token.slice(0, 10)}...${token.slice(-6)}`);

// short JSON on one line, longer JSON with one line per member
function pretty(body) {
  let json;
  try {
    json = JSON.parse(body);
  } catch {
    return body.trimEnd();
  }
  if (body.length < 80) return body;
  const members = Object.entries(json).map(([name, value]) => `  "${name}": ${JSON.stringify(value)}`);
  return `{\n${members.join(',\n')}\n}`;
}

function print(mark, first, headers, body) {
  // fetch joins fields of one name; these two came apart
  const fields = headers.flatMap(([name, value]) => value.split(/, (?=DPoP )/).map((one) => `${cyan(name)}: ${one}`));
  const lines = [bold(first), ...fields];
  if (body) lines.push(...pretty(body).split('\n'));
  console.log(shorten(lines.map((line) => `  ${faint(mark)} ${line}`).join('\n')));
}

// ---- asking

// a fetch that shows what was sent and what came back
async function show(url, init = {}) {
  const request = new Request(url, init);
  const response = await fetch(request.clone(), { signal: AbortSignal.timeout(20_000) });
  if (request.url.startsWith(origin)) {
    print('>', `${request.method} ${request.url}`, [...request.headers], await request.text());
    print('<', `${response.status} ${response.statusText}`, [...response.headers], await response.clone().text());
  } else {
    // between the client and the authorization server: one line is enough
    console.log(`  ${faint('.')} ${request.method} ${request.url} ${response.status}`);
  }
  return response;
}

async function ask(url, init) {
  const response = await show(url, init);
  const text = await response.text();
  const isJson = /^application\/(.+\+)?json/.test(response.headers.get('content-type'));
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

// a message of an MCP client, with these headers
const send = (headers, message) =>
  ask(resource, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify(message),
  });

const calling = (name, given) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } });

// the smallest MCP call
const call = (credentials) => send(credentials, calling('whoami'));

const bearer = (token) => ({ authorization: `Bearer ${token}` });

async function requestToken({ client = 'demo-client', scope: wanted = scope, audience = resource, through = fetch } = {}) {
  const response = await through(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:demo-secret`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: wanted, resource: audience }),
  });
  if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
  return response.json();
}

// how the MCP client gets tokens
const createProvider = () =>
  new ClientCredentialsProvider({ clientId: 'demo-client', clientSecret: 'demo-secret', expectedIssuer: issuer });

const getToken = async (wanted) => (await requestToken(wanted)).access_token;

const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

const count = async (port) => (await fetch(`http://127.0.0.1:${port}/demo/count`)).json();

// ---- checking

const rows = [];
let faults;
const check = (what, got, expected) => {
  if (got !== expected) faults.push(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
};

// each step tells what it expects; whether the MCP server was reached is counted there
async function step(title, expected, act) {
  console.log(`\n${bold(`${rows.length + 1}. ${title}`)}`);
  faults = [];
  const before = (await count(options.mcp)).received;
  let result;
  try {
    result = await act();
  } catch (error) {
    faults.push(`failed: ${error.stack}`);
  }
  const arrived = (await count(options.mcp)).received - before;
  check('reached the MCP server', arrived > 0, expected === 'passes');
  for (const fault of faults) console.log(shorten(red(`  ! ${fault}`)));
  rows.push({ title, expected, arrived, ok: faults.length === 0 });
  return result;
}

function checkMetadata({ status, headers, json }) {
  check('status', status, 200);
  check('content-type', headers.get('content-type'), 'application/json');
  check('resource', json?.resource, resource);
  check('authorization_servers', String(json?.authorization_servers), issuer);
  check('bearer_methods_supported', String(json?.bearer_methods_supported), 'header');
  check('scopes_supported', String(json?.scopes_supported), scope);
  check('dpop_signing_alg_values_supported', json?.dpop_signing_alg_values_supported?.join(' '), algorithms);
  check('dpop_bound_access_tokens_required', json?.dpop_bound_access_tokens_required, false);
}

function checkPass({ status, text }) {
  check('status', status, 200);
  check('answered by the tool', text.includes('demo-client'), true);
}

const checkNonce = ({ headers }) => check('dpop-nonce', /^[\w-]{22}$/.test(headers.get('dpop-nonce')), true);

// a challenge for each scheme; clients that only know Bearer do not know DPoP's own errors
function challenges({ error, reason, needs = scope }) {
  const challenge = (scheme, code, ...more) => {
    const quoted = [...more, reason !== 'missing_token' && `error="${code}"`, `scope="${needs}"`, `resource_metadata="${metadata}"`];
    return `${scheme} ${quoted.filter(Boolean).join(', ')}`;
  };
  const known = ['invalid_dpop_proof', 'use_dpop_nonce'].includes(error) ? 'invalid_token' : error;
  return [challenge('Bearer', known), challenge('DPoP', error, `algs="${algorithms}"`)].join(', ');
}

async function checkDenial({ status, headers, json }, expected) {
  const { error, reason } = expected;
  check('status', status, expected.status);
  check('content-type', headers.get('content-type'), 'application/problem+json');
  // no challenge where no other token would help
  check('www-authenticate', headers.get('www-authenticate'), expected.final ? null : challenges(expected));
  if (!expected.final) {
    checkNonce({ headers });
    check('cache-control', headers.get('cache-control'), 'no-store');
  }
  check('error', json?.error, error);
  check('type', json?.type, `urn:waxseal:error:${reason}`);
  check('title', json?.title, { 401: 'Unauthorized', 403: 'Forbidden' }[status]);
  check('status in the body', json?.status, status);
  check('detail', typeof json?.detail, 'string');
  check('error_description', json?.error_description, json?.detail);
  check('requestId', typeof json?.requestId, 'string');
  await checkLog(json?.requestId, reason);
}

// the reason also stands in Envoy's access log, found by the request's id
async function checkLog(id, reason) {
  if (!options.log) return;
  let line;
  for (let turn = 0; turn < 30 && !line; turn += 1) {
    if (turn) await sleep(100);
    line = readFileSync(options.log, 'utf8').split('\n').find((one) => one.startsWith('access ') && one.endsWith(` ${id}`));
  }
  if (line) console.log(`  ${faint('# envoy:')} ${line}`);
  check('reason in the access log', line?.match(/\b[a-z]+_[a-z_]+\b/g)?.includes(reason), true);
}

const deny = (title, reason, credentials, { status = 401, error = 'invalid_token' } = {}) =>
  step(title, `${status} ${reason}`, async () => {
    const reply = await call(await credentials());
    await checkDenial(reply, { status, error, reason });
    return reply;
  });

// ---- the walk

const begun = performance.now();
// this one lives for a second: it is over when its turn comes
const expiring = await getToken({ client: 'hasty-client' });

await step('metadata document, path form', '200', async () => checkMetadata(await ask(metadata)));
await step('metadata document, root form', '200', async () =>
  checkMetadata(await ask(`${origin}/.well-known/oauth-protected-resource`)),
);

await deny('no token', 'missing_token', () => undefined);

await step('the official MCP client, a valid token', 'passes', async () => {
  // it knows the server's URL and its own secret; where to get a token it learns from the 401
  const authProvider = createProvider();
  const client = new Client({ name: 'walk', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  // x-user is a lie that must not arrive
  const requestInit = { headers: { 'x-user': 'somebody-else' } };
  await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider, requestInit, fetch: show }));
  const file = await client.callTool({ name: 'read_file', arguments: { name: 'hello.txt' } });
  check('read_file', file.content[0].text, 'hello from behind the gate');
  const caller = await client.callTool({ name: 'whoami' });
  check('whoami', caller.content[0].text, '{"user":"demo-client","client":"demo-client","token":"removed by the gate"}');
  await client.close();
});

await deny('expired', 'token_expired', async () => {
  // its second and the leeway of envoy.yaml
  await sleep(Math.max(0, 2100 - (performance.now() - begun)));
  return bearer(expiring);
});

await deny('meant for another server', 'audience_mismatch', async () =>
  bearer(await getToken({ audience: `${origin}/elsewhere` })),
);

await deny('tampered: another scope written in', 'signature_invalid', async () => {
  const token = await getToken();
  const [header, , signature] = token.split('.');
  const claims = claimsOf(token);
  claims.scope += ' files:write';
  return bearer([header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.'));
});

await deny('the scope is missing', 'insufficient_scope', async () => bearer(await getToken({ scope: 'files:write' })), {
  status: 403,
  error: 'insufficient_scope',
});

await step('a new key: unknown `kid`, key set fetched again', 'passes', async () => {
  const before = (await count(options.as)).keys;
  await show(`${issuer}/demo/rotate`, { method: 'POST' });
  checkPass(await call(bearer(await getToken())));
  const after = (await count(options.as)).keys;
  console.log(`  ${faint('.')} key set fetched: ${before} -> ${after}`);
  check('fetches of the key set', after - before, 1);
});

// ---- DPoP: a token that is worth nothing without its key

const dpop = await createDpop();

const bound = await step('a token bound to a key', '200', async () => {
  // the authorization server wants a nonce, too: refused once, `dpop.fetch` asks again with it
  const { access_token: token, token_type: type } = await requestToken({ through: dpop.fetch(show) });
  const { cnf } = claimsOf(token);
  console.log(`  ${faint('.')} token_type ${type}, cnf ${JSON.stringify(cnf)}`);
  check('token_type', type, 'DPoP');
  check('cnf.jkt', cnf?.jkt, dpop.thumbprint);
  return token;
});

const prove = (members) => dpop.proof({ method: 'POST', url: resource, token: bound, ...members });
const proven = (proof) => ({ authorization: `DPoP ${bound}`, dpop: proof });
const faulty = { error: 'invalid_dpop_proof' };

const denied = await deny('a proof without a nonce', 'nonce_missing', async () => proven(await prove()), { error: 'use_dpop_nonce' });
const nonce = denied?.headers.get('dpop-nonce');
const proof = await prove({ nonce });

await step('again, with the nonce', 'passes', async () => {
  const reply = await call(proven(proof));
  checkPass(reply);
  checkNonce(reply);
});

await deny('the same proof once more', 'proof_replayed', () => proven(proof), faulty);

await deny(
  'a proof for another URL',
  'proof_url_mismatch',
  async () => proven(await prove({ nonce, url: `${origin}/elsewhere` })),
  faulty,
);

await deny('stolen: with the key of a thief', 'proof_key_mismatch', async () => {
  const thief = await createDpop();
  return proven(await thief.proof({ method: 'POST', url: resource, token: bound, nonce }));
});

await deny('stolen: as a bearer token', 'bound_token_as_bearer', () => bearer(bound));

await step('the official MCP client, through `dpop.fetch`', 'passes', async () => {
  // it knows nothing of keys: its requests get their proofs on the way, that for a token, too
  const authProvider = createProvider();
  const client = new Client({ name: 'walk', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider, fetch: dpop.fetch(show) }));
  const { tools } = await client.listTools();
  check('tools', tools.map(({ name }) => name).join(' '), 'read_file whoami');
  const caller = await client.callTool({ name: 'whoami' });
  check('whoami', caller.content[0].text, '{"user":"demo-client","client":"demo-client","token":"removed by the gate"}');
  check('token_type', authProvider.tokens().token_type, 'DPoP');
  await client.close();
});

await step('the official MCP client, with DPoP of its own', 'passes', async () => {
  const session = await DpopSession.create();
  const authProvider = Object.assign(createProvider(), { dpop: () => session });
  const client = new Client({ name: 'walk', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider, fetch: show }));
  const file = await client.callTool({ name: 'read_file', arguments: { name: 'plan.txt' } });
  check('read_file', file.content[0].text, 'seal it, send it, check the seal');
  check('token_type', authProvider.tokens().token_type, 'DPoP');
  await client.close();
});

// ---- the policy of envoy.yaml: who may use which tool

const text = (result) => result.content[0].text;
const refuse = (title, reason, tool, wanted, expected = {}) =>
  step(title, `403 ${reason}`, async () => {
    const reply = await send(bearer(await getToken(wanted)), calling(tool, { name: 'plan.txt' }));
    await checkDenial(reply, { status: 403, error: 'access_denied', reason, final: true, ...expected });
  });

await refuse('writing with a token for reading', 'insufficient_scope', 'write_file', {}, {
  error: 'insufficient_scope',
  needs: 'files:read files:write',
  final: false,
});

await step('the official MCP client steps up by itself', 'passes', async () => {
  const authProvider = createProvider();
  const client = new Client({ name: 'walk', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider, fetch: show }));
  check('scope before', claimsOf(authProvider.tokens().access_token).scope, 'files:read');
  const { tools } = await client.listTools();
  check('tools before', tools.map(({ name }) => name).join(' '), 'read_file whoami');
  const result = await client.callTool({ name: 'write_file', arguments: { name: 'new.txt', text: 'sealed' } });
  check('write_file', text(result), 'wrote `new.txt`');
  check('scope after', claimsOf(authProvider.tokens().access_token).scope, 'files:read files:write');
  const more = await client.listTools();
  check('tools after', more.tools.map(({ name }) => name).join(' '), 'read_file write_file whoami');
  await client.close();
});

const all = 'files:read files:admin';
await refuse('a tool that does not exist', 'policy_denied', 'format_disk', { scope: all });
await refuse('the admin tool, not by an agent', 'policy_denied', 'delete_file', { scope: all });
await refuse('by an agent with three hops', 'hop_count_exceeded', 'delete_file', { client: 'far-agent-client', scope: all }, {
  error: 'hop_count_exceeded',
});
await step('by an agent with two', 'passes', async () => {
  const token = await getToken({ client: 'agent-client', scope: all });
  const { status, text: body } = await send(bearer(token), calling('delete_file', { name: 'new.txt' }));
  check('status', status, 200);
  check('delete_file', body.includes('deleted `new.txt`'), true);
});

const malformed = (title, reason, code, message, headers = {}) =>
  step(title, `400 ${reason}`, async () => {
    const { status, headers: got, json } = await send({ ...bearer(await getToken()), ...headers }, message);
    check('status', status, 400);
    check('content-type', got.get('content-type'), 'application/json');
    check('JSON-RPC code', json?.error?.code, code);
  });

await malformed('a header that names another tool', 'header_mismatch', -32020, calling('delete_file'), {
  'mcp-method': 'tools/call',
  'mcp-name': 'read_file',
});
await malformed('two calls in one batch', 'invalid_rpc_request', -32600, [calling('read_file'), calling('delete_file')]);

// ---- the summary

console.log(`\n${bold('summary')}`);
const [width, span] = ['title', 'expected'].map((column) => Math.max(...rows.map((row) => row[column].length)));
for (const { title, expected, arrived, ok } of rows) {
  const reached = arrived ? `${arrived} reached the server` : 'none reached the server';
  console.log(
    `  ${ok ? green('ok    ') : red('failed')}  ${title.padEnd(width)}  ${(expected === 'passes' ? green : yellow)(expected.padEnd(span))}  ${faint(reached)}`,
  );
}
const good = rows.filter(({ ok }) => ok).length;
console.log((good === rows.length ? green : red)(`\n${good} of ${rows.length} as expected`));
process.exitCode = good === rows.length ? 0 : 1;
