// Clients of the gate: a plain one, and one that writes bytes as they are.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';

export const PATIENCE = 15_000;

export const pairs = (flat) => Array.from({ length: flat.length / 2 }, (_, n) => [flat[2 * n], flat[2 * n + 1]]);

export function reply(id, status, fields, bytes) {
  const body = bytes.toString('utf8');
  const values = (name) => fields.filter(([field]) => field === name).map(([, value]) => value);
  return { id, status, fields, values, body, json: () => JSON.parse(body) };
}

/** Begins a request without waiting for its reply: the request of node:http, its id, its response. */
export function send(port, { method = 'GET', path = '/mcp', headers = {}, id = randomUUID(), agent } = {}) {
  const request = httpRequest({
    host: '127.0.0.1', port, method, path, timeout: PATIENCE,
    // A connection for each request, unless an agent says otherwise.
    agent: agent ?? new Agent({ maxSockets: Infinity }),
    headers: { ...(id !== null && { 'x-request-id': id }), ...headers },
  });
  request.on('timeout', () => request.destroy(new Error(`no reply to ${id}`)));
  // Listened for at once: Node drops a response that nobody waits for.
  const response = once(request, 'response').then(([first]) => first);
  response.catch(() => {});
  return { request, id, response };
}

/** The whole reply to a request that was sent. */
export async function replyTo({ id, response: coming }) {
  const response = await coming;
  const parts = [];
  for await (const part of response) parts.push(part);
  return reply(id, response.statusCode, pairs(response.rawHeaders), Buffer.concat(parts));
}

/** A request and its reply. A body that is a list is sent in chunks. */
export async function ask(port, options = {}) {
  const { body } = options;
  const sent = send(port, options);
  const answered = replyTo(sent);
  if (Array.isArray(body)) {
    for (const part of body) sent.request.write(part);
    sent.request.end();
  } else {
    sent.request.end(body);
  }
  return answered;
}

function parsed(bytes) {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line, ...rest] = text.slice(0, end).split('\r\n');
  const fields = rest.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1).trim()]);
  const answer = reply(undefined, Number(line.split(' ')[1]), fields, bytes.subarray(end + 4));
  const length = Number(answer.values('content-length')[0] ?? Infinity);
  return { answer, whole: bytes.length >= end + 4 + length };
}

/** Writes bytes to a new connection: the reply, or undefined when there was none. */
export function raw(port, bytes) {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const socket = connect(port, '127.0.0.1', () => socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes));
    socket.setTimeout(PATIENCE, () => socket.destroy(new Error('no reply')));
    socket.on('data', (part) => {
      got = Buffer.concat([got, part]);
      // Envoy keeps a connection that it closes open for another second.
      if (parsed(got)?.whole) socket.destroy();
    });
    socket.on('error', (error) => (error.code === 'ECONNRESET' ? undefined : reject(error)));
    socket.on('close', () => resolve(parsed(got)?.answer));
  });
}

/** A request without a body, one header field a line; bytes are written as U+0000 to U+00FF. */
export const lines = (first, ...fields) => [first, 'host: mcp.example.com', 'connection: close', ...fields, '', ''].join('\r\n');
