// Many requests over few connections, of which it is known which worker serves them.

import { once } from 'node:events';
import { connect } from 'node:net';
import { PATIENCE } from './client.mjs';
import { until } from './envoy.mjs';

const END = '\r\n\r\n';

/** A connection that stays open; requests without a body, answered one after another. */
export class Line {
  #socket;
  #waiting = [];
  #got = Buffer.alloc(0);

  static async open(port) {
    const line = new Line();
    const socket = connect(port, '127.0.0.1');
    line.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (part) => line.#take(part));
    socket.setTimeout(PATIENCE);
    socket.on('timeout', () => line.#waiting.length && socket.destroy(new Error('no reply')));
    socket.on('error', (error) => { line.fault = error; });
    socket.on('close', () => {
      for (const { reject } of line.#waiting.splice(0)) reject(line.fault ?? new Error('Envoy has closed the connection'));
    });
    await once(socket, 'connect');
    return line;
  }

  /** A GET request: its status and its reason, if it was denied. */
  ask(headers, path = '/mcp') {
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: mcp.example.com\r\n${fields.join('')}\r\n`);
    });
  }

  #take(part) {
    this.#got = this.#got.length ? Buffer.concat([this.#got, part]) : part;
    for (;;) {
      const end = this.#got.indexOf(END);
      if (end < 0) return;
      const head = this.#got.toString('latin1', 0, end);
      const whole = end + END.length + Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      if (this.#got.length < whole) return;
      const body = this.#got.toString('utf8', end + END.length, whole);
      this.#got = this.#got.subarray(whole);
      const status = Number(head.split(' ', 2)[1]);
      const after = /^retry-after: (.*)$/im.exec(head)?.[1];
      this.#waiting.shift()?.resolve({ status, reason: status < 300 ? undefined : JSON.parse(body).type.split(':').pop(), after });
    }
  }

  end() {
    this.#socket.destroy();
  }
}

/** So many connections to each worker of an Envoy: a list for each worker. */
export async function byWorker(envoy, name, { workers = 2, each = 4 } = {}) {
  const totals = () => Promise.all(Array.from({ length: workers }, (_, n) => envoy.stat(`listener.${name}.worker_${n}.downstream_cx_total`)));
  const found = Array.from({ length: workers }, () => []);
  for (let tries = 0; found.some((lines) => lines.length < each); tries += 1) {
    if (tries > 50 * each) throw new Error(`of ${workers} workers only ${found.filter((lines) => lines.length).length} take connections`);
    const before = await totals();
    const line = await Line.open(envoy.port(name));
    const worker = await until('a worker that takes the connection', async () => {
      const now = await totals();
      const taker = now.findIndex((total, n) => total > before[n]);
      return taker < 0 ? undefined : `${taker}`;
    });
    if (found[worker].length < each) found[worker].push(line);
    else line.end();
  }
  return found;
}

/** Calls `work` for each item, as many at once as there are `lanes`, each lane one after another. */
export async function through(lanes, items, work) {
  let next = 0;
  await Promise.all(lanes.map(async (lane) => {
    while (next < items.length) {
      const n = next;
      next += 1;
      await work(lane, items[n], n);
    }
  }));
}
