// The filter as a face, under a small proxy-wasm host: gives { send, problems, close }.

import { readFile } from 'node:fs/promises';
import { metadata, told } from '../../host/mcp.mjs';
import { SharedData } from '../../host/shared.mjs';
import { FUNCTION, verifySignature } from '../../host/signatures.mjs';
import { Status } from '../../host/status.mjs';
import { Worker } from '../../host/worker.mjs';

const FILTER = new URL('../../../pkg/dist/waxseal.wasm', import.meta.url);
// What the upstream answers: all else in the reply is the filter's, and takes the place of its own.
const UPSTREAM = { status: 200, headers: [['content-type', 'application/json'], ['dpop-nonce', 'of-the-upstream']], body: '{}' };
// Under these keys the filter remembers proofs.
const CLAIMS = 'waxseal/replay';
const TURNS = 1000;

export async function openFilter(crypto) {
  const module = await WebAssembly.compile(await readFile(FILTER));
  let asked = 0;
  const open = async (config, world) => {
    const lines = [];
    let started = false;
    const foreign = (name, input) => {
      // A host that is down has been up.
      if (started && world.down) return Status.InternalFailure;
      if (name !== FUNCTION || crypto === 'pure') return Status.NotFound;
      asked += 1;
      return verifySignature(input);
    };
    const mode = config.policy?.body;
    const worker = await Worker.start(module, {
      configuration: JSON.stringify(withClusters(config)),
      env: world.env,
      shared: new SharedData({ fails: (key) => world.claimsDown && key.startsWith(CLAIMS) }),
      now: () => world.now,
      bodyWhileHeadersWait: mode === 'hold_headers',
      log: (level, line) => lines.push([level, line]),
      foreign,
      fetch: async ({ authority, path, headers }) => {
        const scheme = headers.find(([name]) => name === ':scheme')?.[1];
        // A URL may be written without the path that a request for it must have.
        const rests = path === '/' ? [`${authority}/`, authority] : [authority + path];
        return world.fetch([scheme, 'https', 'http'].filter(Boolean).flatMap((start) => rests.map((rest) => `${start}://${rest}`)));
      },
    }).catch((error) => fail([error.message, ...lines.map(([, line]) => line)].join('; ')));
    started = true;
    return {
      close: () => worker.close(),
      problems: () => [
        ...(worker.failure ? [`the filter died in ${worker.failure.callback}: ${worker.failure.error.message}`] : []),
        ...lines.filter(([level]) => level === 'critical').map(([, line]) => `logged as critical: ${line}`),
      ],
      async send(request) {
        const { local, upstream, response } = await worker.request({ ...request, ...(mode === 'metadata' && { metadata: summary(request) }), response: UPSTREAM });
        await idle(worker);
        if (upstream) return { decision: 'allow', upstream: upstream.headers, replied: response.headers.filter(isOfTheFilter) };
        if (!local) fail('the filter reset the request');
        const decision = local.status >= 200 && local.status < 300 ? 'answer' : 'deny';
        return { decision, reason: local.details || undefined, status: local.status, headers: local.headers, text: local.body };
      },
    };
  };
  return { open, asked: () => asked };
}

/** What Envoy's own MCP filter tells of a request. */
const summary = ({ method, headers, body = '' }) => metadata(told({ method, headers, body: Buffer.from(body, 'utf8') }));

/** What the upstream sent is the filter's fault only where it stands beside the filter's own. */
function isOfTheFilter([name, value], _, all) {
  const sent = UPSTREAM.headers.some(([other, text]) => other === name && text === value);
  return !sent || all.filter(([other]) => other === name).length > 1;
}

/** Lets the filter finish what it does beside requests, on a clock that stands still. */
async function idle(worker) {
  for (let turn = 0; worker.pendingCalls > 0 || worker.tickPeriod > 0; turn += 1) {
    if (worker.failure) return;
    if (turn === TURNS) fail(`the filter is still busy after ${TURNS} turns`);
    if (worker.tickPeriod > 0) worker.tick();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

// Envoy reaches a URL only through a cluster that its operator named. Vectors are about decisions
// and may leave that name out, so whatever is fetched gets one here; the host knows them all.
function withClusters(config) {
  const copy = structuredClone(config);
  for (const issuer of Array.isArray(copy.issuers) ? copy.issuers : []) {
    if (issuer?.keys?.uri !== undefined || issuer?.keys?.discover) issuer.keys.cluster ??= 'vectors';
  }
  const store = copy.replay?.store?.http;
  if (store?.uri !== undefined) store.cluster ??= 'vectors';
  return copy;
}

function fail(message) {
  throw new Error(message);
}
