// Results -> the text of README.md.

import { median, spread } from './measure.mjs';
import { faster, noise, reached } from './reach.mjs';

const ALGORITHMS = ['RS256', 'ES256'];
const count = (number) => Math.round(number).toLocaleString('en-US');
const times = (number) => (number >= 9.95 ? number.toFixed(0) : number.toFixed(2));
const time = (number) => (number >= 99.5 ? count(number) : number >= 9.95 ? number.toFixed(0) : number.toFixed(1));
const percent = (share) => `${Math.round(share * 100)} %`;
const middle = (metrics, metric) => median(metrics[metric]);
const between = ({ ratio, low, high }) => (low === undefined ? count(ratio) : `${times(ratio)} (${times(low)}-${times(high)})`);
const WAYS = { one: 'one by one', many: '64 at once' };
/** What of a case's name tells it from others in its row. */
const told = ({ one: name }) => [/^[RE]S256/.exec(name)?.[0], WAYS[/, (one|many)$/.exec(name)?.[1]], /with a Request|one token$|rules, [^:]*/.exec(name)?.[0]].filter(Boolean).join(' ');
const labelled = (found) => `${told(found)} ${between(found)}`.trim();

/** Columns of equal width: a text that is read as it is. */
function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(all[0]), rule, ...all.slice(1).map(line)].join('\n');
}

/** The ratio to another case of the same run. */
function against(samples, name, other, metric) {
  if (name === other) return '1';
  const [found] = faster(samples, name, other, metric);
  return found ? times(found.ratio) : '';
}

function reach(results) {
  const rows = reached(results).map(({ name, aim, most, found, reached: yes }) =>
    [name, `${most ? 'at most' : 'at least'} ${aim}`, found.map(labelled).join('; '), yes ? 'reached' : 'not reached']);
  return rows.length === 0 ? '' : `## Reach

${table(['case', 'aim', 'measured', ''], rows)}

A ratio says how many times as fast ours is, by requests per second in Envoy and by time in Node; in brackets between what the middle half of the rounds lies.
Where there are several, all of them have to reach the aim.
`;
}

/** What the project's README says of all this. */
export function summary(results) {
  const rows = reached(results).map(({ name, most, found }) =>
    [most ? name : `${name}, times as fast`, found.map((one) => `${told(one)} ${most ? count(one.ratio) : times(one.ratio)}`.trim()).join('; ')]);
  return table(['measured beside each other, in one run', ''], rows);
}

function envoy({ envoy: found }) {
  if (!found) return '';
  const { samples, resident, memory } = found;
  const rows = Object.entries(samples).map(([name, metrics]) => {
    const empty = name.endsWith('1 kB body') ? 'no-op Wasm filter, 1 kB body' : 'no-op Wasm filter';
    const native = `${ALGORITHMS.find((algorithm) => name.startsWith(algorithm)) ?? 'ES256'}, jwt_authn`;
    return [
      name, against(samples, name, empty, 'rps'), against(samples, name, native, 'rps'), against(samples, name, empty, 'cpu'), against(samples, name, native, 'cpu'),
      count(middle(metrics, 'rps')), count(middle(metrics, 'p50')), count(middle(metrics, 'p99')), time(middle(metrics, 'cpu')), percent(middle(metrics, 'busy')), percent(spread(metrics.rps)),
    ];
  });
  const held = Object.entries(resident).map(([name, [requests, megabytes]]) => [name, count(requests), count(megabytes)]);
  const grown = Object.entries(memory).map(([name, points]) => [name, count(points[0][1]), count(points.at(-1)[1]), count(points.at(-1)[0])]);
  return `## Envoy

${table(['case', 'to no-op', 'to jwt_authn', 'CPU to no-op', 'CPU to jwt_authn', 'req/s', 'p50 us', 'p99 us', 'CPU us/req', 'busy', 'spread'], rows)}

The first four columns are ratios, more is better; with a body, to the no-op filter with that body. The last is how far the middle half of the rounds lies apart. \`jwt_authn\` has its keys inline.
Cold: each token is new. Warm: each token has been seen. DPoP: the token has been seen, the proof is new. CPU is that of Envoy alone.
Busy is how much of a core its worker had: where that is well below 100 %, it waited for wrk, for the Envoy behind it or for others on the machine, and CPU says more than requests per second.

![requests per second](envoy.svg)

Resident memory, MB, after the rounds:

${table(['Envoy', 'requests', 'MB'], held)}

Resident memory, MB, before and after requests with credentials that are new each:

${table(['Envoy', 'before', 'after', 'requests'], grown)}

![memory](memory.svg)
`;
}

