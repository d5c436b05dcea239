import { startOf } from './body.js';
import { begin, type Flight, flightIn, orEnd, REMEMBERED } from './flights.js';
import type { HealEvent, HealOptions, Renewal, StepUp } from './heal.js';
import { addressed, discard, type Fetch, repeatable, tokenIn } from './proving.js';
import { type Action, type Reading, readingOf } from './reading.js';
import { isA } from './realm.js';
import { receivedIn } from './received.js';
import { Recent } from './recent.js';
import { isRedirect, redirected } from './redirect.js';
import { renamed } from './renaming.js';

/** What the layers of one call share. */
interface Shared {
  left: number;
  done: Set<string>;
  /** Tokens that were refused. */
  refused: Set<string | undefined>;
}

/** What the calls of one `heal` share. */
export interface Care extends HealOptions {
  budget: number;
  maxWait: number;
  home?: URL;
  /** Token -> the scopes that were asked for: of all tokens, where `token` gives them. */
  asked: Recent<string | undefined, string[]>;
  /** Old token -> the newest, where nobody else keeps it. */
  replaced: Recent<string | undefined, string>;
  /** What has not helped -> until when it is not tried again, in milliseconds. */
  futile: Recent<string, number>;
  flights: Map<string, Flight>;
  /** A session and a JSON-RPC id in it -> the id under which that call was sent again. */
  ids: Recent<string, string>;
}
type Next = (input: any, init?: RequestInit) => Promise<Response>;
type Why = NonNullable<HealEvent['why']>;
type Facts = Partial<Omit<HealEvent, 'about' | 'decision' | 'origin' | 'method' | 'sent'>>;
/** A JSON-RPC request. */
interface Rpc {
  id: string | number;
  params?: object;
}
interface Message {
  id?: unknown;
  params?: { requestId?: unknown };
  result?: { inputRequests?: object };
}

/** Under which a request carries what its layers share: the same in every copy of the package. */
const CALL = Symbol.for('waxseal.call');
/** Of all who say for which issuer and client they ask. */
const FLIGHTS = new Map<string, Flight>();
/** Bytes of a successful reply that are looked at. */
const LIMIT = 65_536;
/** Media types that hold messages, or events with them. */
const MESSAGES = /\bjson\b|\bevent-stream\b/i;
const STREAM = /\bevent-stream\b/i;

/** One call, until its reply is handed over. */
export class Healing {
  readonly #care: Care;
  readonly #next: Next;
  readonly #method: string;
  readonly #headers: Headers;
  readonly #signal: AbortSignal | undefined;
  /** What tells this call from others: the SDKs write the id last. */
  readonly #call: string;
  readonly #shared: Shared;
  /** Of this call only, where the caller knows the token: who signs out has none. */
  readonly #replaced: Care['replaced'];
  /** What is sent next. */
  #input: string | URL | Request;
  #init: RequestInit | undefined;
  #url: URL;
  /** A Request, as long as nothing else stands in its place, and a copy of it that has its body. */
  #request: Request | undefined;
  #spare: Request | undefined;
  #token: string | undefined;
  #follows = false;
  #hops = 0;
  #sent = 0;
  /** A JSON-RPC id as the caller wrote it, and as it was sent. */
  #ids: [string | number, string] | undefined;

