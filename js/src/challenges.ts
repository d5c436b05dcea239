/** One challenge of a `WWW-Authenticate` field (RFC 9110 section 11.6.1). */
export interface Challenge {
  /** The scheme, in lower case. */
  scheme: string;
  /** What stands in place of parameters, as in `Negotiate YII=` (RFC 9110 section 11.2). */
  token68?: string;
  /** Names, in lower case, and values without their quotes; the first value of a name that is there twice. */
  parameters: Map<string, string>;
}

const SEPARATOR = /[ \t,]*/y;
const TOKEN = /[\w!#$%&'*+\-.^`|~]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const TOKEN68 = /[ \t]+([\w\-.~+/]+=*)[ \t]*(?=,|$)/y;
// More than a token: URLs are seen without their quotes.
const UNQUOTED = /[^\s",]*/y;

/**
 * The challenges in the value of `WWW-Authenticate` (RFC 9110 section 11.6.1); of several fields, joined by commas.
 * Never throws: what fits no grammar is left out up to the next comma.
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;

  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match) at = pattern.lastIndex;
    return match;
  };

  /** The text up to the closing quote; none where that is missing. */
  const takeQuoted = (): string | undefined => {
    let text = '';
    while (++at < header.length && header[at] !== '"') text += (header[at] === '\\' ? header[++at] : header[at]) ?? '';
    return header[at++] === '"' ? text : undefined;
  };

  while (at < header.length) {
    const start = at;
    const separated = take(SEPARATOR)?.[0].includes(',') || start === 0;
    const name = take(TOKEN)?.[0].toLowerCase();
    if (name && take(EQUALS)) {
      const value = header[at] === '"' ? takeQuoted() : take(UNQUOTED)?.[0];
      const parameters = challenges.at(-1)?.parameters;
      if (value !== undefined && !parameters?.has(name)) parameters?.set(name, value);
    } else if (name && separated && ' \t,'.includes(header[at] ?? ',')) {
      const token68 = take(TOKEN68)?.[1];
      challenges.push({ scheme: name, ...(token68 && { token68 }), parameters: new Map() });
    } else {
      while (at < header.length && header[at] !== ',') {
        if (header[at] === '"') takeQuoted();
        else at += 1;
      }
    }
  }
  return challenges;
}
