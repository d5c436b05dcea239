// The command, and `waxseal explain`, as a shell runs them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const { version, bin } = JSON.parse(await readFile(path('../../pkg/package.json'), 'utf8'));
const CLI = path(`../../pkg/${bin.waxseal}`);

/** Runs the command: what it writes, and its exit status. */
function run(words, input = '', env = {}, command = [process.execPath, CLI]) {
  const child = spawn(command[0], [...command.slice(1), ...words], { env: { PATH: process.env.PATH, ...env } });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { written[name] += text; });
  // A command that does not read its input may have ended.
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve) => { child.on('close', (status) => resolve({ ...written, status })); });
}

const ROWS = JSON.parse(await readFile(path('../../pkg/errors.json'), 'utf8'));

/** What is written about a row that has no other name. */
function shown(name, head) {
  const { reason, meaning, symptom, cause, fix, check, retry, source } = ROWS.find((row) => row.reason === name);
  return `${reason}  ${head}
  ${meaning}
  Symptom  ${symptom}
  Cause    ${cause}
  Fix      ${fix}
  Check    ${check}
  Retry    ${retry.replaceAll('_', ' ')}
  Source   ${source}
`;
}

const EXPIRED = shown('token_expired', 'invalid_token, 401, from a Waxseal gate');
const BODY = '{"error":"invalid_token","error_description":"the access token has expired","type":"urn:waxseal:error:token_expired","status":401,"requestId":"r-1"}';
const SAID = `Reply: 401, invalid_token, from a Waxseal gate
  Says     the access token has expired
  Request  r-1
  Next     get a new token
`;
const CHALLENGE = 'Bearer error="insufficient_scope", scope="files:write", resource_metadata="https://m.example/"';

/** The reasons that come out as JSON. */
const reasons = ({ stdout }) => JSON.parse(stdout).map(({ candidates }) => candidates[0]?.reason);

describe('names', () => {
  it('are explained', async () => {
    assert.deepEqual(await run(['explain', 'proof_expired']), { stdout: shown('proof_expired', 'invalid_dpop_proof, 401, from a Waxseal gate'), stderr: '', status: 0 });
  });

  it('several, among them numbers and an error of AuthPlane', async () => {
    const { stdout, stderr, status } = await run(['explain', '-32042', 'token_expired', 'ErrCodeConsumed']);
    assert.deepEqual([stderr, status], ['', 0]);
    assert.match(stdout, /^url_elicitation_required  JSON-RPC -32042, from an MCP server\n[^]*\n\ntoken_expired {2}[^]*\n\ninvalid_grant {2}400, from an authorization server\n.*\n {2}ErrCodeConsumed: .*\(AuthPlane, OAuth core\)\n/);
  });

  it('that stand for much are listed, the one of that very name at length', async () => {
    const { stdout } = await run(['explain', 'invalid_token']);
    assert.match(stdout, /^invalid_token {2}401, from a resource server\n[^]*\n\nThe same name also stands for these; ask for one of them:\n from a Waxseal gate\n {2}missing_token +There is no/);
    assert.match((await run(['explain', '403'])).stdout, /^It stands for these; ask for one of them:\n/);
  });

  it('that nobody knows: a suggestion, and the status 1', async () => {
    const { stdout, status } = await run(['explain', 'tokne_expired']);
    assert.deepEqual([stdout, status], ['Nothing is known about `tokne_expired`. Did you mean token_expired?\n', 1]);
    assert.deepEqual(await run(['explain', 'xyzzy']), { stdout: 'Nothing is known about `xyzzy`.\n', stderr: '', status: 1 });
    assert.equal((await run(['explain', 'xyzzy', 'token_expired'])).status, 0);
  });
});