  constructor(care: Care, next: Next, given: Parameters<Fetch>) {
    const { input, init, request, url, method, headers } = addressed(...given);
    [this.#care, this.#next, this.#method, this.#headers] = [care, next, method, headers];
    [this.#input, this.#init, this.#request, this.#url] = [input, init, request, new URL(url)];
    const own = init?.signal === undefined ? request?.signal : init.signal;
    this.#signal = own && care.signal ? AbortSignal.any([own, care.signal]) : (own ?? care.signal);
    this.#call = typeof init?.body === 'string' ? init.body.slice(-500) : '';
    this.#shared = (init as { [CALL]?: Shared } | undefined)?.[CALL] ?? { left: care.budget, done: new Set(), refused: new Set() };
    this.#replaced = care.token ? new Recent() : care.replaced;
  }

  async run(): Promise<Response> {
    const { origin, host } = this.#url;
    if (this.#isSignIn()) return this.#pass();
    this.#care.home ??= this.#url;
    if (origin !== this.#care.home.origin) {
      this.#tell('origin', 'ignore', { host });
      return this.#pass();
    }
    this.#renameCancelled();
    // In Firefox no Request shows its body.
    if (this.#init?.body == null && this.#request && this.#request.body !== null) this.#spare = this.#request.clone();
    try {
      for (;;) {
        this.#token = await this.#current();
        const response = await this.#send();
        try {
          if (!(await this.#decides(response))) return this.#renamed(response);
          await this.#rewind();
        } catch (error) {
          void discard(response);
          throw error;
        }
        void discard(response);
      }
    } finally {
      void discard(this.#spare);
    }
  }

  /** Sends it as it is, but for its end. */
  #pass(): Promise<Response> {
    return this.#next(this.#input, this.#care.signal ? { ...this.#init, signal: this.#signal ?? null } : this.#init);
  }

  /** Whether it is part of a sign-in, which may go to the same origin: a token endpoint, metadata, the client's own credentials. */
  #isSignIn(): boolean {
    const isForm = isOf(/\bform-urlencoded\b/i, this.#headers) || isA(this.#init?.body, 'URLSearchParams');
    return isForm || this.#url.pathname.startsWith('/.well-known/') || !/^(?:(?:bearer|dpop)\b|$)/i.test(this.#headers.get('authorization') ?? '');
  }

  /** The newest token that is known. */
  async #current(): Promise<string | undefined> {
    const own = /^\S+ +(\S+)$/.exec(this.#headers.get('authorization') ?? '')?.[1];
    const token = tokenIn('token', await this.#unlessEnded(async () => this.#care.token?.())) ?? own;
    return this.#replaced.get(token) ?? token;
  }

  async #send(): Promise<Response> {
    const { dpop, signal } = this.#care;
    const headers = new Headers(this.#headers);
    if (this.#token) headers.set('authorization', `${/^dpop/i.test(headers.get('authorization') ?? '') ? 'DPoP' : 'Bearer'} ${this.#token}`);
    this.#follows = (this.#init?.redirect ?? this.#request?.redirect ?? 'follow') === 'follow' && (dpop !== undefined || headers.has('authorization') || headers.has('dpop'));
    const init = { ...this.#init, headers, [CALL]: this.#shared, ...(this.#follows && { redirect: 'manual' as const }), ...(signal && { signal: this.#signal ?? null }) };
    let tries = 0;
    const next: Next = (...input) => {
      tries += 1;
      if (tries > 1) this.#spend('retry_with_nonce');
      this.#sent += 1;
      return this.#next(...input);
    };
    if (!dpop) return next(this.#input, init);
    return dpop.fetch(next, { token: this.#token, retry: () => !this.#spent('retry_with_nonce', this.#marks('retry_with_nonce')) })(this.#input, init);
  }

  /** Does what a reply calls for. Whether the request is to be sent again. */
  async #decides(response: Response): Promise<boolean> {
    const care = this.#care;
    const status = response?.status;
    // What a foreign `next` gives may be any object.
    if (typeof status !== 'number') return false;
    const from = parsed(response.url) ?? this.#url;
    if (from.origin !== this.#url.origin) return this.#stop('redirect', 'other_origin', { status, host: from.host });
    if (this.#follows && isRedirect(response)) return this.#redirected(response);
    const failed = status >= 400;
    if (!failed && !this.#mayAsk(response)) return false;
    const received = !failed && isOf(STREAM, response.headers) ? { status, headers: [], body: await firstEvent(response) } : await receivedIn(response);
    const reading = readingOf(received, Date.now() / 1000);
    const { action, reason } = reading;
    // A tool may well tell of somebody else's tokens: only a challenge is about ours.
    if (!failed && action.kind !== 'open_url' && reading.challenges.length === 0) return false;
    const facts: Facts = { status, ...(reason && { reason }) };
    const stop = (why: Why, more: Facts = {}) => this.#stop(action.kind, why, { ...facts, ...more });
    const able = { authenticate: care.refresh, refresh: care.refresh, step_up: care.stepUp, retry_with_nonce: care.dpop, open_url: care.openUrl, retry_after: failed };
    if (!(able as { [kind: string]: unknown })[action.kind]) return failed ? stop('absent') : false;

    let kind: string = action.kind === 'authenticate' ? 'refresh' : action.kind;
    let coming: Flight | undefined;
    let newer: string | undefined;
    if (kind === 'refresh' || kind === 'step_up') {
      this.#shared.refused.add(this.#token);
      // Before `token` is asked: it may tell what was before.
      coming = flightIn(...this.#meeting(kind));
      if (coming?.until) coming = undefined;
      newer = coming ? undefined : await this.#newer(kind);
    }
    const marks = this.#marks(kind, action.kind === 'step_up' ? action.scopes : []);
    // A new token is tried, whatever was before.
    const why = this.#spent(newer ?? kind, coming || newer ? [] : marks);
    if (why) return stop(why);
    const single = this.#single();
    if (single) return stop(single);
    // An id is good for one request that was carried out (MCP, base protocol).
    const rpc = failed && kind !== 'open_url' ? undefined : await this.#rpc();
    if (!failed && !rpc) return stop('body');

    let input: object | undefined;
    switch (action.kind) {
      case 'retry_after': {
        const { seconds } = action;
        if (seconds === undefined) return stop('absent');
        if (![408, 425, 429, 503].includes(status) && !/^(?:DELETE|GET|HEAD|OPTIONS|PUT)$/.test(this.#method)) return stop('unsafe', { seconds });
        if (seconds > care.maxWait) return stop('too_long', { seconds });
        this.#tell(action.kind, 'begin', { ...facts, seconds });
        let timer: ReturnType<typeof setTimeout> | undefined;
        await this.#unlessEnded(() => new Promise((resolve) => (timer = setTimeout(resolve, seconds * 1000))), action.kind).finally(() => clearTimeout(timer));
        break;
      }
      case 'authenticate':
      case 'refresh':
      case 'step_up': {
        const renewed = newer ?? (await this.#renews(kind, reading, facts, coming));
        if (!renewed) {
          // A layer above would ask the user the same again.
          if (kind === 'step_up') this.#exhaust(kind, marks);
          return stop('declined');
        }
        kind = renewed;
        break;
      }
      case 'open_url': {
        const message = failed ? undefined : messageIn(received.body);
        if (message?.id !== rpc?.id && !failed) return stop('absent');
        // Under which names a result that is none yet asks (MCP 2026-07-28).
        const requests = message?.result && Object.keys(message.result.inputRequests ?? {});
        const { urls, state } = action;
        // Each is to be answered (MCP 2026-07-28, multi round-trip requests).
        if (requests && (requests.length !== urls.length || !urls.every(({ id }) => requests.includes(id ?? '')))) return stop('absent');
        const answers: [string, { action: string }][] = [];
        let answer = 'accept';
        for (const page of urls) {
          if (answer === 'accept') {
            this.#tell(action.kind, 'begin', { ...facts, host: page.host });
            const said: unknown = await this.#unlessEnded(async () => care.openUrl?.({ ...page, signal: this.#signal }), action.kind);
            answer = said === 'accept' || said === 'decline' ? said : 'cancel';
          }
          answers.push([page.id ?? '', { action: answer }]);
        }
        // Whoever is asked with a request has to hear it, and may ask again; the user is not.
        if (answer !== 'accept') {
          this.#shared.done.add('open_url');
          if (!requests) return stop('declined');
        }
        if (requests) input = { inputResponses: Object.fromEntries(answers), requestState: state };
        break;
      }
    }
    if (rpc) this.#rewrite(rpc, input);
    this.#spend(kind, facts, action.kind);
    return true;
  }

  /** Whether a successful reply may ask for something: to a JSON-RPC request, in JSON or events, and not long. */
  #mayAsk(response: Response): boolean {
    const { openUrl, refresh, stepUp } = this.#care;
    const asks = this.#method === 'POST' && isOf(/\bjson\b/i, this.#headers);
    return Boolean(openUrl ?? refresh ?? stepUp) && asks && response.status === 200 && isOf(MESSAGES, response.headers) && Number(response.headers.get('content-length')) <= LIMIT;
  }

  /** Under what is remembered that something has not helped a token, or this call: a layer above may send it once more. */
  #marks(kind: string, scopes: string[] = []): string[] {
    const tokens = /^(?:refresh|step_up)$/.test(kind) ? [...this.#shared.refused] : [undefined];
    return tokens.map((token) => JSON.stringify([this.#method, this.#url.origin, this.#url.pathname, kind, scopes, token ?? this.#call]));
  }

  /** Why a kind of retry is not made again. */
  #spent(kind: string, marks: string[]): Why | undefined {
    const { done, left } = this.#shared;
    if (marks.some((mark) => (this.#care.futile.get(mark) ?? 0) > Date.now())) return 'repeated';
    const why = done.has(kind) ? 'repeated' : left <= 0 ? 'budget' : undefined;
    if (why) this.#exhaust(kind, marks);
    return why;
  }

  #spend(kind: string, facts: Facts = {}, about = kind as HealEvent['about']): void {
    this.#shared.left -= 1;
    // A server may send the user to one page after another, and the user decides each time.
    if (kind !== 'open_url') this.#shared.done.add(kind);
    this.#tell(about, 'retry', facts);
  }

  /** Notes what more tries would not help. */
  #exhaust(kind: string, marks: string[]): void {
    this.#shared.done.add(kind);
    for (const mark of marks) this.#care.futile.set(mark, Date.now() + REMEMBERED);
  }

  /** As what a token counts that is there already, if it was not refused. */
  async #newer(kind: string): Promise<string | undefined> {
    const { done, refused } = this.#shared;
    // One new token is enough where it is only new. Where it shall do more, it may not be the right one yet, once.
    const as = kind === 'step_up' || done.has(kind) ? 'token' : kind;
    const token = done.has(as) ? undefined : await this.#current();
    return token === undefined || refused.has(token) ? undefined : as;
  }

  /** Where those look who need a token in place of this one, and under what. */
  #meeting(kind: string): [Map<string, Flight>, string] {
    const { issuer, client, flights } = this.#care;
    // Without a token nothing tells one user from another, and a token for one server must not reach another.
    const isShared = issuer !== undefined && client !== undefined && this.#token !== undefined;
    return [isShared ? FLIGHTS : flights, JSON.stringify([kind, issuer, client, this.#token, this.#home().origin, this.#resource()])];
  }

  /** Gets a token in place of the one that was refused, once for all who need it: as what that counts. */
  async #renews(kind: string, reading: Reading, facts: Facts, coming: Flight | undefined): Promise<string | undefined> {
    const { signal: owner } = this.#care;
    const [token, [flights, key]] = [this.#token, this.#meeting(kind)];
    const { acrValues, maxAge, scope = '', scopes: needed = scope.split(' ').filter(Boolean) } = reading.action as Partial<Action & { kind: 'step_up' } & { scope: string }>;
    // A sign-in asks for what its challenge names (MCP 2026-07-28, scope selection): a later step-up must not lose it.
    const scopes = [...new Set([...this.#asked(token), ...needed])];
    const strength = JSON.stringify([acrValues, maxAge]);
    for (;;) {
      const running = coming ?? flightIn(flights, key);
      coming = undefined;
      this.#tell(reading.action.kind, running ? 'join' : 'begin', { ...facts, ...(kind === 'step_up' && { scopes }) });
      const flight = running ?? begin(flights, key, token, { scopes, strength, owner, token: this.#asks(kind, token, scopes, reading) });
      const fresh = await this.#unlessEnded(() => flight.token, reading.action.kind);
      if (fresh === undefined && flight.owner?.aborted) continue;
      // The authorization server may widen what a token is worth, but a token that has expired stays so.
      if (fresh === undefined || (fresh === token && kind === 'refresh')) return undefined;
      this.#learn(token, fresh, flight.scopes);
      // Then it may still have to ask for itself.
      return kind === 'step_up' && (flight.strength !== strength || !needed.every((scope) => flight.scopes.includes(scope))) ? 'token' : kind;
    }
  }

  /** The scopes that were asked for before. */
  #asked(token: string | undefined): readonly string[] {
    const { asked, scopes = [], token: given } = this.#care;
    return asked.get(given ? undefined : token) ?? scopes;
  }

  #learn(old: string | undefined, fresh: string, scopes: string[]): void {
    const { asked, token: given } = this.#care;
    asked.set(given ? undefined : fresh, [...new Set([...this.#asked(old), ...scopes])]);
    this.#replaced.delete(fresh);
    if (old === fresh) return;
    for (const [older, token] of [...this.#replaced]) if (token === old) this.#replaced.set(older, fresh);
    this.#replaced.set(old, fresh);
  }

  #home(): URL {
    return this.#care.home ?? this.#url;
  }

  /** What the token is to be for. */
  #resource(): string | undefined {
    const { resource } = this.#care;
    const { origin, pathname } = this.#home();
    return resource === undefined ? `${origin}${pathname.replace(/^\/$/, '')}` : (resource ?? undefined);
  }

  async #asks(kind: string, token: string | undefined, scopes: string[], reading: Reading): Promise<string | undefined> {
    const care = this.#care;
    const { action } = reading;
    const { acrValues = [], maxAge, resourceMetadata } = action as Partial<Action & { kind: 'step_up' }>;
    const resource = this.#resource();
    const renewal: Renewal = { token, resource, reading, signal: care.signal };
    if (resourceMetadata !== undefined) {
      // It is built from the resource's own URL (RFC 9728 section 3.1).
      const metadata = parsed(resourceMetadata);
      if (metadata && [this.#home().origin, parsed(resource)?.origin].includes(metadata.origin)) renewal.resourceMetadata = resourceMetadata;
      else {
        this.#tell('resource_metadata', 'ignore', metadata && { host: metadata.host });
        delete (action as { resourceMetadata?: string }).resourceMetadata;
      }
    }
    const name = kind === 'refresh' ? kind : 'stepUp';
    const about = { ...renewal, ...(name === 'stepUp' && { scopes, acrValues, maxAge }) };
    const fresh = tokenIn(name, await care[name]?.(about as StepUp));
    // At once: who looks for the flight finds it, or the new token.
    if (fresh !== undefined) this.#learn(token, fresh, scopes);
    return fresh;
  }

  /** Follows a redirect that changes neither the origin nor the method. */
  #redirected(response: Response): boolean {
    const { to, why = this.#single() } = redirected(response, this.#url, this.#method, this.#hops);
    const facts: Facts = { status: response.status, ...(to && { host: to.host }) };
    if (!to || why) return this.#stop('redirect', why ?? 'hidden', facts);
    this.#hops += 1;
    this.#url = to;
    this.#tell('redirect', 'retry', facts);
    return true;
  }

  /** Why it can be sent once only: its body, or a proof that this layer can make no other for. */
  #single(): Why | undefined {
    if (!repeatable(this.#init?.body)) return 'body';
    return this.#headers.has('dpop') && !this.#care.dpop ? 'proof' : undefined;
  }

  /** Makes it ready to be sent again: of a Request only a copy has the body. */
  async #rewind(): Promise<void> {
    const request = this.#request;
    if (request) {
      const spare = this.#spare;
      // It may never end; but it is let go of with the call.
      const until = this.#signal && { signal: this.#signal };
      const body = spare && (await this.#unlessEnded(() => (spare.body ? new Response(spare.body.pipeThrough(new TransformStream(), until)) : spare).arrayBuffer()));
      const names = ['cache', 'credentials', 'integrity', 'keepalive', 'method', 'mode', 'redirect', 'referrer', 'referrerPolicy'] as const;
      // Not every runtime has all of them.
      const members = Object.fromEntries(names.map((name) => [name, request[name]]).filter(([, value]) => value !== undefined));
      this.#init = { ...members, ...this.#init, ...(body?.byteLength && { body }), signal: this.#signal ?? null };
      this.#request = this.#spare = undefined;
    }
    this.#input = this.#url.href;
  }

  /** The JSON-RPC request that it is, if that can be written again without a change. */
  async #rpc(): Promise<Rpc | undefined> {
    await this.#rewind();
    try {
      const text = await new Response(this.#init?.body).text();
      const message = JSON.parse(text);
      const isRequest = message.jsonrpc === '2.0' && typeof message.method === 'string' && ['string', 'number'].includes(typeof message.id);
      return isRequest && JSON.stringify(message) === text ? message : undefined;
    } catch {
      return undefined;
    }
  }

  #rewrite(rpc: Rpc, input?: object): void {
    const id = crypto.randomUUID();
    this.#ids = [this.#ids?.[0] ?? rpc.id, id];
    this.#care.ids.set(this.#named(this.#ids[0]), id);
    this.#write({ ...rpc, id, ...(input && { params: { ...rpc.params, ...input } }) });
  }

  #write(message: object): void {
    this.#init = { ...this.#init, body: JSON.stringify(message) };
    this.#headers.delete('content-length');
  }

  /** A call of this session, as `ids` has it. */
  #named(id: unknown): string {
    return JSON.stringify([this.#headers.get('mcp-session-id'), id]);
  }

  /** A cancellation is to name the id under which its call goes on. */
  #renameCancelled(): void {
    const body = this.#init?.body;
    if (typeof body !== 'string' || !body.includes('notifications/cancelled')) return;
    const message = messageIn(body);
    const requestId = this.#care.ids.get(this.#named(message?.params?.requestId));
    if (requestId !== undefined) this.#write({ ...message, params: { ...message?.params, requestId } });
  }

  /** The reply with the id that the caller waits for. Others may come in a stream that is asked for apart. */
  #renamed(response: Response): Response {
    const { ids } = this.#care;
    const own = this.#ids;
    if (!response?.body || !(own ? isOf(MESSAGES, response.headers) : this.#method === 'GET' && isOf(STREAM, response.headers))) return response;
    return renamed(response, response.body, (sent) => {
      // It is answered.
      if (own?.[1] === sent) ids.delete(this.#named(own[0]));
      return own?.[1] === sent ? own[0] : [...ids].flatMap(([call, id]) => (id === sent ? JSON.parse(call)[1] : []))[0];
    });
  }

  /** Waits for something, or for the end of the call. */
  async #unlessEnded<Result>(act: () => Promise<Result>, about?: HealEvent['about']): Promise<Result> {
    const signal = this.#signal;
    signal?.throwIfAborted();
    try {
      const result = await orEnd(signal, act);
      signal?.throwIfAborted();
      return result as Result;
    } catch (error) {
      if (about) this.#tell(about, 'stop', { why: signal?.aborted ? 'aborted' : 'failed' });
      throw error;
    }
  }

  #stop(about: HealEvent['about'], why: Why, facts: Facts): false {
    this.#tell(about, 'stop', { why, ...facts });
    return false;
  }

  #tell(about: HealEvent['about'], decision: HealEvent['decision'], facts: Facts = {}): void {
    const event = { about, decision, origin: this.#url.origin, method: this.#method, sent: this.#sent, ...facts };
    // What a listener does is its own affair.
    void (async () => this.#care.onEvent?.(event))().catch(() => {});
  }
}

function parsed(url: string | undefined): URL | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
}

/** Whether it is of one of these media types. */
function isOf(types: RegExp, headers: Headers): boolean {
  return types.test(headers.get('content-type') ?? '');
}

/** What may answer a call at once; nothing, where a stream goes on without. */
async function firstEvent(response: Response): Promise<string> {
  return dataIn(await startOf(response, LIMIT, dataIn).catch(() => '')) ?? '';
}

/** The data of the first event that has any, once it is whole: the SDKs write it in one line. */
function dataIn(text: string): string | undefined {
  const [event = ''] = /^data: *\S[^]*/m.exec(text) ?? [];
  return /\n\r?\n/.test(event) ? event.slice(5, event.indexOf('\n')) : undefined;
}

function messageIn(body: string): Message | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
