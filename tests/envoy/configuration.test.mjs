// A configuration that the filter does not understand: Envoy does not start, and says which member and why.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listener } from './bootstrap.mjs';
import { Envoy, until } from './envoy.mjs';
import { behaviour } from './issuer.mjs';
import { from, gate, Stage } from './stage.mjs';
import { bearer, jwk, keySet } from './tokens.mjs';

const without = (name) => {
  const { [name]: _, ...rest } = gate();
  return rest;
};
const keys = (source) => gate({ issuer: { keys: source } });

// what is wrong: [configuration, what the log says after `configuration refused: `]
const AT_START = {
  'an unknown member': [gate({ colour: 'red' }), /^`colour`: .*unknown field/],
  'no resource': [without('resource'), /missing field `resource`/],
  'an http uri in the open, no cluster': [keys({ uri: 'http://as.example.com/jwks' }), /^`issuers\[0\]\.keys\.uri`: must be https/],
  'a uri without a cluster': [keys({ uri: 'https://as.example.com/jwks' }), /^`issuers\[0\]\.keys\.cluster`: .*cluster/],
  'an inline set without keys': [keys({ set: { keys: [] } }), /^`issuers\[0\]\.keys\.set`: holds no key/],
  'text that is not JSON': ['resource: https://mcp.example.com/mcp', /line 1 column 1|not JSON/],
};

const AT_UPDATE = {
  'an unknown member deep inside': [gate({ issuer: { claims: { mandatory: ['sub'] } } }), /^`issuers\[0\]\.claims\.mandatory`: .*unknown field/],
  'no issuers': [{ ...gate(), issuers: [] }, /^`issuers`: needs at least one$/],
  'no list of issuers': [without('issuers'), /missing field `issuers`/],
  'a resource that is no URL': [{ ...gate(), resource: 'mcp.example.com' }, /^`resource`: must be an absolute/],
  'set and uri': [keys({ uri: 'https://as.example.com/jwks', cluster: 'as', set: keySet('es-1') }), /^`issuers\[0\]\.keys`: needs exactly one of `set`, `uri` and `discover`$/],
  'neither set nor uri': [keys({ cluster: 'as' }), /^`issuers\[0\]\.keys`: needs exactly one of `set`, `uri` and `discover`$/],
  'an inline set of unusable keys': [
    keys({ set: { keys: [jwk('rs-weak'), { kty: 'oct', k: 'AAAA' }] } }), /^`issuers\[0\]\.keys\.set`: holds no key/,
  ],
  'an inline set that is none': [keys({ set: [] }), /^`issuers\[0\]\.keys\.set`: is not a key set/],
  'an algorithm that can never be': [gate({ issuer: { algorithms: ['ES256', 'none'] } }), /^`issuers\[0\]\.algorithms`: .*`none`/],
  'a number out of range': [gate({ keys: { timeout: 0 } }), /^`keys\.timeout`: `0` is not within 1 to 60$/],
  'a member of another type': [gate({ leeway: '30' }), /^`leeway`: invalid type/],
  'a header that cannot carry a claim': [gate({ forward: { headers: { Authorization: 'sub' } } }), /^`forward\.headers\.Authorization`: /],
  'JSON that is no object': ['[]', /./],
  'two objects': [`${JSON.stringify(gate())}{}`, /trailing characters/],
  'an empty text': ['', /./],
  'bytes that are not UTF-8': [{ '@type': 'type.googleapis.com/google.protobuf.BytesValue', value: Buffer.from('{"resource":"\xff"}', 'latin1').toString('base64') }, /./],
  'none at all': [undefined, /./],
  'a Struct': [{ '@type': 'type.googleapis.com/google.protobuf.Struct', value: gate() }, /./],
};

describe('Envoy does not start', { concurrency: 2 }, () => {
  for (const [name, [configuration, why]] of Object.entries(AT_START)) {
    test(name, { timeout: 60_000 }, async () => {
      // An operator who prefers open doors does not get one here.
      const listeners = { gate: { configuration, wasm: { failure_policy: 'FAIL_OPEN' } } };
      const { exit, log, refusals } = await Envoy.refuse({ listeners, clusters: { as: 9, upstream: 9 } });
      assert.ok(Number.isInteger(exit) && exit !== 0, `exit: ${exit}`);
      assert.ok(refusals.length > 0, log.join('\n'));
      for (const refusal of refusals) assert.match(refusal.why, why);
    });
  }
});

