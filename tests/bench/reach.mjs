// What each speed and size should reach, and whether it does.

import { median, ratio } from './measure.mjs';

const WAYS = ['one', 'many'];
const ALGORITHMS = ['RS256', 'ES256'];

/** How many times as fast the first is: a list of one, or of none where one was not measured. */
export function faster(samples = {}, one, other, metric) {
  const [ours, theirs] = [samples[one]?.[metric], samples[other]?.[metric]];
  if (!ours || !theirs) return [];
  // More requests are better, and less time.
  return [{ one, ...(metric === 'rps' ? ratio(ours, theirs) : ratio(theirs, ours)) }];
}

const envoy = ({ envoy: found }, pairs) => pairs.flatMap(([one, other]) => faster(found?.samples, one, other, 'rps'));
const each = (one, other) => ALGORITHMS.map((algorithm) => [`${algorithm}, ${one}`, other.replace('*', algorithm)]);
const node = ({ node: found }, pairs) => pairs.flatMap(([one, other]) => WAYS.flatMap((way) => faster(found, `${one}, ${way}`, `${other}, ${way}`, 'us')));
const kilobytes = ({ sizes }, name, kind) => (sizes ? [{ one: name, ratio: sizes[name][kind] / 1000 }] : []);

const WARM = 'waxseal, warm, 10,000 tokens';

/** Case, what is aimed at, and what was measured. */
const AIMS = [
  ['Envoy, warm, 10,000 tokens, against a no-op Wasm filter', 0.9, (all) => envoy(all, each(WARM, 'no-op Wasm filter'))],
  ['Envoy, warm, 10,000 tokens, against `jwt_authn` without cache', 2, (all) => envoy(all, each(WARM, '*, jwt_authn'))],
  ['Envoy, warm, against `jwt_authn` with an equal cache', 0.85, (all) => envoy(all, [
    ...each('waxseal, warm, one token', '*, jwt_authn, cache, one token'), ...each(WARM, '*, jwt_authn, cache, 10,000 tokens'),
  ])],
  ['Envoy, cold, against `jwt_authn` without cache', 1, (all) => envoy(all, each('waxseal, cold', '*, jwt_authn'))],
  ['Envoy, DPoP with a fresh proof each, against `jwt_authn` ES256 without cache, which checks no proof', 0.9, (all) => envoy(all, [['ES256, waxseal, DPoP', 'ES256, jwt_authn']])],
  ['Node, warm, against jose', 10, (all) => node(all, each('waxseal, warm', '*, jose'))],
  ['Node, cold, against jose', 1, (all) => node(all, each('waxseal, cold', '*, jose'))],
  ['Node, DPoP with a fresh proof each, against oauth4webapi', 1.2, (all) => node(all, [['DPoP, waxseal', 'DPoP, oauth4webapi'], ['DPoP, waxseal with a Request', 'DPoP, oauth4webapi']])],
  ['1,000 rules against 10', 0.9, ({ growth }) => ['exact names', 'prefixes', 'one tool, by arguments'].flatMap((kind) => faster(growth, `rules, ${kind}: 1000`, `rules, ${kind}: 10`, 'us'))],
  ['package: server entry with everything, gzipped, kB', -200, (all) => kilobytes(all, 'waxseal', 'gzip')],
  ['filter `.wasm`, kB', -900, (all) => kilobytes(all, 'waxseal.wasm', 'raw')],
];

/** Each case with its aim, all that was measured for it, and whether all of that reaches it; cases that were measured, only. */
export const reached = (results) => AIMS.flatMap(([name, aim, measure]) => {
  const found = measure(results);
  if (found.length === 0) return [];
  const most = aim < 0;
  return [{ name, aim: Math.abs(aim), most, found, reached: found.every(({ ratio: value }) => (most ? value <= -aim : value >= aim)) }];
});

/** How far a case and the same case once more are apart, and how far the samples of a case lie apart: shares. */
export function noise(results, spread) {
  const pairs = [
    ...faster(results.envoy?.samples, 'no-op Wasm filter again', 'no-op Wasm filter', 'rps'),
    ...ALGORITHMS.flatMap((algorithm) => WAYS.flatMap((way) => faster(results.node, `${algorithm}, jose again, ${way}`, `${algorithm}, jose, ${way}`, 'us'))),
  ];
  const all = [results.envoy?.samples, results.node, results.runtimes, results.growth].flatMap((samples) => Object.values(samples ?? {}));
  const spreads = all.map(({ rps, us, ms }) => spread(rps ?? us ?? ms));
  return { pairs, median: median(spreads), most: Math.max(...spreads) };
}
