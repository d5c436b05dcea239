// Measures, and writes what was measured: results.json, README.md and plots.

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pinned } from './cores.mjs';
import { envoy } from './envoy.mjs';
import { growth } from './growth.mjs';
import { median } from './measure.mjs';
import { node } from './node.mjs';
import { bars, lines } from './plot.mjs';
import { runtimes } from './runtimes.mjs';
import { sizes } from './sizes.mjs';
import { axes, readme } from './table.mjs';
import { tell } from './summary.mjs';
import { CONNECTIONS, wrk } from './wrk.mjs';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));

// Whatever ends this ends what it started.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const { values: { quick, only } } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } });
const whole = !quick && !only;

/** How long everything takes: rounds, milliseconds of a batch in JavaScript, seconds of one in Envoy, requests for memory. */
const EFFORT = quick
  ? { envoy: { rounds: 3, seconds: 1, requests: 4_000, quick }, node: { rounds: 5, budget: 20 }, runtimes: { rounds: 3, budget: 30, quick }, growth: { rounds: 5, budget: 10 } }
  : { envoy: { rounds: 7, seconds: 2, requests: 1_000_000 }, node: { rounds: 21, budget: 60 }, runtimes: { rounds: 9, budget: 120 }, growth: { rounds: 21, budget: 40 } };

const begun = Date.now();
const say = (part) => (text) => process.stderr.write(`bench: ${String(Math.round((Date.now() - begun) / 1000)).padStart(4)} s  ${part}: ${text}\n`);

const git = (...args) => execFileSync('git', args, { cwd: path('.'), encoding: 'utf8' }).trim();
const load = () => loadavg().map((value) => value.toFixed(1)).join(' ');

async function conditions(before) {
  const { devDependencies } = JSON.parse(await readFile(path('package.json'), 'utf8'));
  const program = (...command) => execFileSync(command[0], command.slice(1), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const versions = { Node: process.versions.node };
  if (only !== 'js' && only !== 'growth') {
    const binary = program('bash', path('../../envoy-example/install.sh')).trim();
    versions.Envoy = /\/(\d+\.\d+\.\d+)[^/]*\//.exec(program(binary, '--version'))[1];
    // It exits with 1 when it tells its version.
    versions.wrk = /[\d.]+/.exec(program('bash', '-c', '"$0" -v 2>/dev/null || true', wrk()))[0];
  }
  const { envoy: { rounds, seconds, requests }, node: inNode, growth: grown } = EFFORT;
  return {
    cpu: cpus()[0].model, cores: cpus().length, memory: Math.round(totalmem() / 2 ** 30), system: `${type()} ${release()}`,
    date: new Date().toISOString().slice(0, 10), commit: git('rev-parse', '--short=12', 'HEAD'), changed: git('status', '--porcelain', '--untracked-files=no') !== '',
    versions: { ...versions, ...devDependencies }, load: [before, load()],
    options: `Envoy: one worker${pinned ? ' on a core of its own' : ''}, ${rounds} rounds of ${seconds} s with wrk, ${CONNECTIONS} connections, ${requests.toLocaleString('en-US')} requests for memory. Node: ${inNode.rounds} rounds of ${inNode.budget} ms. Growth: ${grown.rounds} rounds of ${grown.budget} ms`,
  };
}

function plots(results) {
  const drawn = {};
  if (results.envoy) {
    const { samples, memory } = results.envoy;
    drawn['envoy.svg'] = bars('Envoy with one worker: requests per second', Object.entries(samples).map(([name, { rps }]) => ({ name, value: median(rps), ours: name.includes('waxseal') })));
    drawn['memory.svg'] = lines('Envoy: resident memory while each request brings new credentials', Object.entries(memory).map(([name, points]) => ({ name, points })), { x: 'requests', y: 'MB' });
  }
  if (results.node) {
    const checks = Object.entries(results.node).filter(([name]) => /^(RS256|ES256|DPoP), .*many$/.test(name) && !name.includes('again'));
    drawn['node.svg'] = bars('Node: microseconds for a check, 64 at once', checks.map(([name, { us }]) => ({ name: name.replace(/, many$/, ''), value: median(us), ours: name.includes('waxseal') })));
  }
  if (results.growth) {
    const series = Object.entries(axes(results.growth)).map(([name, points]) => ({ name, points: points.filter(({ size }) => size > 0).map(({ size, us }) => [size, us / points[0].us]) }));
    drawn['growth.svg'] = lines('Time of a check, as a multiple of that with the least', series, { log: true, x: 'how many', y: 'times' });
  }
  return drawn;
}

/** Four digits say more than the clock knows. */
const rounded = (key, value) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value);

const before = load();
const results = {};
if (!only || only === 'js') {
  results.node = await node({ ...EFFORT.node, say: say('js') });
  results.runtimes = await runtimes({ ...EFFORT.runtimes, say: say('runtimes') });
  results.sizes = await sizes({ say: say('sizes') });
}
if (!only || only === 'growth') results.growth = await growth({ ...EFFORT.growth, say: say('growth') });
if (!only || only === 'envoy') results.envoy = await envoy({ ...EFFORT.envoy, say: say('envoy') });
const all = { conditions: await conditions(before), ...results };

// A short run does not take the place of the whole one.
const folder = whole ? path('.') : path('../../target/bench/report');
await mkdir(folder, { recursive: true });
const text = readme(all);
for (const [name, content] of Object.entries({ 'results.json': `${JSON.stringify(all, rounded, 1)}\n`, 'README.md': text, ...plots(results) })) {
  await writeFile(join(folder, name), content);
}
if (whole) await tell();
process.stdout.write(text);
say('all')(`written to ${folder}`);
process.exit();