describe('the standard input', () => {
  const head = (status, ...fields) => [`HTTP/1.1 ${status}`, ...fields, '', ''].join('\r\n');
  const REPLIES = {
    'a body': [BODY, 'token_expired'],
    'a body in several lines': [JSON.stringify(JSON.parse(BODY), null, 2), 'token_expired'],
    '`curl -i`': [head('401 Unauthorized', 'content-type: application/problem+json', 'www-authenticate: Bearer error="invalid_token"') + BODY, 'token_expired'],
    '`curl -i` of HTTP/2': [`HTTP/2 401 \r\ncontent-type: application/json\r\n\r\n${BODY}`, 'token_expired'],
    '`curl -i` through a proxy, with 100, and after a redirect': [head('200 Connection established') + head('100 Continue') + head('307 Temporary Redirect', 'location: /') + head('401 Unauthorized') + BODY, 'token_expired'],
    '`curl -v`': [`* Connected to localhost\n> POST /mcp HTTP/1.1\n> Authorization: Bearer x\n>\n< HTTP/1.1 403 Forbidden\r\n< www-authenticate: ${CHALLENGE}\r\n<\r\n* Connection #0 to host localhost left intact\n`, 'resource_insufficient_scope'],
    'a header': [`WWW-Authenticate: ${CHALLENGE}\n`, 'resource_insufficient_scope'],
    'the value of a header': [CHALLENGE, 'resource_insufficient_scope'],
    'headers and a body': [`www-authenticate: Bearer error="invalid_token"\n\n${BODY}\n`, 'token_expired'],
    'an event stream': [head('200 OK', 'content-type: text/event-stream') + 'event: message\ndata: {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}\n\n', 'invalid_params'],
    'a JSON-RPC error in a 200': [head('200 OK') + '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}', 'method_not_found'],
    'a line of Envoy\'s log': ['[2026-11-22 06:00:00.000][12][warning][wasm] [source/x.cc:1148] wasm log: waxseal: {"event":"denied","reason":"token_expired","code":"invalid_token","status":401,"facts":{}}\n', 'token_expired'],
    'a name': ['  token_expired\n', 'token_expired'],
    'a message with a name in it': ['Error: request failed (proof_replayed) at main_loop\n', 'proof_replayed'],
    'colours': ['\x1b[31mHTTP/1.1 401\x1b[0m Unauthorized\n\n' + BODY, 'token_expired'],
  };
  for (const [name, [input, reason]] of Object.entries(REPLIES)) {
    it(`may be ${name}`, async () => {
      const ended = await run(['explain', '--json'], input);
      const expected = reason === 'resource_insufficient_scope' ? 'insufficient_scope' : reason;
      assert.deepEqual([reasons(ended), ended.stderr, ended.status], [[expected], '', 0], ended.stdout.slice(0, 500));
    });
  }

  it('is shown with what it says, and what to do', async () => {
    assert.deepEqual(await run(['explain'], BODY), { stdout: `${SAID}\n${EXPIRED}`, stderr: '', status: 0 });
    assert.match((await run(['explain'], CHALLENGE)).stdout, /^Reply: insufficient_scope, from a .*\n {2}Next +authorize again with scope files:write\n\ninsufficient_scope {2}/);
    assert.equal((await run(['explain', '-'], BODY)).stdout, `${SAID}\n${EXPIRED}`);
    assert.equal((await run(['explain', BODY])).stdout, `${SAID}\n${EXPIRED}`);
  });

  it('may hold several lines of a log, and several replies', async () => {
    const line = (reason) => `waxseal: {"event":"denied","reason":"${reason}"}\n`;
    assert.deepEqual(reasons(await run(['explain', '--json'], line('token_expired') + line('nonce_missing'))), ['token_expired', 'nonce_missing']);
    const two = head('401 Unauthorized', 'www-authenticate: DPoP error="use_dpop_nonce"', 'dpop-nonce: n') + head('403 Forbidden', `www-authenticate: ${CHALLENGE}`);
    assert.equal(reasons(await run(['explain', '--json'], two)).length, 2);
  });

  it('of which nothing is known', async () => {
    for (const input of ['HTTP/1.1 200 OK\r\n\r\nfine', 'some words', '{"a":1}', '<html></html>', '[1]', '\0']) {
      const { stdout, stderr, status } = await run(['explain'], input);
      assert.deepEqual([status, stderr], [1, ''], `${input}: ${stdout}`);
      assert.match(stdout, /\S/);
    }
    const typo = await run(['explain'], 'it says invalid_tokn today');
    assert.match(typo.stdout, /Did you mean .*invalid_token/);
  });

  it('cannot steer the terminal', async () => {
    const nasty = '\x1b]0;title\x07\x1b[2J\u202e\u009b';
    const body = JSON.stringify({ error: `invalid_token${nasty}`, error_description: nasty, requestId: nasty, scope: nasty });
    for (const words of [['explain'], ['explain', '--json']]) {
      const { stdout } = await run(words, `HTTP/1.1 401 No\r\nwww-authenticate: Bearer scope="${nasty}"\r\n\r\n${body}`);
      assert.doesNotMatch(stdout, /(?!\n)\p{Cc}|\p{Cf}/u);
    }
    assert.doesNotMatch((await run(['explain', `a${nasty}`])).stdout, /(?!\n)\p{Cc}|\p{Cf}/u);
  });

  it('is long, or empty', async () => {
    assert.equal((await run(['explain', '--json'], BODY + '\n'.repeat(500_000))).status, 0);
    assert.deepEqual(await run(['explain'], 'x'.repeat(1_000_001)), { stdout: '', stderr: 'waxseal: more than 1000000 characters of input; see waxseal --help\n', status: 2 });
    for (const input of ['', ' \n']) assert.deepEqual(await run(['explain'], input), { stdout: '', stderr: 'waxseal: the standard input is empty; see waxseal --help\n', status: 2 });
  });
});

