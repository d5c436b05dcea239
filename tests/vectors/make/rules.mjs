// The cases of one file, and the rules that they are made of.

import { CONFIGS, ENVIRONMENT, KEY_SETS, needsSecret } from './configurations.mjs';
import { NOW } from './tokens.mjs';

// Those of the file that is being made, and configurations that only it has.
let cases;
let own;
const configOf = (name) => CONFIGS[name] ?? own[name];

/** A vector file: what it is about, and the cases that `fill` makes with `rule`. */
export function file(about, fill) {
  cases = [];
  own = {};
  fill();
  const used = ['default', ...Object.keys(CONFIGS), ...Object.keys(own)].filter((each, at, all) =>
    all.indexOf(each) === at && (each === 'default' || cases.some((one) => one.config === each)));
  const uris = new Set(used.flatMap((each) => configOf(each).issuers.map((one) => one.keys.uri)));
  const pick = (from, keep) => Object.fromEntries(Object.entries(from).filter(([key]) => keep(key)));
  return {
    about,
    configs: Object.fromEntries(used.map((each) => [each, configOf(each)])),
    key_sets: pick(KEY_SETS, (uri) => uris.has(uri)),
    env: used.some((each) => needsSecret(configOf(each))) ? ENVIRONMENT : undefined,
    cases,
  };
}

/** One rule: what is sent, and what the gate must say to the last of it. */
export function rule(name, sent, expect, { config: named = 'default', now = NOW, ...more } = {}) {
  if (!configOf(named)) throw new Error(`no configuration ${named}`);
  if (cases.some((each) => each.name === name)) throw new Error(`two rules named ${name}`);
  const requests = [sent].flat();
  const env = Object.assign({}, ENVIRONMENT, more.env, ...requests.map((each) => each.env));
  const resolve = (wanted, each) => wanted(configOf(named), { now: each.now ?? now, env });
  const resolved = requests.map((each) => (each.expect ? { ...each, expect: resolve(each.expect, each) } : each));
  cases.push({ name, config: named, now, ...more, requests: resolved, expect: resolve(expect, requests.at(-1)) });
}

/** The same for rules of one configuration. */
export const within = (named) => (name, sent, expect, more = {}) => rule(name, sent, expect, { config: named, ...more });

/** The same for rules of a configuration that only this file has. */
export function having(name, config) {
  if (configOf(name)) throw new Error(`two configurations named ${name}`);
  own[name] = config;
  return within(name);
}
