import { refused } from './asking.js';
import type { WaxsealError } from './error.js';
import rows from './explanations.js';

/** A table of calls and of what becomes of them: `waxseal policy test`. */
export interface Table {
  /** The configuration: a path, from the table's own folder, or the object itself. */
  config?: string | object;
  /** The time of all calls, in seconds since 1970-01-01T00:00:00Z: the system clock's unless given. */
  now?: number;
  /** Name -> claims of the token, on top of those that every token needs; `null` leaves one of those out. */
  callers: { [name: string]: Caller };
  cases: Case[];
}

/** Claims; `dpop`: the token is bound to a key, and calls carry proofs. */
export interface Caller {
  dpop?: boolean;
  [claim: string]: unknown;
}

/** One call. */
export interface Case {
  name: string;
  /** Who calls: somebody without scopes unless given, nobody where it is `null`. */
  caller?: string | null;
  /** `POST`, or `GET` where there is no message. */
  http: string;
  /** The resource's own unless given. */
  path?: string;
  /** The JSON-RPC message; none for a call that has none. */
  message?: object;
  expect: Expectation;
}

/** What is expected, as far as it is said. */
export interface Expectation {
  decision: 'allow' | 'deny' | 'answer';
  reason?: string;
  /** The scopes that the challenge names. */
  scope?: string[];
  /** The rule that decides. */
  rule?: string;
  /** The rules in shadow that would have denied. */
  shadow?: string[];
}

type Members = { [name: string]: unknown };

/** Reads a table; throws a `WaxsealError` that names the member at fault. */
export function tableOf(value: unknown): Table {
  const { config, now, callers = {}, cases } = members('', value, ['config', 'now', 'callers', 'cases']);
  if (config !== undefined && typeof config !== 'string' && !isObject(config)) throw fault('config', 'must be a path or an object');
  if (now !== undefined && !Number.isFinite(now)) throw fault('now', 'must be a number of seconds');
  if (!isObject(callers)) throw fault('callers', 'must be an object');
  for (const [name, caller] of Object.entries(callers)) {
    if (!isObject(caller)) throw fault(`callers.${name}`, 'must be an object of claims');
    if (!['undefined', 'boolean'].includes(typeof caller.dpop)) throw fault(`callers.${name}.dpop`, 'must be true or false');
  }
  if (!Array.isArray(cases) || cases.length === 0) throw fault('cases', 'must be a list of calls');
  return {
    ...(config !== undefined && { config }),
    ...(now !== undefined && { now: now as number }),
    callers: callers as Table['callers'],
    cases: cases.map((one, at) => caseOf(`cases[${at}]`, one, callers)),
  };
}

const MEMBERS = ['name', 'caller', 'http', 'path', 'message', 'method', 'tool', 'resource', 'prompt', 'arguments', 'params', 'expect', 'rule', 'shadow'];

function caseOf(place: string, value: unknown, callers: Members): Case {
  const given = members(place, value, MEMBERS);
  for (const name of ['name', 'http', 'path', 'message', 'method', 'tool', 'resource', 'prompt', 'rule']) {
    if (given[name] !== undefined && typeof given[name] !== 'string') throw fault(`${place}.${name}`, 'must be text');
  }
  const { caller, path, rule, shadow } = given;
  if (caller !== undefined && caller !== null && (typeof caller !== 'string' || !Object.hasOwn(callers, caller))) {
    throw fault(`${place}.caller`, `${JSON.stringify(caller)} is none of \`callers\``);
  }
  if (path !== undefined && !(path as string).startsWith('/')) throw fault(`${place}.path`, 'must begin with `/`');
  const message = messageOf(place, given);
  const { method, tool, resource, prompt } = given;
  const http = (given.http ?? (message ? 'POST' : 'GET')) as string;
  const said = [caller ?? (caller === null ? 'nobody' : 'somebody'), method ?? (message as { method?: string } | undefined)?.method ?? http, tool ?? resource ?? prompt ?? path];
  return {
    name: (given.name as string | undefined) ?? said.filter(Boolean).join(' '),
    ...(caller !== undefined && { caller: caller as string | null }),
    http,
    ...(path !== undefined && { path: path as string }),
    ...(message && { message }),
    expect: {
      ...expectationOf(`${place}.expect`, given.expect),
      ...(rule !== undefined && { rule: rule as string }),
      ...(shadow !== undefined && { shadow: texts(`${place}.shadow`, shadow) }),
    },
  };
}

