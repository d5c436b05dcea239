// `waxseal check-config`, and the JSON Schema that it prints: whatever a gate takes is valid.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import { Gate } from '../../pkg/dist/index.js';
import { config, ISSUER, KEY, RESOURCE } from './issuer.mjs';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const CLI = path('../../pkg/dist/cli.js');
const SCHEMA = JSON.parse(await readFile(path('../../pkg/config.schema.json'), 'utf8'));
const validate = new (Ajv.default ?? Ajv)({ strict: true, strictTypes: false, strictRequired: false }).compile(SCHEMA);
const env = new Proxy({}, { get: () => 'x'.repeat(32) });

let folder;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'waxseal-')); });
after(() => rm(folder, { recursive: true, force: true }));

function run(...words) {
  const child = spawn(process.execPath, [CLI, ...words], { cwd: folder, env: { PATH: process.env.PATH } });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { written[name] += text; });
  return new Promise((resolve) => { child.on('close', (status) => resolve({ ...written, status })); });
}

async function check(name, text) {
  await writeFile(join(folder, name), typeof text === 'string' ? text : JSON.stringify(text));
  return run('check-config', name);
}

const rule = (members) => config({ policy: { rules: [members] } });
const requiring = (require) => rule({ require });
const issuer = (members) => config({ issuers: [{ ...config().issuers[0], ...members }] });

describe('a configuration that a gate takes', () => {
  it('is ok, and summed up', async () => {
    const whole = {
      resource: RESOURCE,
      issuers: [
        { ...config().issuers[0], claims: { optional: ['jti', 'sub'] } },
        { issuer: 'https://caracal.example.com', keys: { uri: 'https://caracal.example.com/jwks.json' }, profile: 'caracal', zone: 'zone-1' },
      ],
      dpop: { mode: 'required', nonce: { mode: 'always', secret: { env: 'NONCE_SECRET' } } },
      policy: { default: 'allow', body: 'hold_headers', rules: [{ match: { tool: 'x' } }, {}] },
      limits: { body: 1000 },
    };
    assert.deepEqual(await check('whole.json', whole), {
      stdout: `whole.json: ok
  issuers   ${ISSUER} (oauth), https://caracal.example.com (caracal, zone-1)
  may lack  ${ISSUER}: jti, sub
  rules     2, otherwise allow
  body      hold_headers, at most 1000 bytes
  secrets   NONCE_SECRET
`, stderr: '', status: 0,
    });
  });

  it('may be YAML', async () => {
    const text = `# a comment\nresource: ${RESOURCE}\nissuers:\n  - issuer: ${ISSUER}\n    keys: { discover: true }\npolicy: { rules: [{ match: { tool: "a*" } }] }\n`;
    for (const name of ['a.yaml', 'a.yml', 'a.conf']) {
      const { stdout, status } = await check(name, text);
      assert.deepEqual([status, stdout.split('\n').slice(0, 4)], [0, [`${name}: ok`, `  issuers   ${ISSUER} (oauth)`, '  may lack  nothing', '  rules     1, otherwise deny']]);
    }
  });

  it('stands beside others', async () => {
    await writeFile(join(folder, 'good.json'), JSON.stringify(config()));
    await writeFile(join(folder, 'bad.json'), JSON.stringify(config({ leeway: -1 })));
    const { stdout, stderr, status } = await run('check-config', 'good.json', 'bad.json', 'none.json', 'good.json');
    assert.deepEqual([status, stdout.match(/good\.json: ok/g).length], [1, 2]);
    assert.match(stderr, /^bad\.json: `leeway`: .*\nnone\.json: cannot be read \(ENOENT\)\n$/);
  });
});

