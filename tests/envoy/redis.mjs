// A real Redis and a real Webdis in front of it, on loopback: with no memory beyond their own life.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../js/loopback.mjs';
import { until } from './envoy.mjs';

const INSTALL = fileURLToPath(new URL('../redis/install.sh', import.meta.url));

let installed;
const binaries = () => (installed ??= promisify(execFile)('bash', [INSTALL], { timeout: 300_000 })
  .then(({ stdout }) => stdout.trim().split('\n')));

// A test process that dies takes its servers along.
const running = new Map();
process.on('exit', () => {
  for (const [child, folder] of running) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A server as a child process with a folder and a port of its own; it can be killed and started again. */
class Server {
  log = [];
  #child;

  async open() {
    // It has to stay the same over a restart.
    this.port = await freePort();
    this.folder = await mkdtemp(join(tmpdir(), 'waxseal-redis-'));
    await this.start();
    return this;
  }

  async start() {
    const [binary, ...args] = await this.command();
    this.#child = spawn(binary, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    running.set(this.#child, this.folder);
    for (const pipe of [this.#child.stdout, this.#child.stderr]) pipe.on('data', (part) => this.log.push(String(part)));
    await until(binary, () => {
      if (this.#child.exitCode !== null) throw new Error(`${binary} has ended: ${this.log.join('')}`);
      return this.answers();
    });
  }

  /** Ends at once, as by a crash; nobody listens at its port. */
  async kill() {
    const child = this.#child;
    const closed = once(child, 'close');
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await closed;
    }
    running.delete(child);
  }

  /** Stands still, with its connections open: what is sent to it waits. */
  freeze = () => this.#child.kill('SIGSTOP');
  thaw = () => this.#child.kill('SIGCONT');

  async end() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class Redis extends Server {
  static open = () => new Redis().open();

  async command() {
    const [binary] = await binaries();
    return [binary, '--port', this.port, '--bind', '127.0.0.1', '--dir', this.folder, '--save', '', '--appendonly', 'no'];
  }

  answers = async () => (await this.run('PING').catch(() => '')) === '+PONG\r\n';

  /** One command of Redis, its parts without spaces: the reply as it is. */
  run(...parts) {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(`${parts.join(' ')}\r\n`));
      socket.once('data', (part) => {
        resolve(String(part));
        socket.destroy();
      });
      socket.once('error', reject);
    });
  }

  /** How many keys there are. */
  size = async () => Number((await this.run('DBSIZE')).slice(1));
}

export class Webdis extends Server {
  #members;

  /** In front of this Redis; `members` add to its configuration. */
  static async open(redis, members = {}) {
    const webdis = new Webdis();
    webdis.#members = { redis_host: '127.0.0.1', redis_port: redis.port, ...members };
    return webdis.open();
  }

  async command() {
    const [, binary] = await binaries();
    const file = join(this.folder, 'webdis.json');
    // More than Debian's package says is needed by nobody here.
    const configuration = {
      http_host: '127.0.0.1', http_port: this.port, threads: 2, pool_size: 20, daemonize: false, database: 0,
      verbosity: 2, logfile: join(this.folder, 'webdis.log'), ...this.#members,
    };
    await writeFile(file, JSON.stringify(configuration));
    return [binary, file];
  }

  /** Answers, though its Redis may be away. */
  answers = () => this.ask('/PING').then(() => true, () => false);

  ask = (path, headers = {}) => new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port: this.port, path, headers, agent: false }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() });
    });
    asking.once('error', reject);
    asking.end();
  });
}
