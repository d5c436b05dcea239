import { refused } from './asking.js';
import { type AuthInfo, atHand, byName, checked, type Found, guard, type GuardOptions, type GateSource, opener } from './guard.js';
import type { Gate } from './gate.js';
import type { Reply } from './outcome.js';
import { protect } from './protect.js';
import type { RequestLike } from './request.js';

/** Node's `ServerResponse`, and so that of Express and Connect, as far as it is needed. */
export interface NodeResponse {
  statusCode: number;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string | string[]): unknown;
  end(body: string): unknown;
}

/**
 * A middleware for Express 4 and 5, Connect and plain Node: `req.auth` of a caller who may pass is what the official MCP SDKs
 * read there; anybody else is replied to. The headers for the caller are set before `next()`. Put it before body parsers.
 * Lists cannot be shortened here: a policy with `"lists": "filtered"` is refused, and needs `protect`.
 */
export function expressGuard(gate: GateSource<[]>, options: GuardOptions = {}): (request: RequestLike, response: NodeResponse, next: (error?: unknown) => void) => Promise<void> {
  const open = opener(gate);
  checked(options);
  const ready = atHand(gate);
  if (ready) unfiltered(ready);
  return async (request, response, next) => {
    let found: Found;
    try {
      found = await guard(unfiltered(await open()), request, options, []);
      if (found.reply) return write(found.reply, response);
      const { authInfo, grant } = found.guarded;
      for (const [name, values] of byName(grant.replyHeaders)) {
        const own = name === 'vary' ? [response.getHeader(name) ?? []].flat().map(String) : [];
        response.setHeader(name, [...own, ...values].join(', '));
      }
      (request as { auth?: AuthInfo }).auth = authInfo;
    } catch (error) {
      return next(error);
    }
    // Outside: what comes after is not ours to catch.
    next();
  };
}

function unfiltered(gate: Gate): Gate {
  if (gate.config.policy?.lists === 'filtered') throw refused('`policy.lists`: a middleware of Node cannot shorten lists; use `protect`');
  return gate;
}

function write({ status, headers, body }: Reply, response: NodeResponse): void {
  response.statusCode = status;
  for (const [name, values] of byName(headers)) response.setHeader(name, values.length === 1 ? values[0]! : values);
  response.end(body);
}

/** Hono's context, as far as it is needed. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  readonly env: unknown;
  readonly executionCtx: unknown;
  // As a property: Hono knows names that a program has declared only.
  set: (name: any, value: any) => void;
  res: Response | undefined;
}

/**
 * A middleware for Hono: `c.get('auth')` is what the official MCP SDKs call `authInfo`. The gate's function form gets
 * `c.env`. Put it before what reads the body.
 */
export function honoGuard(gate: GateSource<[env: any]>, options: GuardOptions = {}): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  const ran = new WeakSet<object>();
  const run = protect<[env: any, keeper: unknown, context: HonoContext, next: () => Promise<void>]>(
    gate as GateSource,
    async (_, { authInfo }, _env, _keeper, context, next) => {
      ran.add(context);
      context.set('auth', authInfo);
      await next();
      return context.res as Response;
    },
    options,
  );
  return async (context, next) => {
    const response = await run(context.req.raw, context.env, keeperOf(context), context, next);
    if (!ran.has(context)) return response;
    // Without this, Hono would put the headers of the former response over those of this one.
    context.res = undefined;
    context.res = response;
    return undefined;
  };
}

/** Where there is none, Hono throws. */
function keeperOf(context: HonoContext): unknown {
  try {
    return context.executionCtx;
  } catch {
    return undefined;
  }
}