function node({ node: samples }) {
  if (!samples) return '';
  /** What one group of cases says, with the baseline that the ratios are to. */
  const group = (prefix, baseline) => {
    const names = [...new Set(Object.keys(samples).filter((name) => name.startsWith(`${prefix}, `)).map((name) => name.replace(/, (one|many)$/, '')))];
    return names.map((name) => {
      const [one, many] = [samples[`${name}, one`], samples[`${name}, many`]];
      const to = (way) => against(samples, `${name}, ${way}`, `${prefix}, ${baseline}, ${way}`, 'us');
      return [name, baseline, to('one'), many ? to('many') : '', time(middle(one, 'us')), many ? time(middle(many, 'us')) : '', time(middle(many ?? one, 'cpu')), percent(spread((many ?? one).us))];
    });
  };
  const head = ['case', 'ratio to', 'one by one', '64 at once', 'us, one', 'us, 64', 'CPU us', 'spread'];
  const rows = [...ALGORITHMS.flatMap((algorithm) => group(algorithm, 'jose')), ...group('DPoP', 'oauth4webapi'), ...group('proof', 'dpop'), ...group('parseChallenges', 'auth-header'), ...group('readError', 'waxseal')];
  return `## JavaScript, in Node

${table(head, rows)}

A ratio above 1 is faster than what it is a ratio to. CPU and spread are those of 64 at once: all threads count.
All have their keys at hand and answer the same question: issuer, audience, time, type, the claims of RFC 9068. \`waxseal, warm\` and the caches meet a token that they have seen.
Of those with DPoP, only ours remembers which proofs were used.

![time of a check](node.svg)
`;
}

function runtimes({ runtimes: samples, sizes }) {
  let text = '';
  if (samples) {
    const checks = Object.entries(samples).filter(([name]) => !name.startsWith('start'));
    const places = [...new Set(checks.map(([name]) => name.split(', ')[2]))];
    const kinds = [...new Set(checks.map(([name]) => name.split(', ').slice(0, 2).join(', ')))];
    const rows = places.map((place) => [place, ...kinds.map((kind) => `${against(samples, `${kind}, ${place}`, `${kind}, ${places[0]}`, 'us')} (${time(middle(samples[`${kind}, ${place}`], 'us'))})`)]);
    const starts = Object.entries(samples).filter(([name]) => name.startsWith('start')).map(([name, metrics]) => [name.slice('start, '.length), time(middle(metrics, 'ms')), percent(spread(metrics.ms))]);
    text += `## Our check in other runtimes

${table(['runtime', ...kinds], rows)}

Ratio to the first row, and microseconds for a check, one by one.

## Start

From the import to the first verdict, in a new process:

${table(['package', 'ms', 'spread'], starts)}
`;
  }
  if (sizes) {
    const rows = Object.entries(sizes).map(([name, { raw, gzip, brotli }]) => [name, ...[raw, gzip, brotli].map((bytes) => (bytes / 1000).toFixed(1))]);
    text += `
## Sizes

${table(['entry, bundled and minified, or module', 'kB', 'gzip', 'brotli'], rows)}
`;
  }
  return text;
}

/** Axis -> its sizes and medians. */
export function axes(samples = {}) {
  const found = {};
  for (const [name, metrics] of Object.entries(samples)) {
    const [, axis, size] = /^(.*): (\d+)$/.exec(name);
    (found[axis] ??= []).push({ size: Number(size), name, us: median(metrics.us) });
  }
  return found;
}

function growth({ growth: samples }) {
  if (!samples) return '';
  const rows = Object.entries(axes(samples)).map(([axis, points]) => [
    axis, points.map(({ size }) => count(size)).join(', '), points.map(({ name }) => against(samples, name, points[0].name, 'us')).join(', '), points.map(({ us }) => time(us)).join(', '),
  ]);
  return `## How a check grows

${table(['with', 'sizes', 'times as fast as with the first', 'us'], rows)}

Through the package, in Node, one by one, with tokens that the gate has seen.

![growth](growth.svg)
`;
}

function conditions(results) {
  const { conditions: { cpu, cores, memory, system, date, commit, changed, versions, load, options } } = results;
  const { pairs, median: typical, most } = noise(results, spread);
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ');
  const differ = pairs.map((pair) => `${pair.one.replace(' again', '')} ${between(pair)}`).join('; ');
  return `## Conditions and noise

${cpu}, ${cores} cores, ${memory} GB, ${system}; ${date}, commit ${commit}${changed ? ', with changes' : ''}; load average ${load[0]} before and ${load[1]} after.
${named}.
${options}.

A case against itself, run as if it were two: ${differ || 'not measured'}; 1 would be no noise at all.
The middle half of a case's rounds lies ${percent(typical)} of its median apart in the median case, and ${percent(most)} in the worst.
`;
}

/** The whole text. */
export function readme(results) {
  const parts = [reach, envoy, node, runtimes, growth, conditions].map((part) => part(results)).filter(Boolean);
  return `# Speed

Written by \`tests/bench.sh\`, with everything that it measured in [results.json](results.json). All in one run, the cases in turn: trust the ratios, not the numbers.

${parts.join('\n')}`;
}
