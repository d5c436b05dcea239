import type { HealEvent, HealOptions, Renewal } from './heal.js';
import { addressed, discard, type Fetch, repeatable, tokenIn } from './proving.js';
import { type Action, type Reading, readingOf } from './reading.js';
import { isA } from './realm.js';
import { receivedIn } from './received.js';
import { isRedirect, redirected } from './redirect.js';

/** What the layers of one call share. */
interface Shared {
  left: number;
  done: Set<string>;
}

/** A new token on its way, and what it is asked for. */
export interface Flight {
  scopes: string[];
  /** How the user shall authenticate, as JSON. */
  strength: string;
  token: Promise<string | undefined>;
}

/** What the calls of one `heal` share. */
export interface Care extends HealOptions {
  budget: number;
  maxWait: number;
  home?: URL;
  asked: Set<string>;
  /** Old token -> the newest, where nobody else keeps it. */
  replaced: Map<string | undefined, string>;
  /** What has not helped -> until when it is not tried again, in milliseconds. */
  futile: Map<string, number>;
  flights: Map<string, Flight>;
}
type Next = (input: any, init?: RequestInit) => Promise<Response>;
type Why = NonNullable<HealEvent['why']>;
type Facts = Partial<Omit<HealEvent, 'about' | 'decision' | 'origin' | 'method' | 'sent'>>;
/** A JSON-RPC request. */
interface Rpc {
  id: string | number;
  params?: object;
}

/** Under which a request carries what its layers share: the same in every copy of the package. */
const CALL = Symbol.for('waxseal.call');
/** Of all who say for which issuer and client they ask. */
const FLIGHTS = new Map<string, Flight>();
/** Bytes of a successful reply that are looked at. */
const LIMIT = 65_536;
/** Milliseconds in which what has not helped is not tried again: a layer above may send the request once more. */
const COOLDOWN = 5_000;
/** Old tokens that are remembered. */
const REPLACED = 100;

/** One call, until its reply is handed over. */
export class Healing {
  readonly #care: Care;
  readonly #next: Next;
  readonly #given: Parameters<Fetch>;
  readonly #method: string;
  readonly #headers: Headers;
  readonly #signal: AbortSignal | undefined;
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
  #ids: [string, string] | undefined;

