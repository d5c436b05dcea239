// A refusal -> one new token for all who wait for it. It outlives each call that waits, but not the client that asks for it.

/** A new token on its way, and what it is asked for. */
export interface Flight {
  scopes: string[];
  /** How the user shall authenticate, as JSON. */
  strength: string;
  /** Of the client that asks: with its end, none comes. */
  owner: AbortSignal | undefined;
  token: Promise<string | undefined>;
  /** Once it has come: until when it is remembered, in milliseconds. */
  until?: number;
}

/** Milliseconds in which it is remembered what has come in a token's place, and what has not helped. */
export const REMEMBERED = 5_000;

/** The one under way, or just over. */
export function flightIn(flights: Map<string, Flight>, key: string): Flight | undefined {
  const flight = flights.get(key);
  return flight && (flight.until ?? Infinity) > Date.now() ? flight : undefined;
}

export function begin(flights: Map<string, Flight>, key: string, old: string | undefined, about: Omit<Flight, 'until'>): Flight {
  const { owner } = about;
  const token = orEnd(owner, () => about.token).catch((error) => {
    if (!owner?.aborted) throw error;
    return undefined;
  });
  const flight: Flight = { ...about, token };
  for (const name of flights.keys()) if (!flightIn(flights, name)) flights.delete(name);
  flights.set(key, flight);
  const over = (fresh?: string): void => {
    // Without an old token nothing tells one user from another.
    if (fresh !== undefined && old !== undefined && fresh !== old) flight.until = Date.now() + REMEMBERED;
    else if (flights.get(key) === flight) flights.delete(key);
  };
  void token.then(over, () => over());
  return flight;
}

/** Waits for something, or for a signal: it may be heeded by nobody else. */
export async function orEnd<Result>(signal: AbortSignal | undefined, act: () => Promise<Result>): Promise<Result | undefined> {
  let end = (): void => {};
  try {
    return await Promise.race([act(), new Promise<undefined>((resolve) => {
      end = () => resolve(undefined);
      signal?.addEventListener('abort', end);
    })]);
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
