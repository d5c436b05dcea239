// `waxseal policy test`: tables of calls, decided by a real gate.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../pkg/dist/cli.js', import.meta.url));

const CONFIG = {
  resource: 'https://api.example.com/mcp',
  issuers: [{ issuer: 'https://as.example.com', keys: { discover: true, cluster: 'as' }, algorithms: ['RS256'] }],
  policy: {
    hierarchy: { admin: ['files:*'] },
    rules: [
      { name: 'reads', match: { tool: 'read_*' }, require: { scopes: 'files:read' } },
      { name: 'writes', match: { tool: 'write_*' }, require: { scopes: ['files:read', 'files:write'] } },
      { name: 'wipes', match: { tool: 'wipe', arguments: { all: true } }, effect: 'deny' },
      { match: { tool: 'wipe' }, require: { agent: true, delegation: { depth: 2 } } },
      { name: 'resources', match: { resource: 'file:///public/*' } },
      { name: 'prompts', match: { prompt: 'greet', method: 'prompts/get' } },
      { name: 'completions', match: { method: 'completion/complete' } },
      { name: 'notes', match: { message: ['notification', 'response'] } },
      { name: 'sessions', match: { http: ['GET', 'DELETE'], message: 'none' } },
      { name: 'trial', match: { method: 'tools/list' }, require: { roles: 'lister' }, enforcement: 'shadow' },
    ],
  },
};

const CALLERS = {
  reader: { sub: 'alice', scope: 'files:read' },
  admin: { scope: 'admin' },
  agent: { agent_id: 'a-1', act: { sub: 'a-1', act: { sub: 'a-2' } } },
  far: { agent_id: 'a-1', act: { sub: 'a-1', act: { sub: 'a-2', act: { sub: 'a-3' } } } },
};

let folder;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'waxseal-')); });
after(() => rm(folder, { recursive: true, force: true }));

function run(...words) {
  const child = spawn(process.execPath, [CLI, ...words], { cwd: folder, env: { PATH: process.env.PATH, NODE_OPTIONS: '--import=data:text/javascript,globalThis.fetch=()=>{process.exit(9)}' } });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { written[name] += text; });
  return new Promise((resolve) => { child.on('close', (status) => resolve({ ...written, status })); });
}

/** Runs a table; with `--json`, what it writes is read. */
async function tested(table, ...options) {
  await writeFile(join(folder, 'table.json'), JSON.stringify(table));
  return run('policy', 'test', ...options, 'table.json');
}

async function results(cases, members = {}) {
  const ended = await tested({ config: CONFIG, callers: CALLERS, cases, ...members }, '--json');
  assert.equal(ended.stderr, '');
  return { ...JSON.parse(ended.stdout), status: ended.status };
}

const pass = async (cases, members) => {
  const { failed, cases: made } = await results(cases, members);
  assert.equal(failed, 0, JSON.stringify(made.filter(({ passed }) => !passed), null, 2));
};

