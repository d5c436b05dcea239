import { misuse } from './error.js';
import type { CheckOptions, Gate } from './gate.js';
import type { Allowed, Grant, Outcome, Reply } from './outcome.js';
import { type Header, readHeaders, type RequestLike } from './request.js';

/**
 * A gate, the promise of one, or a function that opens one: for runtimes that have secrets at the first request only. The
 * function gets what the runtime gives beside the request, in a Worker `env`; once it has brought a gate it is not asked again.
 */
export type GateSource<Rest extends unknown[] = any[]> = Gate | PromiseLike<Gate> | ((...rest: Rest) => Gate | PromiseLike<Gate>);

/** What a guard may do besides. */
export interface GuardOptions {
  /** Hears of every outcome, before anything is replied, and is awaited: for logs. Where it fails, so does the request. */
  onOutcome?: ((outcome: Outcome) => void | Promise<void>) | undefined;
  /** Keeps the isolate alive for a fetch that goes on after the decision, where the runtime's own way is not found. */
  waitUntil?: CheckOptions['waitUntil'];
}

/** Who calls, as the official MCP SDKs have it: `AuthInfo`. */
export interface AuthInfo {
  /** A secret. */
  token: string;
  /** Empty where the token names none. */
  clientId: string;
  /** What the token is good for. */
  scopes: string[];
  /** Seconds since 1970-01-01T00:00:00Z. */
  expiresAt?: number;
  /** The protected resource that the token is for (RFC 8707). */
  resource?: URL;
  /** All that the gate knows of the caller. */
  extra: { grant: Grant };
}

/** What a guarded handler knows of its caller. */
export interface Guarded {
  /** For the official MCP SDKs. */
  authInfo: AuthInfo;
  /** Who the caller is. */
  grant: Grant;
  /** What the gate has decided. */
  outcome: Allowed;
}

/** What a guard found: a reply, or a caller who may pass. */
export type Found = { reply: Reply; guarded?: undefined } | { guarded: Guarded; reply?: undefined };

type Context = { waitUntil?: unknown } | null | undefined;

/** One gate of a source. */
export function opener(source: GateSource): (...rest: unknown[]) => Promise<Gate> {
  if (typeof source !== 'function') {
    if (!isGate(source) && !isPromise(source)) throw misuse('`gate` must be a Gate, the promise of one, or a function that opens one');
    const opened = Promise.resolve(source);
    // Every request hears of its failure; until the first comes, the runtime would end the process over it.
    opened.catch(() => {});
    return async () => gateOf(await opened);
  }
  let kept: Gate | undefined;
  return async (...rest) => {
    if (kept) return kept;
    // Not shared while it is open: a Worker's request must not await what another has begun. The first gate stays: two would
    // remember different proofs.
    const opened = gateOf(await source(...rest));
    return (kept ??= opened);
  };
}

/** A gate that is at hand already. */
export function atHand(source: GateSource): Gate | undefined {
  return isGate(source) ? source : undefined;
}

function gateOf(value: unknown): Gate {
  if (!isGate(value)) throw misuse('`gate` has not become a Gate');
  return value;
}

// By its shape: it may be of another copy of this package.
function isGate(value: unknown): value is Gate {
  const { check, config } = (value ?? {}) as Partial<Gate>;
  return typeof check === 'function' && typeof config === 'object';
}

function isPromise(value: unknown): value is PromiseLike<Gate> {
  return typeof (value as Partial<PromiseLike<Gate>> | null | undefined)?.then === 'function';
}

/** Checks a request; `contexts` are what the runtime gives beside it. */
export async function guard(gate: Gate, request: RequestLike, { onOutcome, waitUntil }: GuardOptions, contexts: unknown[]): Promise<Found> {
  const outcome = await gate.check(request, { waitUntil: waitUntil ?? keeper(contexts) });
  await onOutcome?.(outcome);
  if (!outcome.allow) return { reply: outcome.reply };
  const { grant } = outcome;
  return { guarded: { authInfo: authInfoOf(gate, grant, tokenIn(request)), grant, outcome } };
}

/** `ctx` of a Worker, the context of a page's function, the event of an edge function: they all have it. */
function keeper(contexts: unknown[]): CheckOptions['waitUntil'] {
  const context = (contexts as Context[]).find((one) => typeof one?.waitUntil === 'function');
  if (!context) return undefined;
  return (promise) => (context as { waitUntil(promise: Promise<unknown>): void }).waitUntil(promise);
}

export function authInfoOf({ config }: Gate, grant: Grant, token: string): AuthInfo {
  const { exp } = grant.claims;
  return {
    token,
    clientId: grant.client ?? '',
    scopes: grant.scopes,
    ...(typeof exp === 'number' && { expiresAt: exp }),
    resource: new URL(config.resource),
    extra: { grant },
  };
}

/** The token of a request that may pass: the gate has seen to it that there is one, and well-formed. */
function tokenIn(request: RequestLike): string {
  const [, value = ''] = readHeaders(request).find(([name]) => /^authorization$/i.test(name)) ?? [];
  return value.trim().replace(/^\S+\s+/, '');
}

/** The options of a guard. */
export function checked(options: GuardOptions): GuardOptions {
  if (typeof options !== 'object' || options === null) throw misuse('`options` must be an object');
  for (const name of ['onOutcome', 'waitUntil'] as const) {
    if (!['undefined', 'function'].includes(typeof options[name])) throw misuse(`\`options.${name}\` must be a function`);
  }
  return options;
}

/** Header fields by name: those of one name are a list. */
export function byName(headers: readonly Header[]): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of headers) fields.set(name, [...(fields.get(name) ?? []), value]);
  return fields;
}
