// Compiled against the packed package, with no types but the DOM's: every public type, and what
// must not compile. Nothing in here is run.

import { Elicitation, Gate, Reply, WaxsealError } from 'waxseal';
import type {
  Algorithm, Allowed, Answered, Asked, Caller, CheckOptions, Config, Denied, Dpop, ElicitationConfig, ErrorFacts, GateOptions, GateReason, Grant, Header, HeaderSource, InputRequired, Issuer,
  Match, McpCall, OneOrMany, Outcome, Policy, Reason, Replay, ReplayStore, RequestLike, Requirements, Resumed,
  Revocation, RevocationStore, RpcError, Rule, Scalar, SecretName, Shadowed, ToolError,
} from 'waxseal';
import { createDpop, errorFrom, explain, heal, parseChallenges, readError, WaxsealError as ClientError } from 'waxseal/client';
import type {
  Action, Challenge, Dpop as Prover, DpopAlgorithm, DpopFetchOptions, DpopMiddleware, DpopOptions, ErrorFacts as ClientFacts, Explained, Explanation, Fetch, HealEvent, HealMiddleware, HealOptions, KeyPair, OpenUrl, ProofRequest,
  PublicJwk, Reading, ReadOptions, Renewal, Sentinel, StepUp, Surface, Visit,
} from 'waxseal/client';
import * as readingSlim from 'waxseal/client/slim';
import { expressGuard, honoGuard, protect, tokenVerifier, withConsent } from 'waxseal/mcp';
import type {
  AuthInfo, ConsentOptions, GateSource, Guarded, GuardedHandler, GuardOptions, HonoContext, McpServerLike, NodeResponse, SdkError, SdkErrors, TokenVerifier,
} from 'waxseal/mcp';
import { denoReplay, denoRevocation, durableReplay, redisReplay, redisRevocation, ReplayObject, WaxsealError as StoreError, workersRevocation } from 'waxseal/stores';
import type {
  DenoAtomic, DenoKv, DurableNamespace, DurableState, RedisOptions, ReplayStore as Store, Revocations, WorkersKv,
} from 'waxseal/stores';
import { Gate as SlimGate, init, initSync, type WasmSource } from 'waxseal/slim';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <Condition extends true>(): Condition | undefined => undefined;

// ---- configurations ----

export const small: Config = {
  resource: 'https://api.example.com/mcp',
  issuers: [{ issuer: 'https://as.example.com', keys: { uri: 'https://as.example.com/jwks.json' } }],
};

const issuer: Issuer = {
  issuer: 'https://as.example.com',
  keys: { uri: 'https://as.example.com/jwks.json', cluster: 'as' },
  audience: ['https://api.example.com/mcp'],
  algorithms: ['ES256', 'ES384', 'RS256', 'RS384', 'RS512', 'PS256', 'EdDSA'],
  claims: { optional: ['sub', 'client_id', 'jti', 'iat'] },
  types: ['at+jwt'],
};

const algorithms: Algorithm[] = ['ES256', 'EdDSA'];
const secret: SecretName = { env: 'SECRET' };
const dpop: Dpop = { mode: 'required', algorithms, age: 60, nonce: { mode: 'always', secret } };
const replay: Replay = { store: { http: { uri: 'https://store.example.com', cluster: 's', authorization: secret, timeout: 1 } }, capacity: 5000 };

const values: OneOrMany<Scalar> = ['text', 1, true, null];
const match: Match = {
  http: 'POST', path: '/mcp', message: ['request', 'none'], method: 'tools/*', tool: ['a', 'b*'], resource: 'file:///*', prompt: 'p', arguments: { a: 'x*', '/b/0': values },
};
const require: Requirements = {
  dpop: true, scopes: { all: 'a', any: ['b', 'c'] }, zone: 'z', targets: ['t'], session: true, agent: ['a*'], delegation: { required: false, depth: 2 }, chain: 'c', actor: 'a*',
  roles: ['r'], claims: { a: 1, b: values, c: { has: 'x' } }, acr: 'x', amr: ['y'], max_age: 60,
};
const rules: Rule[] = [{ name: 'a', match, require, effect: 'allow', enforcement: 'shadow' }, { require: { agent: true, delegation: true, scopes: 'a' } }, {}];
const policy: Policy = {
  default: 'deny', body: 'hold_headers', hierarchy: { admin: ['files:*'] }, require: { scopes: ['a'] }, lists: 'filtered', rules,
  operations: { enforcement: 'enforced', list: [{ method: 'GET', path: '/a', scope: 's' }] },
};