describe('an update', () => {
  let stage;
  before(async () => {
    stage = await Stage.open({});
  });
  // The refusals, and Envoy's own words about them.
  after(() => stage?.end({ expected: /configuration refused|\bplugin\b/i }));

  const dynamic = (name, configuration) => listener(name, { configuration });

  test('that is refused changes nothing: the old listener works on', { timeout: 60_000 }, async () => {
    const { envoy } = stage;
    await envoy.discover('listeners', [dynamic('sound', gate())]);
    await envoy.listens('sound');
    await stage.passes('sound');

    const names = Object.keys(AT_UPDATE);
    const bad = names.map((name, n) => dynamic(`bad-${n}`, AT_UPDATE[name][0]));
    await envoy.discover('listeners', [dynamic('sound', gate({ colour: 'red' })), ...bad]);
    await until('all refusals', () => new Set(envoy.refusals().map(({ name }) => name)).size === names.length + 1);

    for (const { name, why } of envoy.refusals()) {
      const [, expected] = name === 'sound' ? [undefined, /^`colour`/] : AT_UPDATE[names[name.slice(4)]];
      assert.match(why, expected, name);
    }
    await stage.passes('sound');
    assert.deepEqual(await envoy.listening(), ['sound']);
  });

  test('that is sound is taken, with few members and with all', { timeout: 60_000 }, async () => {
    const { envoy } = stage;
    const full = {
      ...gate({
        issuer: {
          audience: ['https://mcp.example.com/mcp'], algorithms: ['ES256', 'RS256'], types: ['at+jwt', 'JWT'],
          claims: { optional: ['sub', 'client_id', 'jti', 'iat'] },
        },
      }),
      keys: { age: 300, timeout: 5 }, scopes: ['a'], leeway: 30, limits: { token: 16384 },
      errors: { base: 'urn:waxseal:error:', vocabulary: 'oauth', verbose: false }, challenge: { realm: 'mcp' },
      forward: { headers: { 'x-user': 'sub' }, authorization: 'strip' },
    };
    const taken = {
      sound: gate(),
      full,
      inline: keys({ set: keySet('es-1') }),
      loopback: keys({ uri: 'http://127.0.0.1:9/jwks', cluster: 'as' }),
      spaced: ` \n${JSON.stringify(gate())}\n`,
      bytes: { '@type': 'type.googleapis.com/google.protobuf.BytesValue', value: Buffer.from(JSON.stringify(gate())).toString('base64') },
    };
    const discover = (configurations) =>
      envoy.discover('listeners', Object.entries(configurations).map(([name, configuration]) => dynamic(name, configuration)));
    await discover(taken);
    for (const name of Object.keys(taken)) await envoy.listens(name);
    for (const name of ['sound', 'inline', 'loopback', 'spaced', 'bytes']) await stage.passes(name);
    // By itself: a listener that is new in the same update would share the replaced one's port, since both ask for port 0.
    await discover({ ...taken, sound: gate({ scopes: ['new'] }) });
    await until('the update', async () => (await stage.ask('sound', { headers: { authorization: bearer() } })).status === 403);
  });

  test('while a request waits for its keys: it gets its answer, and the next one the new configuration', { timeout: 60_000 }, async () => {
    const { envoy, issuer } = stage;
    const waiting = (members) => dynamic('waiting', gate({ issuer: { keys: from('/jwks/waiting') }, ...members }));
    await envoy.discover('listeners', [waiting()]);
    await envoy.listens('waiting');
    const release = issuer.hold('/jwks/waiting', behaviour.good('es-1'));
    const held = stage.ask('waiting', { headers: { authorization: bearer() } });
    await issuer.asked('/jwks/waiting');

    await envoy.discover('listeners', [waiting({ scopes: ['new'] })]);
    await until('the update', async () => (await stage.ask('waiting')).values('www-authenticate')[0].includes('scope="new"'));
    release();
    assert.equal((await held).status, 200);
    assert.equal((await stage.ask('waiting', { headers: { authorization: bearer() } })).status, 403);
  });
});