function messageOf(place: string, given: Members): object | undefined {
  const { message = 'request', tool, resource, prompt, params } = given;
  const targets = ['tool', 'resource', 'prompt'].filter((name) => given[name] !== undefined);
  const about = ['method', 'arguments', 'params'].filter((name) => given[name] !== undefined);
  if (targets.length > 1) throw fault(`${place}.${targets[1]}`, `excludes \`${targets[0]}\``);
  if (message === 'none' || message === 'response') {
    const [extra] = [...targets, ...about];
    if (extra) throw fault(`${place}.${extra}`, `has no meaning with \`message: ${message}\``);
    return message === 'none' ? undefined : { jsonrpc: '2.0', id: 1, result: {} };
  }
  if (message !== 'request' && message !== 'notification') throw fault(`${place}.message`, 'must be request, notification, response or none');
  for (const name of ['arguments', 'params']) {
    if (given[name] !== undefined && !isObject(given[name])) throw fault(`${place}.${name}`, 'must be an object');
  }
  const usual = tool !== undefined ? 'tools/call' : resource !== undefined ? 'resources/read' : prompt !== undefined ? 'prompts/get' : undefined;
  const method = given.method ?? usual;
  if (method === undefined) {
    const [extra] = given.message === undefined ? about : ['message'];
    if (extra) throw fault(`${place}.${extra}`, 'needs `method`, `tool`, `resource` or `prompt`');
    if (given.http === undefined) throw fault(place, 'needs `method`, `tool`, `resource`, `prompt` or `http`');
    return undefined;
  }
  const target = method === 'completion/complete'
    ? { ref: resource === undefined ? { type: 'ref/prompt', name: prompt } : { type: 'ref/resource', uri: resource } }
    : method === 'subscriptions/listen'
      ? { notifications: resource === undefined ? {} : { resourceSubscriptions: [resource] } }
      : { name: tool ?? prompt, uri: resource };
  return {
    jsonrpc: '2.0',
    ...(message === 'request' && { id: 1 }),
    method,
    params: { ...target, arguments: given.arguments, ...(params as object | undefined) },
  };
}

function expectationOf(place: string, expect: unknown): Expectation {
  if (expect === 'allow' || expect === 'deny' || expect === 'answer') return { decision: expect };
  if (!isObject(expect)) throw fault(place, 'must be allow, deny, answer or `{ deny: REASON }`');
  const { deny, scope } = members(place, expect, ['deny', 'scope']);
  if (typeof deny !== 'string' || !rows.some(({ reason }) => reason === deny)) throw fault(`${place}.deny`, `${JSON.stringify(deny)} is no reason: see ERRORS.md`);
  if (scope === undefined) return { decision: 'deny', reason: deny };
  return { decision: 'deny', reason: deny, scope: typeof scope === 'string' ? scope.split(' ').filter(Boolean) : texts(`${place}.scope`, scope) };
}

function texts(place: string, value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (!list.every((item) => typeof item === 'string')) throw fault(place, 'must be text, or a list of it');
  return list;
}

function members(place: string, value: unknown, known: string[]): Members {
  if (!isObject(value)) throw fault(place, 'must be an object');
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw fault([place, unknown].filter(Boolean).join('.'), `is unknown, expected one of ${known.join(', ')}`);
  return value;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(place: string, text: string): WaxsealError {
  return refused(place ? `\`${place}\`: ${text}` : text);
}