const revocations: Revocation[] = [
  { list: { uri: 'https://as.example.com/revoked', cluster: 'as', timeout: 5, key: { kty: 'EC' } }, age: 30, stale: 120 },
  { list: { uri: 'https://as.example.com/revoked', keys: { keys: [{ kty: 'EC' }] } } },
  { http: { uri: 'https://store.example.com', cluster: 's', authorization: secret, timeout: 1 } },
  { introspection: { uri: 'https://as.example.com/introspect', cluster: 'as', client: 'gate', secret, timeout: 2 }, age: 5 },
  { host: true },
];

export const large: Config = {
  resource: 'https://api.example.com/mcp',
  issuers: [
    issuer,
    { issuer: 'https://b.example.com', keys: { set: { keys: [{ kty: 'EC' }] } } },
    { issuer: 'https://c.example.com', keys: { discover: true } },
    { issuer: 'http://d.internal', keys: { discover: true, private: true, cluster: 'd' } },
    { issuer: 'https://e.example.com', keys: { discover: true }, profile: 'caracal', zone: 'zone-1', use: 'resource', types: 'JWT' },
  ],
  keys: { age: 300, stale: 600, timeout: 5 },
  origins: ['https://app.example.com'],
  scopes: ['mcp:read'],
  leeway: 30,
  dpop,
  replay,
  policy,
  revocation: revocations[0]!,
  limits: { token: 16384, body: 65536 },
  errors: { base: 'https://errors.example.com/', vocabulary: 'caracal', verbose: false },
  challenge: { realm: 'mcp' },
  forward: { headers: { 'x-user': 'sub' }, authorization: 'strip' },
};

export const wrong: Config[] = [
  // @ts-expect-error no resource
  { issuers: [] },
  // @ts-expect-error no issuers
  { resource: '' },
  // @ts-expect-error an unknown member
  { ...small, realm: 'mcp' },
  // @ts-expect-error text where seconds are wanted
  { ...small, leeway: '30' },
  // @ts-expect-error an unknown vocabulary
  { ...small, errors: { vocabulary: 'rfc' } },
  // @ts-expect-error neither strip nor keep
  { ...small, forward: { authorization: 'drop' } },
  // @ts-expect-error a claim that can not be optional
  { ...small, issuers: [{ ...issuer, claims: { optional: ['exp'] } }] },
  // @ts-expect-error an algorithm that can never be configured
  { ...small, issuers: [{ ...issuer, algorithms: ['none'] }] },
  // @ts-expect-error another one
  { ...small, issuers: [{ ...issuer, algorithms: ['HS256'] }] },
  // @ts-expect-error keys from nowhere
  { ...small, issuers: [{ issuer: 'https://as.example.com', keys: {} }] },
  // @ts-expect-error discovery is asked for, or left out
  { ...small, issuers: [{ issuer: 'https://as.example.com', keys: { discover: false } }] },
  // @ts-expect-error a single origin
  { ...small, origins: 'https://app.example.com' },
  // @ts-expect-error a single scope
  { ...small, scopes: 'mcp:read' },
  // @ts-expect-error neither off, optional nor required
  { ...small, dpop: { mode: 'on' } },
  // @ts-expect-error a secret that is written down
  { ...small, dpop: { nonce: { mode: 'always', secret: 'text' } } },
  // @ts-expect-error an unknown predicate
  { ...small, policy: { rules: [{ require: { scope: 'a' } }] } },
  // @ts-expect-error an unknown thing to match
  { ...small, policy: { rules: [{ match: { tools: 'a' } }] } },
  // @ts-expect-error an agent that is asked for is true, or has a name
  { ...small, policy: { rules: [{ require: { agent: false } }] } },
  // @ts-expect-error an argument is compared with plain values
  { ...small, policy: { rules: [{ match: { arguments: { a: {} } } }] } },
  // @ts-expect-error no such store
  { ...small, replay: { store: 'redis' } },
  // @ts-expect-error a client is needed, to ask with
  { ...small, revocation: { introspection: { uri: 'https://as.example.com/introspect', secret } } },
  // @ts-expect-error a list has an address
  { ...small, revocation: { list: 'https://as.example.com/revoked' } },
];

// ---- a gate ----

