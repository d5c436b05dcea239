// The cases of policy-arguments.json.

import { message, passes, posted, prompting, ruled, tool } from '../calls.mjs';
import { json, raw } from '../exact-json.mjs';
import { deny } from '../expectations.mjs';
import { having } from '../rules.mjs';

export const about = 'Rules about the arguments of a call: by name or JSON Pointer (RFC 6901), compared by value.';

export function cases() {
  const denied = deny('policy_denied');
  const failed = deny('policy_eval_failed');
  const on = (name, wanted) => {
    const own = having(name, ruled([{ match: { tool: 'run', arguments: wanted } }]));
    return (args, expect, label = json(args)) => own(`${name}: ${label}`, posted(message('tools/call', { name: 'run', arguments: args })), expect);
  };

  const text = on('text', { mode: 'dry' });
  text({ mode: 'dry' }, passes);
  text({ mode: 'dry', more: 1 }, passes);
  for (const value of ['wet', 'Dry', 'dry ', ' dry', 'dr', 'dryer', '', null]) text({ mode: value }, denied);
  // A server may turn them into text, or text into them.
  for (const value of [true, 1, ['dry'], { dry: 1 }]) text({ mode: value }, failed);
  text({}, denied);
  text(undefined, denied, 'no arguments');
  text(null, denied, 'arguments of null');
  text({ other: 'dry' }, denied);
  text(raw('{"m\\u006fde":"\\u0064ry"}'), passes, 'name and value with escapes');
  for (const other of ['Mode', 'MODE', 'mOde']) {
    text({ mode: 'dry', [other]: 'wet' }, failed);
    text({ [other]: 'dry' }, failed);
  }
  text({ mode: 'dry', modes: 'wet' }, passes);
  const others = having('another tool', ruled([{ match: { tool: 'run', arguments: { mode: 'dry' } } }, { match: { tool: '*' } }]));
  others('a double name in the arguments of another tool', posted(tool('walk', { mode: 'dry', Mode: 'wet' })), passes);
  others('a double name in the arguments of this tool', posted(tool('run', { mode: 'wet', Mode: 'dry' })), failed);
  const long = on('a name with s and k', { task: 'x' });
  long({ ta\u017fk: 'x' }, failed);
  long({ task: 'x', 'tas\u212a': 'y' }, failed);
  long({ task: 'x', 'ta\u00dfk': 'y' }, passes);

  const prefix = on('a prefix', { path: '/tmp/*' });
  for (const value of ['/tmp/', '/tmp/a', '/tmp/*']) prefix({ path: value }, passes);
  prefix({ path: 1 }, failed);
  for (const value of ['/tmp', '/TMP/a', 'x/tmp/a']) prefix({ path: value }, denied);
  const anything = on('any text', { path: '*' });
  for (const value of ['', 'x']) anything({ path: value }, passes);
  anything({ path: null }, denied);
  for (const value of [1, true, [], {}]) anything({ path: value }, failed);

  const number = on('a number', { n: 1 });
  for (const value of ['1', '1.0', '1e0', '10e-1', '0.1e1']) number({ n: raw(value) }, passes);
  for (const value of ['0', '2', '-1', '1.5', '1.0000000000000002', 'null']) number({ n: raw(value) }, denied);
  for (const value of ['"1"', 'true', '[1]']) number({ n: raw(value) }, failed);
  const fraction = on('a fraction', { n: 0.5 });
  for (const value of ['0.5', '5e-1', '0.50']) fraction({ n: raw(value) }, passes);
  for (const value of ['0.25', '1']) fraction({ n: raw(value) }, denied);
  fraction({ n: '0.5' }, failed);
  const zero = on('zero', { n: 0 });
  for (const value of ['0', '-0', '0.0', '-0.0', '0e5']) zero({ n: raw(value) }, passes);
  zero({ n: null }, denied);
  for (const value of ['false', '""', '[]']) zero({ n: raw(value) }, failed);
  const large = on('a large number', { n: 9007199254740993 + 0 });
  large({ n: raw('9007199254740992') }, passes);
  large({ n: raw('9007199254740994') }, denied);

  const yes = on('true', { force: true });
  yes({ force: true }, passes);
  for (const value of [false, null]) yes({ force: value }, denied);
  for (const value of [1, 'true', [true]]) yes({ force: value }, failed);
  yes({}, denied);
  const no = on('false', { force: false });
  no({ force: false }, passes);
  for (const value of [true, null]) no({ force: value }, denied);
  for (const value of [0, 'false', '']) no({ force: value }, failed);
  no({}, denied);
  const nothing = on('null', { force: null });
  nothing({ force: null }, passes);
  for (const value of [false, 0, '', 'null', []]) nothing({ force: value }, denied);
  nothing({}, denied);

  const list = on('a list', { mode: ['dry', 'test*', 1, null, true] });
  for (const value of ['dry', 'test', 'tests', 1, null, true]) list({ mode: value }, passes);
  for (const value of ['tes', 2, false]) list({ mode: value }, denied);
  for (const value of [['dry'], { dry: 1 }]) list({ mode: value }, failed);
  const several = on('two arguments', { a: 1, b: 'x' });
  several({ a: 1, b: 'x' }, passes);
  for (const args of [{ a: 1 }, { b: 'x' }, { a: 1, b: 'y' }, { a: 2, b: 'x' }]) several(args, denied);

  const pointer = on('a pointer', { '/a/b': 'x' });
  pointer({ a: { b: 'x' } }, passes);
  pointer({ a: { b: 'x', c: 1 }, d: 2 }, passes);
  // Some servers read JSON in text.
  for (const a of ['x', '{"b":"x"}', '']) pointer({ a }, failed);
  for (const args of [{ a: { b: 'y' } }, { a: { c: 'x' } }, { b: 'x' }, { 'a/b': 'x' }, { '/a/b': 'x' }, { a: null }, { a: [{ b: 'x' }] }, {}]) pointer(args, denied);
  pointer({ a: { b: 'x', B: 'y' } }, failed);
  pointer({ a: { b: 'x' }, A: { b: 'y' } }, failed);
  pointer({ a: { c: { B: 1, b: 1 }, b: 'x' } }, passes);
  const index = on('a pointer into a list', { '/items/1/id': 7 });
  index({ items: [{ id: 1 }, { id: 7 }] }, passes);
  for (const args of [{ items: [{ id: 7 }] }, { items: [{ id: 7 }, { id: 1 }] }, { items: { 0: { id: 7 } } }, { items: [] }, { items: [7, 7] }]) index(args, denied);
  index({ items: { 1: { id: 7 } } }, passes, 'an object with that name in place of a list');
  const first = on('a pointer to the first', { '/items/0': 'x' });
  first({ items: ['x'] }, passes);
  first({ items: ['y', 'x'] }, denied);
  for (const [step, why] of [['01', 'a zero before the index'], ['+1', 'a sign before the index'], ['-', 'the index after the last'], ['1e0', 'an exponent']])
    on(`a pointer with ${why}`, { [`/items/${step}`]: 'x' })({ items: ['x', 'x', 'x'] }, denied);
  const escapes = on('a pointer with escapes', { '/a~1b/~0c/~01': 1 });
  escapes({ 'a/b': { '~c': { '~1': 1 } } }, passes);
  escapes({ 'a/b': { '~c': { '/': 1 } } }, denied);
  on('a pointer to an empty name', { '/': 1 })({ '': 1 }, passes);
  const dotted = on('a name with dots and slashes', { 'a.b/c': 1 });
  dotted({ 'a.b/c': 1 }, passes);
  dotted({ a: { b: { c: 1 } } }, denied);
  const proto = on('a name of every object', { __proto__x: 1, constructor: 'x' });
  proto({ __proto__x: 1, constructor: 'x' }, passes);
  proto({ __proto__x: 1 }, denied);

  // Arguments of prompts are arguments too; without them a rule is about no method.
  const prompts = having('arguments of a prompt', ruled([{ match: { prompt: 'greet', arguments: { tone: 'kind' } } }]));
  prompts('arguments of a prompt', posted(message('prompts/get', { name: 'greet', arguments: { tone: 'kind' } })), passes);
  prompts('other arguments of a prompt', posted(message('prompts/get', { name: 'greet', arguments: { tone: 'rude' } })), denied);
  prompts('a prompt without arguments', posted(prompting('greet')), denied);
  const alone = having('arguments alone', ruled([{ match: { arguments: { a: 1 } } }]));
  alone('arguments alone: a tool', posted(tool('any', { a: 1 })), passes);
  alone('arguments alone: a method of one\'s own', posted(message('x/run', { arguments: { a: 1 } })), passes);
  alone('arguments alone: an answer', posted('{"jsonrpc":"2.0","id":1,"result":{"arguments":{"a":1}}}'), denied);
  const guard = having('one value is denied', ruled([{ match: { tool: 'run', arguments: { force: true } }, effect: 'deny' }, { match: { tool: 'run' } }]));
  guard('one value is denied: another', posted(tool('run', { force: false })), passes);
  guard('one value is denied: this one', posted(tool('run', { force: true })), denied);
  for (const force of ['true', 'True', 1, 'yes', [true]]) guard(`one value is denied: ${json(force)}, which a server may take for it`, posted(tool('run', { force })), failed);
  guard('one value is denied: null', posted(tool('run', { force: null })), passes);
  guard('one value is denied: no arguments', posted(tool('run', {})), passes);
  guard('one value is denied: a member that makes a prototype', posted(tool('run', raw('{"__proto__":{"force":true}}'))), failed);
  guard('one value is denied: the name with a dotless i does not matter', posted(tool('run', { 'f\u0131rce': true })), passes);
  const trial = having('arguments in shadow', ruled([{ name: 'trial', match: { tool: 'run', arguments: { force: true } }, effect: 'deny', enforcement: 'shadow' }, { name: 'own', match: { tool: 'run' } }]));
  trial('a rule in shadow that cannot be evaluated denies nothing', posted(tool('run', { Force: true })), passes);
  const tried = having('an allowance in shadow', ruled([{ match: { tool: 'run', arguments: { force: true } }, enforcement: 'shadow' }]));
  tried('a rule in shadow that cannot be evaluated opens nothing', posted(tool('run', { force: 'true' })), denied);
  guard('one value is denied: the name in other case', posted(tool('run', { Force: true })), failed);
  guard('one value is denied: the name in both cases', posted(tool('run', { force: false, FORCE: true })), failed);
}