describe('calls of every kind', () => {
  const CASES = {
    'a tool': [
      { caller: 'reader', tool: 'read_file', expect: 'allow', rule: 'reads' },
      { caller: 'admin', tool: 'read_file', arguments: { path: 'a' }, expect: 'allow' },
      { caller: 'reader', tool: 'write_file', expect: { deny: 'insufficient_scope', scope: 'files:write files:read' }, rule: 'writes' },
      { tool: 'read_file', expect: { deny: 'insufficient_scope', scope: ['files:read'] } },
      { caller: 'reader', tool: 'other', expect: { deny: 'policy_denied' } },
    ],
    'arguments': [
      { caller: 'agent', tool: 'wipe', arguments: { all: true }, expect: { deny: 'policy_denied' }, rule: 'wipes' },
      { caller: 'agent', tool: 'wipe', arguments: { all: false }, expect: 'allow', rule: 'rules[3]' },
    ],
    'agents and delegation': [
      { caller: 'far', tool: 'wipe', expect: { deny: 'hop_count_exceeded' }, rule: 'rules[3]' },
      { caller: 'reader', tool: 'wipe', expect: { deny: 'policy_denied' } },
    ],
    'a resource': [
      { resource: 'file:///public/a', expect: 'allow', rule: 'resources' },
      { method: 'resources/subscribe', resource: 'file:///public/a', expect: 'allow' },
      { resource: 'file:///private/a', expect: 'deny' },
      { resource: 'file:///public/../private/a', expect: { deny: 'invalid_params' } },
    ],
    'a prompt': [{ prompt: 'greet', expect: 'allow', rule: 'prompts' }, { prompt: 'bye', expect: 'deny' }],
    'a completion': [
      { method: 'completion/complete', prompt: 'greet', params: { argument: { name: 'a', value: 'b' } }, expect: 'allow', rule: 'completions' },
      { method: 'completion/complete', resource: 'file:///private/a', expect: 'allow', rule: 'completions' },
    ],
    'a notification, and an answer': [
      { message: 'notification', method: 'notifications/initialized', expect: 'allow', rule: 'notes' },
      { message: 'response', expect: 'allow', rule: 'notes' },
      { method: 'notifications/initialized', expect: 'deny' },
    ],
    'no message': [
      { http: 'GET', expect: 'allow', rule: 'sessions' },
      { http: 'GET', path: '/mcp', expect: 'allow' },
      { http: 'DELETE', message: 'none', expect: 'allow' },
      { http: 'POST', message: 'none', expect: 'deny' },
    ],
    'a rule in shadow': [
      { method: 'tools/list', expect: 'allow', rule: 'trial', shadow: 'trial' },
      { caller: 'reader', tool: 'read_file', expect: 'allow', shadow: [] },
    ],
    'nobody': [
      { caller: null, tool: 'read_file', expect: { deny: 'missing_token' } },
      { caller: null, http: 'GET', path: '/.well-known/oauth-protected-resource/mcp', expect: 'answer' },
    ],
    'parameters that the gate refuses': [{ method: 'tools/call', params: { name: 5 }, expect: { deny: 'invalid_params' } }],
  };
  for (const [name, cases] of Object.entries(CASES)) it(name, () => pass(cases));
});

describe('callers', () => {
  const open = { ...CONFIG, policy: undefined };

  it('have what every token needs, and what they say', () => pass([
    { caller: 'plain', http: 'GET', expect: 'allow' },
    { caller: 'other audience', http: 'GET', expect: { deny: 'audience_mismatch' } },
    { caller: 'no subject', http: 'GET', expect: { deny: 'claim_missing' } },
    { caller: 'other issuer', http: 'GET', expect: { deny: 'issuer_unknown' } },
    { caller: 'old', http: 'GET', expect: { deny: 'token_expired' } },
  ], {
    config: open, now: 1_700_000_000,
    callers: {
      plain: {}, 'other audience': { aud: 'https://other.example.com' }, 'no subject': { sub: null }, 'other issuer': { iss: 'https://other.example.com' }, old: { exp: 1_699_999_000 },
    },
  }));

  it('may be known for some time', () => pass([
    { caller: 'fresh', http: 'GET', expect: 'allow' },
    { caller: 'stale', http: 'GET', expect: { deny: 'insufficient_user_authentication' } },
  ], {
    config: { ...open, policy: { require: { max_age: 60 } } }, now: 1_700_000_000,
    callers: { fresh: { auth_time: 1_699_999_990 }, stale: { auth_time: 1_699_999_000 } },
  }));

  for (const algorithms of [undefined, ['EdDSA', 'ES256'], ['PS256'], ['RS256']]) {
    it(`may prove that they hold a key: ${algorithms?.join() ?? 'as usual'}`, () => pass([
      { caller: 'bound', http: 'GET', expect: 'allow' },
      { caller: 'bound', http: 'GET', expect: 'allow' },
      { caller: 'bound', tool: 'read_file', expect: 'allow' },
      { caller: 'bearer', http: 'GET', expect: { deny: 'token_not_bound' } },
    ], {
      config: { ...open, dpop: { mode: 'required', algorithms, nonce: { mode: 'always', secret: { env: 'NONCE' } } }, replay: { store: { http: { uri: 'https://r.example.com', authorization: { env: 'R' } } } } },
      callers: { bound: { dpop: true }, bearer: { dpop: false } },
    }));
  }

  it('that a rule wants to be bound are denied in its name', () => pass([
    { caller: 'bearer', tool: 'pay', expect: { deny: 'token_not_bound' }, rule: 'pays' },
    { caller: 'bound', tool: 'pay', expect: 'allow', rule: 'pays' },
  ], {
    config: { ...open, dpop: { mode: 'optional' }, policy: { rules: [{ name: 'pays', match: { tool: 'pay' }, require: { dpop: true } }] } },
    callers: { bound: { dpop: true }, bearer: {} },
  }));

  it('may have mandates of Caracal', () => pass([
    { caller: 'mandate', tool: 'a', expect: 'allow' },
    { caller: 'other zone', tool: 'a', expect: { deny: 'invalid_zone' } },
    { caller: 'other target', tool: 'a', expect: { deny: 'target_missing' }, rule: 'all' },
    { caller: 'far', tool: 'a', expect: { deny: 'hop_count_exceeded' } },
  ], {
    config: { ...open, issuers: [{ issuer: 'https://c.example.com', keys: { discover: true }, profile: 'caracal', zone: 'z-1' }], policy: { rules: [{ name: 'all', require: { targets: 'resource://a' } }] } },
    callers: { mandate: { target: ['resource://a'] }, 'other zone': { zone_id: 'z-2' }, 'other target': { target: ['resource://b'] }, far: { target: ['resource://a'], hop_count: 11 } },
  }));

  it('of several issuers', () => pass([
    { caller: 'one', http: 'GET', expect: 'allow' },
    { caller: 'two', http: 'GET', expect: 'allow' },
  ], {
    config: { ...open, issuers: [...open.issuers, { issuer: 'https://two.example.com', keys: { uri: 'https://two.example.com/jwks' }, audience: ['two'], types: 'JWT' }] },
    callers: { one: {}, two: { iss: 'https://two.example.com' } },
  }));
});