export async function gates(): Promise<void> {
  const opened: Promise<Gate> = Gate.open(small);
  await Gate.open(small, {});
  await Gate.open(small, { fetch, env: { NAME: 'value', OTHER: undefined } });
  const options: GateOptions = { fetch: async (_input, _init) => new Response('{}') };
  await Gate.open(small, options);
  const gate: Gate = await Gate.open(small, { keys: (await opened).exportKeys() });
  const kept: string = gate.exportKeys();
  const cached = new Map([['keys', kept]]);
  await Gate.open(small, { keys: cached.get('keys') });
  await Gate.open(small, { keys: localStorage.getItem('keys') });
  const store: ReplayStore = { claim: async (key, expires) => key.length === expires };
  await Gate.open(small, { replay: store });
  // @ts-expect-error a store answers yes or no
  await Gate.open(small, { replay: { claim: async () => 'OK' } });
  const revoked: RevocationStore = { revoked: async (ids) => ids.find((id) => id.startsWith('sub ')), epoch: async (zone) => (zone === 'zone-1' ? 7 : undefined) };
  await Gate.open(small, { revocation: revoked });
  await Gate.open(small, { revocation: { revoked: async () => undefined } });
  // @ts-expect-error it names the id that is revoked
  await Gate.open(small, { revocation: { revoked: async () => true } });
  // @ts-expect-error an epoch is a number
  await Gate.open(small, { revocation: { revoked: async () => undefined, epoch: async () => '7' } });
  // @ts-expect-error exported keys are text
  await Gate.open(small, { keys: { version: 1 } });
  // @ts-expect-error a gate is opened, not made
  new Gate();
  // @ts-expect-error a configuration is needed
  await Gate.open();
  // @ts-expect-error a fetch that gives no response
  await Gate.open(small, { fetch: async () => 'text' });
  // @ts-expect-error a gate must be awaited
  opened.check({ url: '/' });
}

// ---- requests ----

/** What Node's own types say of `http.IncomingMessage`. */
interface IncomingHttpHeaders {
  [name: string]: string | string[] | undefined;
  authorization?: string | undefined;
  'set-cookie'?: string[] | undefined;
}
interface IncomingMessage {
  method?: string | undefined;
  url?: string | undefined;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  on(event: string, listener: () => void): this;
}

export async function requests(gate: Gate, incoming: IncomingMessage, request: Request): Promise<void> {
  await gate.check(request);
  await gate.check(incoming);
  const like: RequestLike = incoming;
  await gate.check(like);
  const sources: HeaderSource[] = [
    [], [['a', 'b']], new Headers(), new Map([['a', 'b']]), {}, { a: 'b', c: ['d'], e: undefined },
    request.headers, incoming.headers, new Set<Header>([['a', 'b']]), Object.freeze({ a: 'b' }),
    [['a', 'b']] as const,
  ];
  for (const headers of sources) await gate.check({ method: 'GET', url: '/', headers, body: null });
  for (const body of ['{}', new Uint8Array(), new ArrayBuffer(0), null]) await gate.check({ method: 'POST', url: '/', body });
  await gate.check({ url: '/' }, { now: 1_700_000_000 });
  const options: CheckOptions = { now: 1_700_000_000, waitUntil: (promise) => void promise.then(() => {}) };
  const context = incoming as unknown as { waitUntil(promise: Promise<unknown>): void } | undefined;
  await gate.check(request, { waitUntil: context && ((promise) => context.waitUntil(promise)) });
  // @ts-expect-error it must take a promise
  await gate.check(request, { waitUntil: (seconds: number) => seconds });
  await gate.check({ url: '/' }, options);

  // @ts-expect-error no request
  await gate.check();
  // @ts-expect-error a URL alone is no request
  await gate.check('https://api.example.com/mcp');
  // @ts-expect-error a URL object is no text
  await gate.check({ url: new URL('https://api.example.com/mcp') });
  // @ts-expect-error a number is no header
  await gate.check({ url: '/', headers: { 'content-length': 5 } });
  // @ts-expect-error one flat list is no pairs
  await gate.check({ url: '/', headers: ['authorization', 'Bearer x'] });
  // @ts-expect-error seconds are a number
  await gate.check({ url: '/' }, { now: new Date() });
}

// ---- outcomes ----

