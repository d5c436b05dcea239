// How the cost of a check grows with what it has to look at; through the package, in Node, as a caller meets it.

import { Gate } from '../../pkg/dist/index.js';
import { asPlain } from './peers.mjs';
import { ISSUER, jwk, keyFor, lasting, RESOURCE, strangers, tokens, trusting } from './credentials.mjs';
import { countFor, interleave } from './measure.mjs';

const ALGORITHM = 'ES256';
const own = jwk(keyFor(ALGORITHM));

const call = (tool, token, members = {}) => ({
  ...asPlain({ token }), method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: { path: '/pub/a', number: -1 } } }),
  ...members,
});
const rules = (count, match) => ({ policy: { rules: Array.from({ length: count }, (_, number) => ({ match: match(number) })) } });

/** Kinds of policies: the rule of a number, and the tool that is called. */
const POLICIES = {
  'rules, exact names': [(n) => ({ tool: `tool_${n}` }), (count) => `tool_${count - 1}`],
  'rules, prefixes': [(n) => ({ tool: `group_${n}_*` }), (count) => `group_${count - 1}_read`],
  'rules, one tool, by arguments': [(n) => ({ tool: 'tool', arguments: { number: n - 1 } }), () => 'tool'],
};
const RULES = [10, 100, 1_000, 10_000];

/** What grows -> its sizes, and how a gate and its calls are made for each. */
const AXES = {
  ...Object.fromEntries(Object.entries(POLICIES).map(([name, [match, tool]]) => [name, {
    sizes: RULES,
    make: (count) => ({ config: trusting(ALGORITHM, rules(count, match)), calls: [call(tool(count), lasting(ALGORITHM))] }),
  }])),
  'keys in a set': {
    sizes: [1, 10, 50, 100],
    make(count) {
      const keys = { set: { keys: [...strangers(count - 1), own] } };
      return { config: { resource: RESOURCE, issuers: [{ issuer: ISSUER, algorithms: [ALGORITHM], keys }] }, calls: [asPlain({ token: lasting(ALGORITHM) })] };
    },
  },
  issuers: {
    sizes: [1, 10, 100],
    make(count) {
      const others = Array.from({ length: count - 1 }, (_, number) => ({ issuer: `${ISSUER}/${number}`, keys: { set: { keys: [own] } } }));
      const config = trusting(ALGORITHM);
      return { config: { ...config, issuers: [...others, ...config.issuers] }, calls: [asPlain({ token: lasting(ALGORITHM) })] };
    },
  },
  'bytes of a token': {
    sizes: [500, 1_000, 2_000, 4_000, 8_000, 16_000],
    make(size) {
      const bare = lasting(ALGORITHM, { filling: '' }).length;
      const filling = 'x'.repeat(Math.max(0, Math.floor(((size - bare) * 3) / 4)));
      return { config: trusting(ALGORITHM), calls: [asPlain({ token: lasting(ALGORITHM, { filling }) })] };
    },
  },
  'tokens in use': {
    sizes: [1, 100, 1_000, 10_000],
    make: async (count) => ({ config: trusting(ALGORITHM), calls: (await tokens(ALGORITHM, count)).map((token) => asPlain({ token })) }),
  },
  'actors in a chain': {
    sizes: [0, 1, 2, 4, 8],
    make(count) {
      let act;
      for (let number = 0; number < count; number += 1) act = { sub: `agent-${number}`, ...(act && { act }) };
      return { config: trusting(ALGORITHM, { policy: { default: 'allow', require: { scopes: 'a' } } }), calls: [asPlain({ token: lasting(ALGORITHM, { scope: 'a', act }) })] };
    },
  },
};

/** A gate that has seen all its tokens. */
async function caseOf(name, { make }, size, budget) {
  const { config, calls } = await make(size);
  const gate = await Gate.open(config);
  let next = 0;
  const act = async (count) => {
    for (let number = 0; number < count; number += 1) {
      const outcome = await gate.check(calls[next++ % calls.length]);
      if (!outcome.allow) throw new Error(`denied: ${outcome.reason}`);
    }
  };
  await act(calls.length);
  const count = await countFor(budget, act);
  const run = async () => {
    const begun = performance.now();
    await act(count);
    return { us: ((performance.now() - begun) * 1000) / count };
  };
  return { name: `${name}: ${size}`, run };
}

/** `what grows: size` -> metric -> a number for each round. */
export async function growth({ rounds, budget, say }) {
  const cases = [];
  for (const [name, axis] of Object.entries(AXES)) {
    say(name);
    for (const size of axis.sizes) cases.push(await caseOf(name, axis, size, budget));
  }
  return interleave(cases, { rounds, say });
}