describe('what is written', () => {
  const cases = [
    { caller: 'reader', tool: 'read_file', expect: 'allow' },
    { caller: 'reader', tool: 'write_file', expect: 'allow' },
    { name: 'a name', caller: 'reader', tool: 'read_file', expect: { deny: 'insufficient_scope', scope: 'x' }, rule: 'writes' },
    { tool: 'other', expect: 'allow' },
    { method: 'tools/list', expect: 'allow', shadow: [] },
  ];

  it('is a line for each that fails, a sum, and the rules that no call has met', async () => {
    assert.deepEqual(await tested({ config: CONFIG, callers: CALLERS, cases }), {
      stdout: `FAILED reader tools/call write_file: expected allow, got deny insufficient_scope with scope "files:read files:write" by rule "writes"
FAILED a name: expected deny insufficient_scope with scope "x" by rule "writes", got allow by rule "reads"
FAILED somebody tools/call other: expected allow, got deny policy_denied
FAILED somebody tools/list: expected allow (in shadow: none), got allow by rule "trial" (in shadow: trial)
1 passed, 4 failed
rules that no call has met: wipes, rules[3], resources, prompts, completions, notes, sessions
`, stderr: '', status: 1,
    });
  });

  it('is JSON for programs', async () => {
    const { passed, failed, cases: made, unmatched, status } = await results(cases.slice(0, 2));
    assert.deepEqual([passed, failed, status, unmatched.length], [1, 1, 1, 8]);
    assert.deepEqual(made[0], { name: 'reader tools/call read_file', passed: true, expected: { decision: 'allow' }, actual: { decision: 'allow', rule: 'reads' } });
    assert.deepEqual(made[1].actual, { decision: 'deny', reason: 'insufficient_scope', scope: ['files:read', 'files:write'], rule: 'writes' });
  });

  it('says that rules were not met, and fails where that is asked for', async () => {
    const one = { config: CONFIG, callers: CALLERS, cases: cases.slice(0, 1) };
    assert.equal((await tested(one)).status, 0);
    assert.equal((await tested(one, '--strict')).status, 1);
    const whole = { ...one, config: { ...CONFIG, policy: { ...CONFIG.policy, rules: CONFIG.policy.rules.slice(0, 1) } } };
    assert.deepEqual(await tested(whole, '--strict'), { stdout: '1 passed, 0 failed\nevery rule was met\n', stderr: '', status: 0 });
    const none = { ...one, config: { ...CONFIG, policy: undefined } };
    assert.deepEqual(await tested(none, '--strict'), { stdout: '1 passed, 0 failed\n', stderr: '', status: 0 });
  });

  it('cannot be steered by what a table holds', async () => {
    const nasty = 'a\nb\x1b[2J\u202e';
    const { stdout } = await tested({ config: { ...CONFIG, policy: { rules: [{ name: nasty, match: { tool: 'a' } }] } }, callers: {}, cases: [{ name: nasty, tool: 'b', expect: 'allow' }] });
    assert.equal(stdout, 'FAILED a?b?[2J?: expected allow, got deny policy_denied\n0 passed, 1 failed\nrules that no call has met: a?b?[2J?\n');
    const { stderr } = await tested({ config: CONFIG, callers: {}, cases: [], [nasty]: 1 });
    assert.match(stderr, /^waxseal: [^\p{Cc}]+\n$/u);
  });

  it('knows a rule by a name of any length', async () => {
    const name = '\u{1f600}'.repeat(150);
    const config = { ...CONFIG, policy: { rules: [{ name, match: { tool: 'a' }, require: { scopes: 'x' } }, { name: `${name}2`, match: { tool: 'b' } }] } };
    const { failed, unmatched } = await results([{ tool: 'a', expect: { deny: 'insufficient_scope' }, rule: name }, { tool: 'b', expect: 'allow', rule: `${name}2` }], { config });
    assert.deepEqual([failed, unmatched], [0, []]);
  });
});

