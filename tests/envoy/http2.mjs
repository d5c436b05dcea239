// HTTP/2 clients of the gate, with prior knowledge: Node's, and one that writes header fields as they are.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect as connect2 } from 'node:http2';
import { connect } from 'node:net';
import { pairs, PATIENCE, reply } from './client.mjs';

/** Requests over one connection. */
export class Http2 {
  #session;

  static async open(port) {
    const client = new Http2();
    client.#session = connect2(`http://127.0.0.1:${port}`);
    await once(client.#session, 'connect');
    return client;
  }

  /** A request and its reply. */
  async ask({ method = 'GET', path = '/mcp', headers = {}, body, trailers, id = randomUUID() } = {}) {
    const stream = this.#session.request(
      { ':method': method, ':path': path, 'x-request-id': id, ...headers },
      { endStream: body === undefined, waitForTrailers: trailers !== undefined },
    );
    stream.setTimeout(PATIENCE, () => stream.destroy(new Error(`no reply to ${id}`)));
    if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    const responded = once(stream, 'response');
    if (body !== undefined) stream.end(body);
    // The object that Node makes of the fields joins those of one name.
    const [{ ':status': status }, , flat] = await responded;
    const parts = [];
    for await (const part of stream) parts.push(part);
    return reply(id, status, pairs(flat).slice(1), Buffer.concat(parts));
  }

  async end() {
    this.#session.close();
    await once(this.#session, 'close');
  }
}

function frame(type, flags, stream, payload) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** RFC 7541 section 5.1, with a prefix of seven bits. */
function integer(value) {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.of(...bytes, rest);
}

/** RFC 7541 section 6.2.2: name and value as they are. */
function literal([name, value]) {
  const parts = [name, value].flatMap((text) => [integer(text.length), Buffer.from(text, 'latin1')]);
  return Buffer.concat([Buffer.of(0), ...parts]);
}

const SETTINGS = 4;
const HEADERS = 1;
const GOAWAY = 7;
const RST_STREAM = 3;
const END_STREAM = 1;
const END_HEADERS = 4;

/** Sends one request with these fields, in this order; resolves when Envoy has answered or reset it. */
export function rawHttp2(port, fields) {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      frame(SETTINGS, 0, 0, Buffer.alloc(0)),
      frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat(fields.map(literal))),
    ])));
    socket.setTimeout(PATIENCE, () => socket.destroy(new Error('no reply')));
    socket.on('data', (part) => {
      got = Buffer.concat([got, part]);
      while (got.length >= 9 && got.length >= 9 + got.readUIntBE(0, 3)) {
        const type = got.readUInt8(3);
        if (type === RST_STREAM || type === GOAWAY || (got.readUInt32BE(5) === 1 && got.readUInt8(4) & END_STREAM)) socket.destroy();
        got = got.subarray(9 + got.readUIntBE(0, 3));
      }
    });
    socket.on('error', reject);
    socket.on('close', resolve);
  });
}
