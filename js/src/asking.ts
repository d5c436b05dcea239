import { WaxsealError } from './error.js';

/** For a configuration that is refused. */
export function refused(message: string, cause?: unknown): WaxsealError {
  return new WaxsealError('invalid_configuration', message, { cause });
}

/** Asks the module, and says what it does not take: that it says as a `TypeError`. */
export function asked<Answer>(ask: () => Answer, denied: (message: string) => WaxsealError): Answer {
  try {
    return ask();
  } catch (error) {
    // What else it throws is a fault of its own.
    throw (error as Partial<Error> | undefined)?.name === 'TypeError' ? denied((error as Error).message) : error;
  }
}