describe('the configuration', () => {
  const YAML = 'resource: https://api.example.com/mcp\nissuers: [{ issuer: https://as.example.com, keys: { discover: true } }]\npolicy:\n  rules:\n    - { name: own, match: { tool: a } }\n';
  const TABLE = 'config: conf/gate.yaml\ncases:\n  - { tool: a, expect: allow }\n  - tool: b\n    expect:\n      deny: policy_denied\n';

  it('is found from the table\'s folder, or named with --config', async () => {
    await mkdir(join(folder, 'deep/conf'), { recursive: true });
    await writeFile(join(folder, 'deep/conf/gate.yaml'), YAML);
    await writeFile(join(folder, 'deep/table.yaml'), TABLE);
    await writeFile(join(folder, 'other.yaml'), YAML.replace('tool: a', 'tool: c'));
    assert.deepEqual(await run('policy', 'test', 'deep/table.yaml'), { stdout: '2 passed, 0 failed\nevery rule was met\n', stderr: '', status: 0 });
    assert.equal((await run('policy', 'test', 'deep/table.yaml', '--config', 'other.yaml')).stdout, 'FAILED somebody tools/call a: expected allow, got deny policy_denied\n1 passed, 1 failed\nrules that no call has met: own\n');
    assert.match((await run('policy', 'test', '--config', 'nope.yaml', 'deep/table.yaml')).stderr, /^waxseal: nope\.yaml: cannot be read \(ENOENT\)\n$/);
  });

  it('is found in the filter of an Envoy', async () => {
    const table = fileURLToPath(new URL('../../envoy-example/policy-test.yaml', import.meta.url));
    const own = await run('policy', 'test', '--strict', table);
    assert.deepEqual(own, { stdout: '16 passed, 0 failed\nevery rule was met\n', stderr: '', status: 0 });
    assert.deepEqual(await run('policy', 'test', '--filter-name', 'waxseal', table), own);
    const other = await run('policy', 'test', '--filter-name', 'other', table);
    assert.deepEqual([other.status, other.stdout], [2, '']);
    assert.match(other.stderr, /there is no Wasm filter "other", but `waxseal`\n$/);
  });

  it('is refused as a gate refuses it', async () => {
    const { stdout, stderr, status } = await tested({ config: { ...CONFIG, leeway: -1 }, cases: [{ http: 'GET', expect: 'allow' }] });
    assert.deepEqual([stdout, status], ['', 2]);
    assert.match(stderr, /^waxseal: table\.json: config: `leeway`: /);
  });
});