describe('a fault is named', () => {
  const FAULTS = {
    'a member of JSON': ['a.json', config({ keys: { age: 0 } }), /^a\.json: `keys\.age`: `0` is not within 1 to 86400\n$/],
    'a member of YAML': ['a.yaml', `resource: ${RESOURCE}\nissuers:\n  - issuer: ${ISSUER}\n    keys: {}\n`, /^a\.yaml: `issuers\[0\]\.keys`: needs exactly one of/],
    'a rule': ['a.json', rule({ match: { tool: 'a*b' } }), /^a\.json: `policy\.rules\[0\]\.match\.tool.*`: .*\*/],
    'a name that stands there twice, in JSON': ['a.json', '{"resource":"a","resource":"b"}', /^a\.json: .*duplicate field `resource`/],
    'a name that stands there twice, in YAML': ['a.yaml', 'resource: a\nresource: b\n', /^a\.yaml:2:1: duplicated mapping key\n$/],
    'JSON that ends early': ['a.json', '{"resource":', /^a\.json: `resource`: EOF while parsing a value\n$/],
    'YAML that is none': ['a.yaml', 'a: [1\nb: {', /^a\.yaml:2:\d+: /],
    'several documents': ['a.yaml', '---\na: 1\n---\na: 2\n', /^a\.yaml.*: .*document/],
    'a list': ['a.yaml', '- 1\n', /^a\.yaml: /],
    'nothing': ['a.yaml', '', /^a\.yaml: /],
    'nothing in JSON': ['a.json', '', /^a\.json: EOF/],
    'infinity': ['a.yaml', `resource: ${RESOURCE}\nleeway: .inf\n`, /^a\.yaml: `leeway`: must be JSON data/],
    'a key that is none': ['a.json', issuer({ keys: { set: { keys: [] } } }), /^a\.json: `issuers\[0\]\.keys\.set/],
  };
  for (const [name, [file, text, message]] of Object.entries(FAULTS)) {
    it(name, async () => {
      const { stdout, stderr, status } = await check(file, text);
      assert.deepEqual([stdout, status], ['', 1], stderr);
      assert.match(stderr, message);
    });
  }

  it('wrong use', async () => {
    for (const [words, message] of [[[], /no FILE/], [['--schema', 'a'], /--schema stands alone/], [['--strict', 'a'], /unknown option --strict/]]) {
      const { stdout, stderr, status } = await run('check-config', ...words);
      assert.deepEqual([stdout, status], ['', 2]);
      assert.match(stderr, message);
    }
  });
});

describe('a configuration of Envoy\'s', () => {
  const stringValue = (value) => ({ '@type': 'type.googleapis.com/google.protobuf.StringValue', value });
  const filter = (name, configuration) => ({
    name: `http.${name}`,
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm', config: { name, configuration } },
  });
  const own = (name, members = {}) => filter(name, stringValue(JSON.stringify(config(members))));
  const envoy = (...filters) => ({ static_resources: { listeners: filters.map((one) => ({ filter_chains: [{ filters: [{ typed_config: { http_filters: [one, { name: 'router' }] } }] }] })) } });
  const other = filter('other', stringValue('{"a":1}'));

  it('is read where the filter has it', async () => {
    for (const given of [envoy(own('waxseal')), envoy(other, own('waxseal')), envoy(own('waxseal'), own('waxseal')), { resources: [own('waxseal')] }]) {
      const { stdout, stderr, status } = await check('envoy.json', given);
      assert.deepEqual([status, stdout.split('\n').slice(0, 2), stderr], [0, ['envoy.json: ok', `  issuers   ${ISSUER} (oauth)`], '']);
    }
    const { stdout, stderr, status } = await run('check-config', path('../../envoy-example/envoy.yaml'));
    assert.equal(status, 0, stderr);
    assert.match(stdout, /rules {5}5, otherwise deny\n.*hold_headers.*\n.*WAXSEAL_NONCE_SECRET/);
  });

  it('may hold several, of which one is named', async () => {
    await writeFile(join(folder, 'two.json'), JSON.stringify(envoy(own('one', { leeway: 1 }), own('two', { leeway: -1 }))));
    assert.deepEqual(await run('check-config', 'two.json'), { stdout: '', stderr: 'two.json: several filters, `one`, `two`: name one with --filter-name\n', status: 1 });
    assert.match((await run('check-config', '--filter-name', 'one', 'two.json')).stdout, /^two\.json: ok\n/);
    assert.match((await run('check-config', 'two.json', '--filter-name', 'two')).stderr, /^two\.json: two: `leeway`: /);
    assert.match((await run('check-config', 'two.json', '--filter-name', 'three')).stderr, /^two\.json: there is no Wasm filter "three", but `one`, `two`\n$/);
  });

  const FAULTS = {
    'a member of it': [envoy(own('waxseal', { leeway: -1 })), /^envoy\.json: waxseal: `leeway`: /],
    'a name that stands there twice': [envoy(filter('waxseal', stringValue('{"resource":"a","resource":"b"}'))), /^envoy\.json: waxseal: .*duplicate field `resource`/],
    'no JSON': [envoy(filter('waxseal', stringValue('resource: a'))), /^envoy\.json: waxseal: expected value at line 1 column 1\n$/],
    'a Struct': [envoy(filter('waxseal', { '@type': 'type.googleapis.com/google.protobuf.Struct', value: config() })), /^envoy\.json: `waxseal`: the configuration must be JSON in a google\.protobuf\.StringValue\n$/],
    'none': [envoy(filter('waxseal')), /StringValue/],
    'two of a name': [envoy(own('waxseal'), own('waxseal', { leeway: 1 })), /`waxseal` stands there more than once, and not the same/],
  };
  for (const [name, [given, message]] of Object.entries(FAULTS)) {
    it(`that is at fault: ${name}`, async () => {
      const { stdout, stderr, status } = await check('envoy.json', given);
      assert.deepEqual([stdout, status], ['', 1]);
      assert.match(stderr, message);
    });
  }

  it('is none without a Wasm filter', async () => {
    assert.match((await check('envoy.json', envoy())).stderr, /^envoy\.json: `static_resources`: /);
    await writeFile(join(folder, 'gate.json'), JSON.stringify(config()));
    assert.match((await run('check-config', 'gate.json', '--filter-name', 'a')).stderr, /^gate\.json: there is no Wasm filter "a"\n$/);
  });
});

describe('the schema', () => {
  it('is printed', async () => {
    const { stdout, status } = await run('check-config', '--schema');
    assert.deepEqual([JSON.parse(stdout), status], [SCHEMA, 0]);
    assert.equal(SCHEMA.$schema, 'https://json-schema.org/draft/2020-12/schema');
  });

  it('takes every configuration of the vectors', async () => {
    const vectors = path('../vectors');
    let configs = 0;
    for (const name of (await readdir(vectors)).filter((file) => file.endsWith('.json'))) {
      for (const [label, own] of Object.entries(JSON.parse(await readFile(join(vectors, name), 'utf8')).configs ?? {})) {
        assert.ok(validate(own), `${name}, ${label}: ${JSON.stringify(validate.errors)}`);
        configs += 1;
      }
    }
    assert.ok(configs > 50, `${configs}`);
  });

  it('describes every member', () => {
    const lacking = [];
    (function walk(schema, place) {
      for (const [name, member] of Object.entries(schema.properties ?? {})) {
        if (!member.description && !/delegation|Scopes|ClaimTest|Delegation/i.test(place) && name !== 'http') lacking.push(`${place}.${name}`);
      }
      for (const [name, def] of Object.entries(schema.$defs ?? {})) walk(def, name);
    })(SCHEMA, '');
    assert.deepEqual(lacking, []);
  });

  const GOOD = {
    'one or many': rule({ match: { tool: 'a', http: ['GET', 'POST'], message: 'request', arguments: { a: [1, 'x*', null], '/b': true } } }),
    'scopes as text': requiring({ scopes: 'a' }),
    'scopes as a list': requiring({ scopes: ['a', 'b'] }),
    'scopes as an object': requiring({ scopes: { all: 'a', any: ['b'] } }),
    'agents': requiring({ agent: true }),
    'some agents': requiring({ agent: ['a*', 'b'] }),
    'delegation': requiring({ delegation: true }),
    'delegation of some depth': requiring({ delegation: { required: false, depth: 3 } }),
    'claims': requiring({ claims: { a: 1, b: [true, null], c: { has: 'x' }, d: { has: ['x', 2] } } }),
    'every other requirement': requiring({ zone: 'z', targets: ['t'], session: true, chain: 'c', actor: 'a*', roles: ['r'], acr: 'x', amr: ['y'], max_age: 0 }),
    'operations': config({ policy: { operations: { list: [{ method: 'GET', path: '/a', scope: 's' }] } } }),
    'a hierarchy': config({ policy: { hierarchy: { admin: ['files:*'] } } }),
    'a Redis': config({ dpop: { mode: 'optional' }, replay: { store: { http: { uri: 'https://r.example.com', authorization: { env: 'A' } } } } }),
    'a local store': config({ replay: { store: 'local', capacity: 1000 } }),
    'a mandate': issuer({ profile: 'caracal', zone: 'z', use: 'resource', types: 'JWT' }),
    'discovery that is off': issuer({ keys: { set: { keys: [KEY.jwk] }, discover: false } }),
  };
  for (const [name, own] of Object.entries(GOOD)) {
    it(`and a gate take ${name}`, async () => {
      await Gate.open(own, { env });
      assert.ok(validate(own), JSON.stringify(validate.errors));
    });
  }

  const BROKEN = {
    'an unknown member': config({ realm: 'x' }),
    'an unknown member of an issuer': issuer({ scope: 'x' }),
    'an unknown member of a rule': rule({ matches: {} }),
    'an unknown member of a match': rule({ match: { tools: 'x' } }),
    'an unknown requirement': requiring({ scope: 'x' }),
    'an unknown member of scopes': requiring({ scopes: { some: ['x'] } }),
    'no resource': { ...config(), resource: undefined },
    'no issuers': config({ issuers: [] }),
    'two sources of keys': issuer({ keys: { discover: true, uri: 'https://as.example.com/' } }),
    'no source of keys': issuer({ keys: {} }),
    'discovery that is off, alone': issuer({ keys: { discover: false } }),
    'an algorithm that can never be configured': issuer({ algorithms: ['HS256'] }),
    'no algorithm': issuer({ algorithms: [] }),
    'an unknown profile': issuer({ profile: 'saml' }),
    'an unknown claim': issuer({ claims: { optional: ['exp'] } }),
    'an empty list': rule({ match: { tool: [] } }),
    'a star in the middle': rule({ match: { tool: 'a*b' } }),
    'an empty pattern': rule({ match: { tool: '' } }),
    'two stars': rule({ match: { tool: '**' } }),
    'an unknown message': rule({ match: { message: 'batch' } }),
    'an argument that is an object': rule({ match: { arguments: { a: {} } } }),
    'an agent that is none': requiring({ agent: false }),
    'a delegation that is none': requiring({ delegation: false }),
    'an unknown member of a delegation': requiring({ delegation: { hops: 1 } }),
    'a negative depth': requiring({ delegation: { depth: -1 } }),
    'a claim that has something else': requiring({ claims: { a: { is: 1 } } }),
    'a claim that is one of none': requiring({ claims: { a: [] } }),
    'an unknown effect': rule({ effect: 'audit' }),
    'an unknown enforcement': rule({ enforcement: 'log' }),
    'an unknown body mode': config({ policy: { body: 'stream' } }),
    'a list for an object': config({ policy: [] }),
    'text for a number': config({ leeway: '30' }),
    'half a second': config({ leeway: 0.5 }),
    'a secret that is written down': config({ dpop: { nonce: { secret: 'text' } } }),
    'a secret with more than its name': config({ dpop: { nonce: { secret: { env: 'A', value: 'b' } } } }),
    'no secret': config({ dpop: { nonce: { secret: null } } }),
    'an unknown store': config({ replay: { store: 'redis' } }),
    'a store without a place': config({ replay: { store: { http: {} } } }),
  };
  for (const [name, own] of Object.entries(BROKEN)) {
    it(`and a gate refuse ${name}`, async () => {
      await assert.rejects(Gate.open(own, { env }), { name: 'WaxsealError' });
      assert.equal(validate(JSON.parse(JSON.stringify(own))), false);
    });
  }

  it('has the bounds of a gate', async () => {
    const places = ['leeway', 'keys.age', 'keys.stale', 'keys.timeout', 'limits.token', 'limits.body', 'limits.cache', 'dpop.age', 'replay.capacity'];
    for (const place of places) {
      const [outer, inner] = place.split('.');
      const named = SCHEMA.properties[outer];
      const { minimum, maximum } = inner ? SCHEMA.$defs[named.$ref.split('/').at(-1)].properties[inner] : named;
      assert.ok(Number.isInteger(minimum) && Number.isInteger(maximum), place);
      for (const [value, good] of [[minimum, true], [maximum, true], [minimum - 1, false], [maximum + 1, false]]) {
        const own = config({ [outer]: inner ? { [inner]: value } : value });
        assert.equal(validate(own), good, `${place}: ${value}`);
        assert.equal(await Gate.open(own).then(() => true, () => false), good, `${place}: ${value}`);
      }
    }
  });
});
