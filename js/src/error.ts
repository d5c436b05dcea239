import type { Reason } from './reasons.js';
import type { Action } from './reading.js';

/** What an error knows besides its message. */
export interface ErrorFacts {
  /** Why a call was denied, as a stable name. */
  reason?: Reason | undefined;
  /** What to do next. */
  action?: Action | undefined;
  /** Whatever else is known. */
  data?: unknown;
  /** The error that led to it. */
  cause?: unknown;
}

/** The same in every copy of the package, and in every realm. */
const BRAND = Symbol.for('waxseal.error');

/**
 * The one error that this package throws. `code` is stable, and all that a program needs:
 * `invalid_argument` for misuse, `invalid_configuration` for a configuration that is refused, `store_unavailable` for a store
 * that gives no answer, else the code on the wire.
 */
export class WaxsealError extends Error {
  /** What it is, as a stable name. */
  readonly code: string;
  /** Why a call was denied, as a stable name. */
  readonly reason: Reason | undefined;
  /** What to do next. */
  readonly action: Action | undefined;
  /** Whatever else is known. */
  readonly data: unknown;

  constructor(code: string, message: string, facts: ErrorFacts = {}) {
    const { reason, action, data, cause } = facts;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.reason = reason;
    this.action = action;
    this.data = data;
  }

  /** Whether a value is such an error, from whichever copy of the package. */
  static isInstance(value: unknown): value is WaxsealError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

// On the prototype: neither minified names nor a log show what it is told by.
Object.defineProperties(WaxsealError.prototype, { name: { value: 'WaxsealError' }, [BRAND]: { value: true } });

/** For who calls a function as it is not meant. */
export function misuse(message: string, cause?: unknown): WaxsealError {
  return new WaxsealError('invalid_argument', message, { cause });
}
