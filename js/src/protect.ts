import { misuse } from './error.js';
import { byName, checked, type Guarded, guard, type GuardOptions, type GateSource, opener } from './guard.js';
import type { Allowed } from './outcome.js';

/** Answers a request of a caller who may pass. `rest` is what the runtime gives beside the request. */
export type GuardedHandler<Rest extends unknown[]> = (request: Request, guarded: Guarded, ...rest: Rest) => Response | Promise<Response>;

/**
 * A fetch handler that lets only those callers through to another whom a gate lets pass. What the gate answers itself, a
 * denial, the metadata document (RFC 9728), a preflight, is replied at once. The handler's response gets the headers
 * that the caller must see (`grant.replyHeaders`), and lists in it are shortened where the policy says so. A body streams.
 * Rejects, and so denies, where no gate can be opened, and with what the handler throws.
 */
export function protect<Rest extends unknown[] = any[]>(
  gate: GateSource<Rest>,
  handler: GuardedHandler<Rest>,
  options: GuardOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const open = opener(gate);
  if (typeof handler !== 'function') throw misuse('`handler` must be a function');
  checked(options);
  return async (request, ...rest) => {
    const { guarded, reply } = await guard(await open(...rest), request, options, rest);
    if (reply) return reply.toResponse();
    return sealed(await handler(request, guarded, ...rest), guarded.outcome);
  };
}

/** A response as the caller may see it. Always another one: a handler may give the same to several callers. */
function sealed(response: Response, outcome: Allowed): Response {
  if (typeof (response as Partial<Response> | undefined)?.headers !== 'object') throw misuse('`handler` must give a Response');
  // A connection that is no longer HTTP; no response can be made of it.
  if (response.status === 101) return response;
  const shown = outcome.shorten(response);
  const copy = new Response(shown.body, shown);
  for (const [name, values] of byName(outcome.grant.replyHeaders)) {
    if (name !== 'vary') copy.headers.delete(name);
    for (const value of values) copy.headers.append(name, value);
  }
  return copy;
}
