import type { Header } from './request.js';

/** What stands in a pasted text: replies, and names of errors. */
export type Pasted = { reply: { status?: number; headers: Header[]; body: string } } | { name: string };

/** Finds the replies in a text that a person has copied from a terminal, a log or a browser; without any, the names in it. */
export function pasted(text: string): Pasted[] {
  const plain = withoutDecoration(text);
  const replies = repliesIn(plain);
  if (replies.length > 0) return replies;
  const lines = plain.split('\n').map((line) => line.trim()).filter(Boolean);
  const reasons = lines.flatMap((line) => reasonOf(jsonIn(line)));
  if (reasons.length > 0) return reasons;
  const [first = ''] = lines;
  if (/^(?:bearer|dpop|basic|digest|negotiate)\b/i.test(first)) return [{ reply: { headers: [['www-authenticate', lines.join(' ')]], body: '' } }];
  const body = jsonIn(plain);
  if (body !== undefined) return reasonOf(body).length > 0 ? reasonOf(body) : [{ reply: { headers: [], body: JSON.stringify(body) } }];
  const words = plain.match(/-32\d{3}\b|\bErr[A-Z]\w+|\b[A-Za-z]+(?:[_-][A-Za-z\d]+)+|^\s*\S+\s*$/g) ?? [];
  return [...new Set(words.map((word) => word.trim()))].map((name) => ({ name }));
}

/** Without colours and carriage returns, and without the marks of `curl -v`. */
function withoutDecoration(text: string): string {
  const plain = text.replace(/\x1b\[[\d;]*m/g, '').replace(/\r\n?/g, '\n').replace(/^\ufeff/, '');
  if (!/^< HTTP\//m.test(plain)) return plain;
  return plain.split('\n').filter((line) => !/^(?:[>*]|[{}] \[)/.test(line)).map((line) => line.replace(/^< ?/, '')).join('\n');
}

/** The replies of `curl -i`, one for each status line; or one from header lines alone. */
function repliesIn(text: string): Pasted[] {
  const starts = [...text.matchAll(/^HTTP\/\d(?:\.\d)? +(\d{3})\b.*$/gm)];
  if (starts.length === 0) {
    const found = /^[ \t]*(?:www-authenticate|dpop-nonce|retry-after)[ \t]*:/im.exec(text);
    return found ? [{ reply: headersAndBody(text.replace(/^\s+/, '')) }] : [];
  }
  const replies = starts.map((start, index) => {
    const end = starts[index + 1]?.index ?? text.length;
    return { status: Number(start[1]), ...headersAndBody(text.slice(start.index + start[0].length, end).replace(/^\n/, '')) };
  });
  // Of a redirect or a proxy's `200 Connection established` nothing needs to be explained, unless there is nothing else.
  const failed = replies.filter(({ status, body }) => status >= 400 || /"(?:error|input_required|mcp\/www_authenticate)"/.test(body));
  return (failed.length > 0 ? failed : replies.slice(-1)).map((reply) => ({ reply }));
}

function headersAndBody(text: string): { headers: Header[]; body: string } {
  const headers: Header[] = [];
  const lines = text.split('\n');
  let line = lines.shift();
  for (; line?.trim(); line = lines.shift()) {
    const [, name, value] = /^[ \t]*([\w!#$%&'*+.^`|~-]+)[ \t]*:[ \t]*(.*)$/.exec(line) ?? [];
    // What is no header begins the body, where the empty line is missing.
    if (name === undefined || value === undefined) return { headers, body: bodyIn([line, ...lines]) };
    headers.push([name.toLowerCase(), value.trimEnd()]);
  }
  return { headers, body: bodyIn(lines) };
}

/** A body without what a terminal adds to its end; an event stream, in which MCP servers may send it, as it is. */
function bodyIn(lines: string[]): string {
  const text = lines.join('\n').trim();
  const json = /^(?:event|data|id):/m.test(text) ? undefined : jsonIn(text);
  return json === undefined ? text : JSON.stringify(json);
}

/** The JSON object in a text, from the first brace to the last. */
function jsonIn(text: string): object | undefined {
  const [json] = /\{[^]*\}/.exec(text) ?? [];
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The reason in a line of the filter's log, or in a decision of the gate. */
function reasonOf(value: object | undefined): Pasted[] {
  const { reason, error } = (value ?? {}) as { reason?: unknown; error?: unknown };
  return typeof reason === 'string' && error === undefined ? [{ name: reason }] : [];
}
