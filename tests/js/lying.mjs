// node lying.mjs FAULTS: a gate in a process whose cryptography is not what it should be. FAULTS is
// JSON: `node` and `web` are what is wrong with each (`gone`, or a fault below), `later` with the one
// that was proved. Prints for each algorithm what was asked of both until the first token had passed,
// what became of a good and of a forged one after it, by another key, and what was asked for them.

import { ALGORITHMS, ISSUER, keyFor, keySet, RESOURCE, token } from '../envoy/tokens.mjs';

const { node, web, later } = JSON.parse(process.argv[2]);
const fail = () => {
  throw new Error('a fault');
};
const FAULTS = {
  yes: { verify: () => true },
  no: { verify: () => false },
  errs: { verify: fail },
  rejects: { verify: () => Promise.reject(new Error('a fault')) },
  text: { verify: () => 'true' },
  one: { verify: () => 1 },
  'takes no key': { createPublicKey: fail, importKey: fail },
  'has nothing': { verify: undefined, createPublicKey: undefined, importKey: undefined },
};

let proving = true;
const used = { node: 0, web: 0, keys: 0 };
const wrong = (name, of, fault) => fault !== 'gone' && new Proxy(of, {
  get(target, member) {
    const faults = { ...FAULTS[fault], ...(!proving && FAULTS[later]) };
    const found = member in faults ? faults[member] : Reflect.get(target, member);
    if (typeof found !== 'function') return found;
    return (...input) => {
      if (member === 'verify') used[name] += 1;
      if (member === 'createPublicKey' || member === 'importKey') used.keys += 1;
      return Reflect.apply(found, target, input);
    };
  },
});

const builtin = process.getBuiltinModule('crypto');
const of = { node: wrong('node', builtin, node), web: wrong('web', globalThis.crypto.subtle, web) };
const set = (holder, name, value) => Object.defineProperty(holder, name, { value, configurable: true });
set(process, 'getBuiltinModule', of.node ? () => of.node : undefined);
set(globalThis.crypto, 'subtle', of.web || undefined);

const { Gate } = await import('../../pkg/dist/index.js');
const keys = { set: keySet('es-1', 'p384-1', 'rs-1', 'ed-1', 'es-2', 'p384-2', 'rs-2', 'ed-2') };
const gate = await Gate.open({ resource: RESOURCE, issuers: [{ issuer: ISSUER, algorithms: ALGORITHMS, keys }] });
const send = async (text) => {
  const { allow, reason } = await gate.check({ method: 'POST', url: RESOURCE, headers: { authorization: `Bearer ${text}` } });
  return allow ? 'allow' : reason;
};

const outcomes = {};
for (const algorithm of ALGORITHMS) {
  const [first, second] = [1, 2].map((n) => token({}, { key: keyFor(algorithm).replace('1', n), algorithm }));
  const other = token({}, { key: keyFor(algorithm).replace('1', 2), algorithm });
  await send(first);
  proving = false;
  const tried = { ...used };
  Object.assign(used, { node: 0, web: 0, keys: 0 });
  const sent = [await send(second), await send(second.replace(/[^.]+$/, other.split('.')[2]))];
  outcomes[algorithm] = { tried, sent, used: { ...used } };
  Object.assign(used, { node: 0, web: 0, keys: 0 });
  proving = true;
}
console.log(JSON.stringify(outcomes));
