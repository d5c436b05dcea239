import { misuse } from './error.js';
import type { Reason } from './reasons.js';
import { type Reading, readError, type Surface } from './reading.js';

/** One row of `waxseal/errors.json`. */
export interface Row {
  reason: Reason;
  code: { oauth: string; caracal: string };
  status: number;
  also?: number[];
  rpc?: number | null;
  retry: string;
  source: string;
  surface: Surface;
  meaning: string;
  symptom: string;
  cause: string;
  fix: string;
  check: string;
  aliases?: Alias[];
  domain?: Sentinel[];
}

/** Another name of the same. */
export interface Alias {
  code: string;
  surface: Surface;
  statuses: number[];
}

/** An error of AuthPlane's own, as its logs name it. */
export interface Sentinel {
  /** Its name, such as `ErrInvalidGrant`. */
  sentinel: string;
  /** The HTTP status under which it is sent. */
  status: number;
  /** The part of AuthPlane that it belongs to. */
  group: string;
  /** When it applies. */
  meaning: string;
}

/** What is known about one reason. */
export interface Explanation {
  /** Its stable name. */
  reason: Reason;
  /** The code on the wire. */
  code: string;
  /** Other codes for it: those of Caracal's vocabulary, of both its eras, of other servers. */
  aliases: string[];
  /** The code of the JSON-RPC error, where it is one. */
  rpc?: number;
  /** Who usually sends it. */
  surface: Surface;
  /** The HTTP statuses under which it is sent, the usual one first. */
  statuses: number[];
  /** Whether another try can help, and how. */
  retry: string;
  /** When it applies. */
  meaning: string;
  /** How people meet it. */
  symptom: string;
  /** The usual cause. */
  cause: string;
  /** What repairs it. */
  fix: string;
  /** What to look at first. */
  check: string;
  /** The specification that it comes from. */
  source: string;
  /** The error of AuthPlane that was asked for. */
  sentinel?: Sentinel;
}

/** What is known about a name or a reply. */
export interface Explained {
  /** Whatever it can be, the likeliest first: one code of several servers has several meanings. */
  candidates: Explanation[];
  /** Names like it, where nothing fits. */
  near: string[];
}

/**
 * Explains a code, a reason, the number of a JSON-RPC error or of an HTTP status, an error of AuthPlane (`ErrInvalidGrant`),
 * a `Reading`, or whatever `readError` takes. The texts are loaded with the first call.
 */
export async function explain(what: unknown): Promise<Explained> {
  if (what === undefined) throw misuse('`what` must be a name, a number, a Reading, or what `readError` takes');
  const { explained, named } = await import('./explained.js');
  if (typeof what === 'number' || (typeof what === 'string' && /^\s*[^\s{]+\s*$/.test(what))) return named(String(what));
  return explained(isReading(what) ? what : await readError(what));
}

function isReading(what: unknown): what is Reading {
  return typeof what === 'object' && what !== null && (what as Partial<Reading>).untrusted === true;
}