holds<Same<Outcome, Allowed | Denied | Answered>>();
holds<Same<Outcome['decision'], 'allow' | 'deny' | 'answer'>>();
holds<Same<Header, [name: string, value: string]>>();

export async function outcomes(gate: Gate, request: Request): Promise<Response> {
  const outcome = await gate.check(request);
  holds<Same<typeof outcome, Outcome>>();

  // @ts-expect-error there is no grant before it is known to be allowed
  outcome.grant;
  // @ts-expect-error there is no reply before it is known to be none
  outcome.reply;

  if (outcome.allow) {
    holds<Same<typeof outcome, Allowed>>();
    const grant: Grant = outcome.grant;
    const headers: Header[] = grant.headers;
    const replyHeaders: Header[] = grant.replyHeaders;
    const subject: string | undefined = grant.subject;
    const shadow: Shadowed[] = outcome.shadow;
    const bytes: Uint8Array | undefined = outcome.body;
    for (const { rule, reason, log } of shadow) headers.push([rule, `${reason satisfies Reason} ${log['facts']} ${bytes?.length} ${outcome.rule}`]);
    const scopes: string[] = grant.scopes;
    // @ts-expect-error the subject may be missing
    const sure: string = grant.subject;
    // @ts-expect-error a claim may be anything
    const claim: string = grant.claims['sub'];
    // @ts-expect-error there is no reply to what is allowed
    outcome.reply;
    // @ts-expect-error a reply is shortened, not its text
    outcome.shorten('[]');
    const upstream: Response = await fetch(new Request(request, { headers }), { body: [subject, sure, claim, grant.issuer, grant.client, ...scopes, ...replyHeaders].join() });
    return outcome.shorten(upstream);
  }
  holds<Same<typeof outcome, Denied | Answered>>();
  // @ts-expect-error there is no list for whom nothing is granted
  outcome.shorten;
  // @ts-expect-error an answer has no reason
  outcome.reason;
  return outcome.reply.toResponse();
}

export function decisions(outcome: Outcome): string | number {
  switch (outcome.decision) {
    case 'allow':
      return outcome.grant.issuer;
    case 'deny': {
      holds<Same<typeof outcome, Denied>>();
      const reason: Reason = outcome.reason;
      holds<GateReason extends Reason ? true : false>();
      // @ts-expect-error no such reason
      if (reason === 'token_expird') return 0;
      return reason === 'token_expired' ? String(outcome.facts['exp']) : outcome.reply.status;
    }
    case 'answer':
      holds<Same<typeof outcome, Answered>>();
      return outcome.reply.body;
    default: {
      const none: never = outcome;
      return none;
    }
  }
}

export function replies(reply: Reply): Reply {
  const { status, headers, body }: { status: number; headers: Header[]; body: string } = reply;
  // @ts-expect-error a reply is read, not written
  reply.status = 200;
  return new Reply({ status, headers, body });
}

export async function consents(grant: Grant): Promise<string> {
  const settings: ElicitationConfig = { secret, age: 600 };
  const elicitation: Elicitation = await Elicitation.open(settings, { env: { SECRET: 'text' } });
  const call: McpCall = { id: 1, method: 'tools/call', params: { name: 'read' }, version: '2025-11-25', capabilities: {} };
  const caller: Caller = grant;
  const resumed: Resumed | undefined = elicitation.resume(call, caller);
  if (resumed?.fault) throw new Error(resumed.error.message);
  const asked: Asked | undefined = elicitation.ask(new Error('consent_required'), call, { issuer: grant.issuer }, { now: 1 });
  const error: RpcError | undefined = asked?.error;
  const result: InputRequired | ToolError | undefined = asked?.result;
  // @ts-expect-error a secret is named
  await Elicitation.open({ secret: 'text' });
  return [resumed?.action, resumed?.service, error?.code, error?.data, result?.resultType].join();
}

// @ts-expect-error there are no Node types here: nothing above needs them
export type None = Buffer;

// ---- a gate before handlers ----

interface Env {
  SECRET: string;
  KV: WorkersKv;
  PROOFS: DurableNamespace;
}
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

const settings: GuardOptions = { onOutcome: ({ decision }) => void decision, waitUntil: undefined };
const opening: GateSource<[env: Env, context: Context]> = ({ SECRET, KV, PROOFS }) =>
  Gate.open(small, { env: { SECRET }, replay: durableReplay(PROOFS), revocation: workersRevocation(KV) });
