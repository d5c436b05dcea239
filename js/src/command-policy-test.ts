import { dirname, resolve } from 'node:path';
import { configOf, secretsOf } from './command-check-config.js';
import { Bench } from './bench.js';
import { documentOf, FileFault, harmless, line, Misuse, type Words, written } from './command.js';
import type { Config } from './config.js';
import type { Outcome } from './outcome.js';
import { type Case, type Expectation, type Table, tableOf } from './table.js';

interface Result {
  name: string;
  passed: boolean;
  expected: Expectation;
  actual: Expectation;
}

/** `waxseal policy test`. */
export async function policyTestCommand({ names, flags, values }: Words): Promise<number> {
  const [path, extra] = names;
  if (path === undefined) throw new Misuse('no FILE');
  if (extra !== undefined) throw new Misuse('one FILE at a time');
  const table = readTable(path);
  const config = configFor(table, path, values);
  const rules = (config.policy?.rules ?? []).map(({ name }, at) => name ?? `rules[${at}]`);
  for (const [at, { expect }] of table.cases.entries()) {
    const unknown = [expect.rule ?? [], expect.shadow ?? []].flat().find((name) => !rules.includes(name));
    if (unknown !== undefined) throw new FileFault(`${path}: \`cases[${at}]\`: there is no rule ${JSON.stringify(unknown)}`);
  }
  const bench = await Bench.open(config, table.callers, table.now);
  const results: Result[] = [];
  const met = new Set<string>();
  for (const one of table.cases) {
    const actual = said(await bench.send(one));
    for (const name of [actual.rule ?? [], actual.shadow ?? []].flat()) met.add(name);
    results.push({ name: one.name, passed: agrees(one, actual), expected: one.expect, actual });
  }
  const unmatched = rules.filter((name) => !met.has(clipped(name)));
  const failed = results.filter(({ passed }) => !passed).length;
  if (flags.has('--json')) {
    written(`${harmless(JSON.stringify({ passed: results.length - failed, failed, cases: results, unmatched }, null, 2))}\n`);
  } else {
    written(report(results, rules, unmatched));
  }
  return failed > 0 || (flags.has('--strict') && unmatched.length > 0) ? 1 : 0;
}

function readTable(path: string): Table {
  const { json, value } = documentOf(path);
  try {
    return tableOf(value ?? (json === undefined ? value : JSON.parse(json)));
  } catch (error) {
    throw new FileFault(`${path}: ${(error as Error).message}`);
  }
}

function configFor({ config }: Table, path: string, values: Words['values']): Config {
  const [other, filter] = [values.get('--config'), values.get('--filter-name')];
  if (other !== undefined) return configOf(other, filter).config;
  if (config === undefined) throw new Misuse('the table names no configuration: `config`, or --config');
  if (typeof config === 'string') return configOf(resolve(dirname(path), config), filter).config;
  secretsOf(config, `${path}: config`);
  return config as Config;
}

/** What became of a call, in the words of a table. */
function said(outcome: Outcome): Expectation {
  if (outcome.decision === 'answer') return { decision: 'answer' };
  if (outcome.decision === 'deny') {
    const { needed, rule } = outcome.facts as { needed?: string[]; rule?: string | null };
    return { decision: 'deny', reason: outcome.reason, ...(needed && { scope: needed }), ...(rule != null && { rule }) };
  }
  const { rule, shadow } = outcome;
  return { decision: 'allow', ...(rule !== undefined && { rule: clipped(rule) }), ...(shadow.length > 0 && { shadow: shadow.map((own) => clipped(own.rule)) }) };
}

/** Facts quote so much of a name. */
function clipped(name: string): string {
  return [...name].slice(0, 100).join('');
}

function agrees({ expect }: Case, actual: Expectation): boolean {
  const same = (one: string[] = [], other: string[] = []) => [...new Set(one)].sort().join('\n') === [...new Set(other)].sort().join('\n');
  return expect.decision === actual.decision
    && (expect.reason === undefined || expect.reason === actual.reason)
    && (expect.scope === undefined || same(expect.scope, actual.scope))
    && (expect.rule === undefined || clipped(expect.rule) === actual.rule)
    && (expect.shadow === undefined || same(expect.shadow.map(clipped), actual.shadow));
}

function report(results: Result[], rules: string[], unmatched: string[]): string {
  const failed = results.filter(({ passed }) => !passed);
  const lines = failed.map(({ name, expected, actual }) => `FAILED ${name}: expected ${shown(expected)}, got ${shown(actual)}`);
  lines.push(`${results.length - failed.length} passed, ${failed.length} failed`);
  if (unmatched.length > 0) lines.push(`rules that no call has met: ${unmatched.join(', ')}`);
  else if (rules.length > 0) lines.push('every rule was met');
  return lines.map(line).join('');
}

function shown({ decision, reason, scope, rule, shadow }: Expectation): string {
  return [
    decision, reason, scope && `with scope ${JSON.stringify(scope.join(' '))}`, rule !== undefined && `by rule ${JSON.stringify(rule)}`,
    shadow && `(in shadow: ${shadow.join(', ') || 'none'})`,
  ].filter(Boolean).join(' ');
}
