import type { Allowed, Grant, Shadowed } from './outcome.js';
import type { Header, Read } from './request.js';

/** A request that passes, as the module tells of it. */
export interface Passed {
  /** For the upstream: those of the caller by their places. */
  headers: (Header | number)[];
  replyHeaders?: Header[];
  rule?: string;
  shadow?: Shadowed[];
}

const encoder = new TextEncoder();
/** Room for a request: one that is larger gets its own. */
const room = new Uint8Array(1 << 16);

/**
 * A request as the module reads it: each text after its length. All at once, since a text that crosses alone is copied
 * character by character.
 */
export function written({ method, url, headers }: Read): Uint8Array {
  let text = `${method.length}:${method}${url.length}:${url}`;
  for (const [name, value] of headers) text += `${name.length}:${name}${value.length}:${value}`;
  // A unit of UTF-16 becomes three bytes at most.
  const most = text.length * 3;
  const into = most <= room.length ? room : new Uint8Array(most);
  return into.subarray(0, encoder.encodeInto(text, into).written);
}

/** A request that passes, as whoever checked it sees it; the module keeps the grant for all calls with the same token. */
export function allowed({ headers, replyHeaders = [], rule, shadow = [] }: Passed, kept: Grant, sent: Header[]): Omit<Allowed, 'shorten'> {
  const grant = copied(kept);
  grant.headers = headers.map((header) => (typeof header === 'number' ? sent[header]! : header));
  grant.replyHeaders = replyHeaders;
  const [allow, decision] = [true, 'allow'] as const;
  return rule === undefined ? { allow, decision, grant, shadow } : { allow, decision, grant, rule, shadow };
}

/** A copy of what JSON can say. */
function copied<Value>(value: Value): Value {
  if (!isNested(value)) return value;
  if (Array.isArray(value)) return value.map(copied) as Value;
  const copy = { ...value };
  // None is set that it has not, `__proto__` neither.
  for (const name of Object.keys(copy) as (keyof Value)[]) {
    if (isNested(copy[name])) copy[name] = copied(copy[name]);
  }
  return copy;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