const answering: GuardedHandler<[env: Env, context: Context]> = (request, { authInfo, grant, outcome }, env, context) => {
  context.waitUntil(Promise.resolve(env.SECRET));
  return Response.json([request.url, authInfo.clientId, grant.scopes, outcome.rule]);
};
export const worker: { fetch(request: Request, env: Env, context: Context): Promise<Response> } = { fetch: protect(opening, answering, settings) };
export const alone: (request: Request) => Promise<Response> = protect(Gate.open(small), async (_, { authInfo }: Guarded) => {
  const info: AuthInfo = authInfo;
  const { token, scopes, expiresAt, resource, extra }: { token: string; scopes: string[]; expiresAt?: number; resource?: URL; extra?: Record<string, unknown> } = info;
  return Response.json([token, scopes, expiresAt, resource?.href, extra, info.extra.grant.subject]);
});

export function guarded(gate: Gate, node: NodeResponse, hono: HonoContext, incoming: IncomingMessage): void {
  // @ts-expect-error a handler gives a response
  protect(gate, () => 'text');
  // @ts-expect-error a configuration is no gate
  protect(small, () => new Response());
  void expressGuard(gate, settings)(incoming, node, (error?: unknown) => void error);
  void honoGuard((env: Env) => Gate.open(small, { env: { SECRET: env.SECRET } }))(hono, async () => {});
  // @ts-expect-error a configuration is read, not written
  gate.config.resource = 'https://api.example.com/mcp';
  const resource: string = gate.config.resource;
  const version1: SdkErrors = { InvalidTokenError: Error, InsufficientScopeError: Error, InvalidRequestError: Error };
  const version2: SdkError = { OAuthError: class extends Error { constructor(readonly code: string, message: string) { super(message); } } };
  const verifiers: TokenVerifier[] = [tokenVerifier(gate, version1), tokenVerifier(Promise.resolve(gate), version2)];
  // @ts-expect-error the SDK knows its own errors only
  tokenVerifier(gate);
  for (const verifier of verifiers) void verifier.verifyAccessToken(resource).then(({ clientId }) => clientId);
}

export function consenting(elicitation: Elicitation, server: McpServerLike): (name: { a: string }, extra: object) => Promise<string> {
  const options: ConsentOptions = { tool: 'read', server: { server }, error: class extends Error { constructor(readonly code: number, message: string, readonly data?: unknown) { super(message); } } };
  return withConsent(elicitation, options, ({ a }: { a: string }, _extra: object) => a);
}

export function stored(kv: DenoKv, state: DurableState, facts: ErrorFacts): unknown[] {
  const redis: RedisOptions = { url: 'https://redis.example.com', authorization: 'Bearer a', fetch, timeout: 1 };
  const replays: Store[] = [denoReplay(kv), redisReplay(redis)];
  const revocations: Revocations[] = [denoRevocation(kv), redisRevocation(redis)];
  const lookup: RevocationStore | undefined = revocations[0];
  void revocations[0]?.revoke('sid https://as.example.com s-1', 1_700_000_000);
  const atomic: DenoAtomic = kv.atomic();
  class Proofs extends ReplayObject {}
  return [...replays, lookup, atomic, new Proofs(state), new WaxsealError('code', 'message', facts), StoreError.isInstance(facts)];
}

// ---- a client ----

export async function clients(pair: CryptoKeyPair): Promise<void> {
  const algorithm: DpopAlgorithm = 'ES256';
  const key: KeyPair = pair;
  const options: DpopOptions = { algorithm, key };
  const prover: Prover = await createDpop(options);
  await createDpop({ persist: 'name' });
  const jwk: PublicJwk = prover.publicJwk;
  const asked: ProofRequest = { method: 'POST', url: new URL('https://api.example.com'), token: prover.thumbprint, nonce: jwk.kty, now: 1 };
  const proof: string = await prover.proof(asked);
  const middleware: DpopMiddleware = prover.fetch;
  const how: DpopFetchOptions = { token: async () => proof, retry: () => true };
  const proving: Fetch = middleware(fetch, how);
  await prover.fetch()('https://api.example.com', { method: 'POST', body: '{}' });
  const response: Response = await proving(new Request('https://api.example.com'));
  const challenges: Challenge[] = parseChallenges(response.headers.get('www-authenticate') ?? '');
  challenges.map(({ scheme, token68, parameters }) => [scheme, token68, parameters['error']?.length]);
  parseChallenges([challenges.length.toString()]);
  // @ts-expect-error no such algorithm
  await createDpop({ algorithm: 'HS256' });
  // @ts-expect-error a proof is for a URL
  await prover.proof({ method: 'GET' });
}