  constructor(care: Care, next: Next, given: Parameters<Fetch>) {
    const { input, init, request, url, method, headers } = addressed(...given);
    [this.#care, this.#next, this.#given, this.#method, this.#headers] = [care, next, given, method, headers];
    [this.#input, this.#init, this.#request, this.#url] = [input, init, request, new URL(url)];
    const own = init?.signal === undefined ? request?.signal : init.signal;
    this.#signal = own && care.signal ? AbortSignal.any([own, care.signal]) : (own ?? care.signal);
    this.#shared = (init as { [CALL]?: Shared } | undefined)?.[CALL] ?? { left: care.budget, done: new Set() };
    this.#replaced = care.token ? new Map() : care.replaced;
  }

  async run(): Promise<Response> {
    const { origin, host } = this.#url;
    if (this.#isSignIn()) return this.#next(...this.#given);
    this.#care.home ??= this.#url;
    if (origin !== this.#care.home.origin) {
      this.#tell('origin', 'ignore', { host });
      return this.#next(...this.#given);
    }
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

  /** Whether it is part of a sign-in, which may go to the same origin: a token endpoint, metadata, the client's own credentials. */
  #isSignIn(): boolean {
    const isForm = /\bform-urlencoded\b/i.test(this.#headers.get('content-type') ?? '') || isA(this.#init?.body, 'URLSearchParams');
    return isForm || this.#url.pathname.startsWith('/.well-known/') || !/^(?:(?:bearer|dpop)\b|$)/i.test(this.#headers.get('authorization') ?? '');
  }

  /** The newest token that is known. */
  async #current(): Promise<string | undefined> {
    const own = /^\S+ +(\S+)$/.exec(this.#headers.get('authorization') ?? '')?.[1];
    const token = tokenIn('token', await this.#care.token?.()) ?? own;
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
    return dpop.fetch(next, { token: this.#token, retry: () => !this.#spent('retry_with_nonce', 'retry_with_nonce') })(this.#input, init);
  }

  /** Does what a reply calls for. Whether the request is to be sent again. */
  async #decides(response: Response): Promise<boolean> {
    const care = this.#care;
    const status = response?.status;
    // What a foreign `next` gives may be any object.
    if (typeof status !== 'number') return false;
    const from = URL.canParse(response.url) ? new URL(response.url) : this.#url;
    if (from.origin !== this.#url.origin) return this.#stop('redirect', 'other_origin', { status, host: from.host });
    if (this.#follows && isRedirect(response)) return this.#redirected(response);
    const failed = status >= 400;
    if (!failed && !this.#mayAsk(response)) return false;
    const received = await receivedIn(response);
    const reading = readingOf(received, Date.now() / 1000);
    const { action, reason } = reading;
    // A tool may well tell of somebody else's tokens: only a challenge is about ours.
    if (!failed && action.kind !== 'open_url' && reading.challenges.length === 0) return false;
    const facts: Facts = { status, ...(reason && { reason }) };
    const stop = (why: Why, more: Facts = {}) => this.#stop(action.kind, why, { ...facts, ...more });
    const able = { authenticate: care.refresh, refresh: care.refresh, step_up: care.stepUp, retry_with_nonce: care.dpop, open_url: care.openUrl, retry_after: failed };
    if (!(able as { [kind: string]: unknown })[action.kind]) return failed ? stop('absent') : false;

    let kind: string = action.kind === 'authenticate' ? 'refresh' : action.kind;
    const why = this.#spent(kind, [kind, ...(action.kind === 'step_up' ? action.scopes : [])].join(' '));
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
        await this.#unlessEnded(action.kind, () => new Promise((resolve) => (timer = setTimeout(resolve, seconds * 1000)))).finally(() => clearTimeout(timer));
        break;
      }
      case 'authenticate':
      case 'refresh':
      case 'step_up': {
        const renewed = await this.#renews(reading, facts);
        if (!renewed) {
          // A layer above would ask the user the same again.
          if (kind === 'step_up') this.#shared.done.add(kind);
          return stop('declined');
        }
        // Then it may still have to ask for itself.
        if (renewed === 'by another') kind = 'token';
        break;
      }
      case 'open_url': {
        const requests = failed ? undefined : inputRequests(received.body);
        const { urls, state } = action;
        // Each is to be answered (MCP 2026-07-28, multi round-trip requests).
        if (requests && (requests.length !== urls.length || !urls.every(({ id }) => requests.includes(id ?? '')))) return stop('absent');
        const answers: [string, { action: string }][] = [];
        let answer = 'accept';
        for (const page of urls) {
          if (answer === 'accept') {
            this.#tell(action.kind, 'begin', { ...facts, host: page.host });
            const said: unknown = await this.#unlessEnded(action.kind, async () => care.openUrl?.({ ...page, signal: this.#signal }));
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

  /** Whether a successful reply may ask for something: to a JSON-RPC request, in JSON, and not long. */
  #mayAsk({ status, headers }: Response): boolean {
    const { openUrl, refresh, stepUp } = this.#care;
    const isJson = (fields: Headers) => /\bjson\b/i.test(fields.get('content-type') ?? '');
    return Boolean(openUrl ?? refresh ?? stepUp) && status === 200 && this.#method === 'POST' && isJson(this.#headers) && isJson(headers) && Number(headers.get('content-length')) <= LIMIT;
  }

  /** Why a kind of retry is not made again. */
  #spent(kind: string, what: string): Why | undefined {
    const { futile } = this.#care;
    const key = `${this.#method} ${this.#url.origin}${this.#url.pathname} ${what}`;
    const now = Date.now();
    if ((futile.get(key) ?? 0) > now) return 'repeated';
    futile.delete(key);
    const why = this.#shared.done.has(kind) ? 'repeated' : this.#shared.left <= 0 ? 'budget' : undefined;
    if (why) {
      for (const [old, until] of futile) if (until <= now) futile.delete(old);
      futile.set(key, now + COOLDOWN);
    }
    return why;
  }

  #spend(kind: string, facts: Facts = {}, about = kind as HealEvent['about']): void {
    this.#shared.left -= 1;
    // A server may send the user to one page after another, and the user decides each time.
    if (kind !== 'open_url') this.#shared.done.add(kind);
    this.#tell(about, 'retry', facts);
  }

  /** Gets a token in place of the one that was refused, once for all who need it. */
  async #renews(reading: Reading, facts: Facts): Promise<'by another' | boolean> {
    const care = this.#care;
    const { action } = reading;
    if (action.kind !== 'step_up' && action.kind !== 'refresh' && action.kind !== 'authenticate') return false;
    const token = this.#token;
    const now = await this.#current();
    if (now !== undefined && now !== token) {
      // One new token is enough where it is only new. Where it shall do more, it may not be the right one yet, once.
      if (action.kind !== 'step_up') return true;
      if (!this.#shared.done.has('token')) return 'by another';
    }

    const [kind, needed] = action.kind === 'step_up' ? ['stepUp' as const, action.scopes] : ['refresh' as const, []];
    // Without a token nothing tells one user from another, and a token for one server must not reach another.
    const flights = care.issuer !== undefined && care.client !== undefined && token !== undefined ? FLIGHTS : care.flights;
    const key = JSON.stringify([kind, care.issuer, care.client, token, this.#home().origin, this.#resource()]);
    const running = flights.get(key);
    const scopes = [...new Set([...care.asked, ...needed])];
    const about: Facts = { ...facts, ...(kind === 'stepUp' && { scopes }) };
    this.#tell(action.kind, running ? 'join' : 'begin', about);
    const strength = JSON.stringify(action.kind === 'step_up' ? [action.acrValues, action.maxAge] : []);
    const flight = running ?? { scopes, strength, token: this.#flies(kind, { token, scopes, reading }) };
    if (!running) {
      flights.set(key, flight);
      const end = () => {
        care.signal?.removeEventListener('abort', end);
        if (flights.get(key) === flight) flights.delete(key);
      };
      // A callback may not heed the signal, and never end: nobody who comes later waits for it.
      care.signal?.addEventListener('abort', end);
      void flight.token.then(end, end);
    }
    // Nobody may be left to hear it.
    flight.token.catch(() => {});
    const fresh = await this.#unlessEnded(action.kind, () => flight.token);
    // The authorization server may widen what a token is worth, but a token that has expired stays so.
    if (fresh === undefined || (fresh === token && kind === 'refresh')) return false;
    replace(this.#replaced, token, fresh);
    return running && (flight.strength !== strength || !needed.every((scope) => flight.scopes.includes(scope))) ? 'by another' : true;
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

  async #flies(kind: 'refresh' | 'stepUp', { token, scopes, reading }: { token: string | undefined; scopes: string[]; reading: Reading }): Promise<string | undefined> {
    const care = this.#care;
    const { action } = reading;
    const { acrValues = [], maxAge, resourceMetadata } = action as Partial<Action & { kind: 'step_up' }>;
    const [home, named] = [this.#home(), this.#resource()];
    const renewal: Renewal = { token, resource: named, reading, signal: care.signal };
    if (resourceMetadata !== undefined) {
      // It is built from the resource's own URL (RFC 9728 section 3.1).
      const { origin, host } = new URL(resourceMetadata);
      if (origin === home.origin || (URL.canParse(named ?? '') && origin === new URL(named ?? '').origin)) renewal.resourceMetadata = resourceMetadata;
      else {
        this.#tell('resource_metadata', 'ignore', { host });
        delete (action as { resourceMetadata?: string }).resourceMetadata;
      }
    }
    const fresh = tokenIn(kind, await (kind === 'refresh' ? care.refresh?.(renewal) : care.stepUp?.({ ...renewal, scopes, acrValues, maxAge })));
    // At once: who looks for the flight finds it, or the new token.
    if (fresh !== undefined) replace(this.#replaced, token, fresh);
    // A sign-in asks for what its challenge names (MCP 2026-07-28, scope selection): a later step-up must not lose it.
    const asked = kind === 'stepUp' ? scopes : ((action as Action & { kind: 'refresh' }).scope ?? '').split(' ').filter(Boolean);
    if (fresh !== undefined) for (const scope of asked) care.asked.add(scope);
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
      const body = this.#spare && (await this.#spare.arrayBuffer());
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
    this.#ids = [this.#ids?.[0] ?? JSON.stringify(rpc.id), JSON.stringify(id)];
    this.#init = { ...this.#init, body: JSON.stringify({ ...rpc, id, ...(input && { params: { ...rpc.params, ...input } }) }) };
    this.#headers.delete('content-length');
  }

  /** The reply with the id that the caller waits for, passed on as it comes. */
  #renamed(response: Response): Response {
    if (!this.#ids || !response.body || !/\bjson\b|event-stream/i.test(response.headers.get('content-type') ?? '')) return response;
    const [known, sent] = this.#ids;
    const [decoder, encoder] = [new TextDecoder('utf-8', { ignoreBOM: true }), new TextEncoder()];
    let rest = '';
    const body = response.body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        rest = (rest + decoder.decode(chunk, { stream: true })).replaceAll(sent, known);
        // Its end may be the start of the id.
        let kept = Math.min(sent.length - 1, rest.length);
        while (kept > 0 && !sent.startsWith(rest.slice(-kept))) kept -= 1;
        const end = rest.length - kept;
        if (end > 0) controller.enqueue(encoder.encode(rest.slice(0, end)));
        rest = rest.slice(end);
      },
      flush: (controller) => controller.enqueue(encoder.encode(rest + decoder.decode())),
    }));
    const renamed = new Response(body, response);
    renamed.headers.delete('content-length');
    return Object.defineProperty(renamed, 'url', { value: response.url });
  }

  /** Waits for something, or for the end of the call. */
  async #unlessEnded<Result>(about: HealEvent['about'], act: () => Promise<Result>): Promise<Result> {
    const signal = this.#signal;
    signal?.throwIfAborted();
    let end = (): void => {};
    try {
      return await Promise.race([act(), new Promise<never>((_, reject) => {
        end = () => reject(signal?.reason);
        signal?.addEventListener('abort', end);
      })]);
    } catch (error) {
      this.#tell(about, 'stop', { why: signal?.aborted ? 'aborted' : 'failed' });
      throw error;
    } finally {
      signal?.removeEventListener('abort', end);
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

function replace(replaced: Map<string | undefined, string>, old: string | undefined, fresh: string): void {
  replaced.delete(fresh);
  if (old === fresh) return;
  for (const [older, token] of replaced) if (token === old) replaced.set(older, fresh);
  replaced.set(old, fresh);
  const [oldest] = replaced.keys();
  if (replaced.size > REPLACED) replaced.delete(oldest);
}

/** Under which names a result that is none yet asks (MCP 2026-07-28). */
function inputRequests(body: string): string[] | undefined {
  const { result } = JSON.parse(body);
  return result && Object.keys(result.inputRequests ?? {});
}