describe('a table is refused', () => {
  const table = (members) => ({ config: CONFIG, callers: CALLERS, cases: [{ http: 'GET', expect: 'allow' }], ...members });
  const one = (members) => table({ cases: [{ http: 'GET', expect: 'allow' }, { expect: 'allow', ...members }] });
  const FAULTS = {
    'that is no object': [[1], /must be an object/],
    'with an unknown member': [table({ case: [] }), /`case`: is unknown, expected one of config, now, callers, cases/],
    'without cases': [table({ cases: [] }), /`cases`: must be a list of calls/],
    'whose time is no number': [table({ now: 'today' }), /`now`: must be a number/],
    'whose caller is no object': [table({ callers: { a: 'b' } }), /`callers\.a`: must be an object of claims/],
    'whose caller has no true or false': [table({ callers: { a: { dpop: 'yes' } } }), /`callers\.a\.dpop`: must be true or false/],
    'with an unknown member of a case': [one({ tools: 'a' }), /`cases\[1\]\.tools`: is unknown/],
    'with an unknown caller': [one({ tool: 'a', caller: 'alice' }), /`cases\[1\]\.caller`: "alice" is none of `callers`/],
    'with a caller that every object has': [one({ tool: 'a', caller: 'toString' }), /`cases\[1\]\.caller`/],
    'with a call that is none': [one({}), /`cases\[1\]`: needs `method`, `tool`/],
    'with two targets': [one({ tool: 'a', prompt: 'b' }), /`cases\[1\]\.prompt`: excludes `tool`/],
    'with arguments of nothing': [one({ http: 'POST', arguments: {} }), /`cases\[1\]\.arguments`: needs `method`/],
    'with arguments that are a list': [one({ tool: 'a', arguments: [] }), /`cases\[1\]\.arguments`: must be an object/],
    'with a tool of no message': [one({ tool: 'a', message: 'none' }), /`cases\[1\]\.tool`: has no meaning with `message: none`/],
    'with an unknown message': [one({ tool: 'a', message: 'batch' }), /`cases\[1\]\.message`: must be request, notification/],
    'with a notification of nothing': [one({ message: 'notification' }), /`cases\[1\]\.message`: needs `method`/],
    'with a path that is none': [one({ http: 'GET', path: 'mcp' }), /`cases\[1\]\.path`: must begin with/],
    'with a number for a tool': [one({ tool: 5 }), /`cases\[1\]\.tool`: must be text/],
    'without an expectation': [one({ tool: 'a', expect: undefined }), /`cases\[1\]\.expect`: must be allow, deny, answer/],
    'with an unknown decision': [one({ tool: 'a', expect: 'pass' }), /`cases\[1\]\.expect`: must be allow/],
    'with an unknown reason': [one({ tool: 'a', expect: { deny: 'insuficient_scope' } }), /`cases\[1\]\.expect\.deny`: "insuficient_scope" is no reason/],
    'with an unknown member of an expectation': [one({ tool: 'a', expect: { deny: 'policy_denied', scopes: 'a' } }), /`cases\[1\]\.expect\.scopes`: is unknown/],
    'with scopes that are no text': [one({ tool: 'a', expect: { deny: 'insufficient_scope', scope: [1] } }), /`cases\[1\]\.expect\.scope`: must be text/],
    'with an unknown rule': [one({ tool: 'a', rule: 'none' }), /`cases\[1\]`: there is no rule "none"/],
    'with an unknown rule in shadow': [one({ tool: 'a', shadow: 'none' }), /`cases\[1\]`: there is no rule "none"/],
    'without a configuration': [table({ config: undefined }), /the table names no configuration/],
    'with a configuration that is a number': [table({ config: 5 }), /`config`: must be a path or an object/],
  };
  for (const [name, [given, message]] of Object.entries(FAULTS)) {
    it(name, async () => {
      const { stdout, stderr, status } = await tested(given);
      assert.deepEqual([stdout, status], ['', 2], stderr);
      assert.match(stderr, /^waxseal: [^\n]+\n$/);
      assert.match(stderr, message);
    });
  }

  it('that is no JSON', async () => {
    await writeFile(join(folder, 'broken.json'), '{');
    assert.match((await run('policy', 'test', 'broken.json')).stderr, /^waxseal: broken\.json: .*JSON/);
  });

  it('wrong use', async () => {
    for (const [words, message] of [
      [['policy'], /unknown command policy/], [['policy', 'check'], /unknown command policy check/], [['policy', 'test'], /no FILE/], [['policy', 'test', 'a', 'b'], /one FILE/],
      [['policy', 'test', '--config'], /--config needs a value/], [['policy', 'test', '--schema', 'a'], /unknown option --schema/],
    ]) {
      const { stderr, status } = await run(...words);
      assert.equal(status, 2);
      assert.match(stderr, message);
    }
  });
});