export async function errors(thrown: unknown): Promise<string | undefined> {
  const options: ReadOptions = { now: 1 };
  const reading: Reading = await readError(thrown, options);
  const reason: Reason | undefined = reading.reason;
  const surface: Surface | undefined = reading.surface;
  const untrusted: true = reading.untrusted;
  const said: unknown[] = [reason, surface, untrusted, reading.code, reading.status, reading.message, reading.requestId, reading.details['a'], reading.challenges];
  const response: Response | undefined = reading.response;
  const { candidates, near }: Explained = await explain(reading);
  const first: Explanation | undefined = candidates[0];
  const sentinel: Sentinel | undefined = first?.sentinel;
  await explain(-32042);
  // @ts-expect-error there must be something to read
  await readError();
  return [next(reading.action), first?.fix, sentinel?.meaning, response?.status, ...said, ...near].join();
}

export async function heals(dpop: Prover, login: (resource: string | undefined, scopes: string[]) => Promise<string>): Promise<string> {
  const options: HealOptions = {
    url: 'https://api.example.com/mcp', token: () => undefined, issuer: 'https://as.example.com', client: 'client-1', resource: null, scopes: ['a'], maxWait: 10, budget: 2, dpop,
    refresh: async ({ token, resource, resourceMetadata, reading, signal }: Renewal) => [token, resource, resourceMetadata, reading.reason, signal?.aborted].join(),
    stepUp: ({ scopes, acrValues, maxAge, resource }: StepUp) => login(resource, [...scopes, ...acrValues, String(maxAge)]),
    openUrl: ({ url, host, message, id, signal }: Visit) => ([url, host, message, id].includes('') || signal?.aborted ? 'cancel' : 'accept'),
    onEvent: ({ about, decision, why, origin, method, sent, status, reason, scopes, seconds, host }: HealEvent) =>
      void [about === 'redirect', decision === 'stop', why === 'budget', origin, method, sent, status, reason, scopes, seconds, host],
    signal: new AbortController().signal,
  };
  const middleware: HealMiddleware = heal(options);
  const plain: (next: (url: string | URL, init?: RequestInit) => Promise<Response>) => (url: string | URL, init?: RequestInit) => Promise<Response> = middleware;
  const response = await plain(fetch)(new URL('https://api.example.com'));
  await heal()()('https://api.example.com');
  // @ts-expect-error the user says what they want
  heal({ openUrl: () => true });
  // @ts-expect-error no such event
  heal({ onEvent: ({ token }) => token });
  const error: ClientError = await errorFrom(response, { now: 1 });
  return error.code;
}

function next(action: Action): string {
  switch (action.kind) {
    case 'authenticate':
    case 'refresh':
      return [action.scope, action.resourceMetadata].join();
    case 'step_up':
      return [...action.scopes, ...action.acrValues, action.maxAge, action.resourceMetadata].join();
    case 'retry_with_nonce':
      return action.nonce;
    case 'retry_after':
      return String(action.seconds);
    case 'open_url':
      return action.urls.map(({ url, host, message, id }: OpenUrl) => [url, host, message, id, action.state].join()).join();
    case 'fix_request':
    case 'contact_operator':
    case 'give_up':
      return '';
  }
}

// ---- what is thrown ----

export function thrown(value: unknown): unknown[] {
  const facts: ErrorFacts & ClientFacts = { reason: 'token_expired', action: { kind: 'give_up' }, data: 1, cause: value };
  const made: ClientError = new WaxsealError('invalid_token', 'the access token has expired', facts);
  if (!WaxsealError.isInstance(value)) return [made.stack];
  const code: string = value.code;
  const reason: Reason | undefined = value.reason;
  return [code, reason, value.action && next(value.action), value.data, value.cause];
}

// ---- the doors that start nothing ----

const sources: WasmSource[] = [new Uint8Array(), new ArrayBuffer(), new WebAssembly.Module(new Uint8Array())];
export const started: [Promise<void>, void] = [init(sources[0]!), initSync(sources[1]!)];
readingSlim.initSync(sources[2]!);
holds<Same<typeof SlimGate, typeof Gate>>();
