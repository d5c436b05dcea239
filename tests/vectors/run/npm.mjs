// The npm package as a face: gives { send, problems, close }; send gives what is compared.

import { readFile } from 'node:fs/promises';
import { byteString } from '../../host/headers.mjs';
import { isObject, isPairs } from './reading.mjs';

const PACKAGE = new URL('../../../pkg/', import.meta.url);

export async function openPackage(crypto) {
  const asked = limited(crypto);
  const { name, exports } = JSON.parse(await readFile(new URL('package.json', PACKAGE), 'utf8'));
  const { Gate } = await import(new URL(entry(exports) ?? fail(`${name} exports no module`), PACKAGE));
  const open = async (config, world) => {
    const fetch = async (target) => {
      const found = world.fetch([target instanceof Request ? target.url : String(target)]);
      if (found === null) throw new TypeError('fetch failed');
      const { status, headers, body } = found;
      return new Response([101, 204, 205, 304].includes(status) ? null : body, { status, headers });
    };
    const replay = world.losesClaims ? { replay: store(world) } : {};
    const revocation = config.revocation?.host ? { revocation: knowing(world) } : {};
    const gate = await Gate.open(config, { fetch, env: world.env, ...replay, ...revocation });
    return {
      problems: () => [],
      close() {},
      async send({ method, url, headers, body }) {
        const ahead = [];
        const options = { now: world.now, waitUntil: (promise) => void ahead.push(promise) };
        const { allow, decision, reason, reply, grant } = await gate.check({ method, url, headers, body: body ?? null }, options);
        while (ahead.length > 0) await ahead.shift();
        if (allow !== (decision === 'allow')) fail(`\`allow\` is ${allow} and \`decision\` is ${decision}`);
        if (allow !== (reply === undefined)) fail(`\`allow\` is ${allow} and there is ${reply ? 'a' : 'no'} reply`);
        if (allow !== (grant !== undefined)) fail(`\`allow\` is ${allow} and there is ${grant ? 'a' : 'no'} grant`);
        return {
          decision, reason, status: reply?.status, text: reply?.body,
          headers: reply && byteStrings(reply.headers, 'reply.headers'),
          upstream: grant && byteStrings(grant.headers, 'grant.headers'),
          replied: grant && byteStrings(grant.replyHeaders, 'grant.replyHeaders'),
        };
      },
    };
  };
  return { open, asked };
}

/** Leaves this process the cryptography that is to be tried, and counts its use. */
function limited(crypto) {
  let asked = 0;
  const counting = (of) => new Proxy(of, {
    get(target, name) {
      const found = Reflect.get(target, name);
      if (typeof found !== 'function') return found;
      return (...input) => {
        if (name === 'verify') asked += 1;
        return Reflect.apply(found, target, input);
      };
    },
  });
  const builtin = process.getBuiltinModule;
  const set = (of, name, value) => Object.defineProperty(of, name, { value, configurable: true });
  set(process, 'getBuiltinModule', crypto === 'host' ? (name) => counting(builtin(name)) : undefined);
  set(globalThis.crypto, 'subtle', crypto === 'web' ? counting(globalThis.crypto.subtle) : undefined);
  return () => asked;
}

/** A replay store that fails when the world says so; the package's own cannot. */
function store(world) {
  const claimed = new Map();
  return {
    async claim(key, expires) {
      if (world.claimsDown) throw new Error('the replay store does not answer');
      if (claimed.get(key) >= world.now) return false;
      claimed.set(key, expires);
      return true;
    },
  };
}

/** A store that knows as revoked what the world says. */
function knowing(world) {
  return {
    async revoked(ids) {
      if (world.revoked === null) throw new Error('the store does not answer');
      return ids.find((id) => world.revoked.includes(id));
    },
  };
}

/** The module that `import` would load: the package is not installed, it is tried where it is. */
function entry(exports) {
  if (typeof exports === 'string') return exports;
  if (!isObject(exports)) return undefined;
  if (Object.hasOwn(exports, '.')) return entry(exports['.']);
  for (const [condition, target] of Object.entries(exports)) {
    if (['node', 'import', 'default'].includes(condition)) {
      const found = entry(target);
      if (found) return found;
    }
  }
  return undefined;
}

function byteStrings(pairs, where) {
  if (!isPairs(pairs)) fail(`\`${where}\` is not a list of pairs of texts`);
  return pairs.map((pair) => pair.map(byteString));
}

function fail(message) {
  throw new Error(message);
}
