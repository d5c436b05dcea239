// A server on loopback that keeps all of each request, and answers as the test says.

import { serve } from './loopback.mjs';

/** `answer(request, n)` gives `[status, headers, body]`, or answers `(request, n, response)` itself; `seen` are the requests. */
export async function recording(t, answer = () => [200, {}, 'ok']) {
  const seen = [];
  const { port } = await serve(t, async (message, response) => {
    let body = '';
    for await (const chunk of message.setEncoding('utf8')) body += chunk;
    const request = { method: message.method, url: message.url, headers: message.headers, fields: message.rawHeaders, body };
    seen.push(request);
    const said = await answer(request, seen.length, response);
    if (!said) return;
    const [status, headers = {}, text = ''] = said;
    response.writeHead(status, headers);
    response.end(typeof text === 'string' ? text : JSON.stringify(text));
  });
  const origin = `http://127.0.0.1:${port}`;
  return { origin, url: `${origin}/mcp`, seen };
}

/** The token of a request. */
export const tokenOf = ({ headers }) => /^(?:Bearer|DPoP) (.*)$/.exec(headers.authorization ?? '')?.[1];

/** Headers of a refusal. */
export const INVALID = { 'www-authenticate': 'Bearer error="invalid_token"' };
export const lacks = (scope) => ({ 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` });

/** A POST as the MCP SDKs make it. */
export const post = (body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'seal' } }, more = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  body: JSON.stringify(body),
  ...more,
});

/** Events as short text. */
export const told = (events) => events.map(({ about, decision, why }) => [about, decision, ...(why ? [why] : [])].join(' '));
