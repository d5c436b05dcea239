// node crowding.mjs FAULT ROUNDS: many calls at once, in a process where Node's threads do not what they should. FAULT is what
// becomes of a signature that is given to them: `none`, `busy` where they have other work, or a fault below, after a `later `
// only with those that were proved. Prints how many were given to them and to this thread, how often which outcome a good and a
// forged token had, and how many milliseconds the slowest call took.

import { ISSUER, keySet, RESOURCE, token } from '../envoy/tokens.mjs';

const [, wanted, rounds] = process.argv.slice(1);
const [, late, fault] = /^(later )?(.+)$/.exec(wanted);
const FAULTS = {
  yes: (done) => void setImmediate(done, null, true),
  no: (done) => void setImmediate(done, null, false),
  one: (done) => void setImmediate(done, null, 1),
  errs: (done) => void setImmediate(done, new Error('a fault')),
  throws() { throw new Error('a fault'); },
  'answers at once': () => true,
  'never answers': () => {},
};

const used = { here: 0, aside: 0 };
let proving = true;
const crypto = process.getBuiltinModule('crypto');
const wrong = new Proxy(crypto, {
  get(target, member) {
    if (member !== 'verify') return Reflect.get(target, member);
    return (hash, message, key, signature, done) => {
      used[done ? 'aside' : 'here'] += 1;
      if (done && fault in FAULTS && !(late && proving)) return FAULTS[fault](done);
      return done ? crypto.verify(hash, message, key, signature, done) : crypto.verify(hash, message, key, signature);
    };
  },
});
Object.defineProperty(process, 'getBuiltinModule', { value: () => wrong });

const { Gate } = await import('../../pkg/dist/index.js');
const gate = await Gate.open({ resource: RESOURCE, issuers: [{ issuer: ISSUER, algorithms: ['ES256'], keys: { set: keySet('es-1') } }] });
let slowest = 0;
const check = async (text) => {
  const begun = performance.now();
  const { allow, reason } = await gate.check({ method: 'POST', url: RESOURCE, headers: { authorization: `Bearer ${text}` } });
  slowest = Math.max(slowest, performance.now() - begun);
  return allow ? 'allow' : reason;
};
await check(token());
if (late || fault === 'none' || fault === 'busy') {
  // The first crowd has the threads prove themselves.
  await Promise.all(Array.from({ length: 80 }, () => check(token())));
  await new Promise((resolve) => setTimeout(resolve, 200));
}
proving = false;
// For seconds.
if (fault === 'busy') for (let thread = 0; thread < 4; thread += 1) crypto.pbkdf2('a', 'b', 8_000_000, 64, 'sha512', () => {});
Object.assign(used, { here: 0, aside: 0 });

slowest = 0;
const outcomes = { good: {}, forged: {} };
const count = (kind) => (outcome) => { outcomes[kind][outcome] = (outcomes[kind][outcome] ?? 0) + 1; };
for (let round = 0; round < Number(rounds); round += 1) {
  const good = Array.from({ length: 50 }, () => token());
  const [other] = good.map((text) => text.split('.')[2]);
  const forged = Array.from({ length: 50 }, () => token().replace(/[^.]+$/, other));
  await Promise.all(good.flatMap((text, at) => [check(text).then(count('good')), check(forged[at]).then(count('forged'))]));
}
console.log(JSON.stringify({ used, outcomes, slowest }));
process.exit();