describe('the command', () => {
  it('helps, and says its version', async () => {
    for (const words of [['--help'], ['-h'], ['explain', '--help']]) {
      const { stdout, stderr, status } = await run(words);
      assert.match(stdout, /^usage: waxseal explain \[--json\] \[NAME\.\.\.\]\n/);
      assert.deepEqual([stderr, status, stdout.split('\n').every((line) => line.length <= 80)], ['', 0, true]);
    }
    assert.deepEqual(await run(['--version']), { stdout: `${version}\n`, stderr: '', status: 0 });
  });

  it('names every command', async () => {
    const { stdout } = await run(['--help']);
    for (const command of ['explain', 'check-config', 'policy test']) assert.match(stdout, new RegExp(`^(usage:)? +waxseal ${command} `, 'm'));
  });

  it('says what is wrong with its use', async () => {
    const MISUSES = { 'no command': [], 'unknown command bake': ['bake'], 'unknown option --colour': ['explain', '--colour', 'a'], 'unknown option -x': ['-x'] };
    for (const [fault, words] of Object.entries(MISUSES)) {
      assert.deepEqual(await run(words), { stdout: '', stderr: `waxseal: ${fault}; see waxseal --help\n`, status: 2 });
    }
  });

  it('writes JSON for programs', async () => {
    const { stdout, status } = await run(['explain', '--json', 'token_expired', 'xyzzy', 'tokne_expired']);
    const [known, unknown, like] = JSON.parse(stdout);
    assert.deepEqual([known.name, known.candidates[0].fix, known.near], ['token_expired', ROWS.find(({ reason }) => reason === 'token_expired').fix, []]);
    assert.deepEqual([unknown, like, status], [{ name: 'xyzzy', candidates: [], near: [] }, { name: 'tokne_expired', candidates: [], near: ['token_expired'] }, 0]);
    const [{ reading }] = JSON.parse((await run(['explain', '--json'], BODY)).stdout);
    assert.deepEqual([reading.untrusted, reading.action], [true, { kind: 'refresh' }]);
  });

  it('writes colours on a terminal only, and not where they are unwanted', async () => {
    const terminal = ['script', '-qec', `${process.execPath} ${CLI} explain token_expired`, '/dev/null'];
    const onTerminal = await run([], '', { TERM: 'xterm' }, terminal);
    assert.match(onTerminal.stdout, /\x1b\[1mtoken_expired\x1b\[22m/);
    assert.doesNotMatch((await run([], '', { NO_COLOR: '1' }, terminal)).stdout, /\x1b/);
    assert.doesNotMatch((await run(['explain', 'token_expired'])).stdout, /\x1b/);
  });

  it('does not mind a reader that has seen enough', async () => {
    const shell = `"${process.execPath}" "${CLI}" explain --json 401 403 400 | head -c 10`;
    const { stdout, stderr } = await run([], '', {}, ['sh', '-c', shell]);
    assert.deepEqual([stdout.length, stderr], [10, '']);
  });

  it('asks nobody', async () => {
    const text = await readFile(CLI, 'utf8');
    assert.deepEqual([...text.matchAll(/from '(node:\w+)'/g)].map(([, name]) => name), ['node:fs', 'node:process']);
    const { status, stdout } = await run(['explain'], BODY, { NODE_OPTIONS: `--import=data:text/javascript,globalThis.fetch=()=>{process.exit(9)}` });
    assert.deepEqual([status, stdout], [0, `${SAID}\n${EXPIRED}`]);
  });
});
