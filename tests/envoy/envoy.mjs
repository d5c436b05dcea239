// A real Envoy as a child process: starts it, reads what it says, and ends it.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { access, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bootstrap, discovered, FILTER } from './bootstrap.mjs';

const INSTALL = fileURLToPath(new URL('../../envoy-example/install.sh', import.meta.url));
const PATIENCE = 20_000;

/** Asks until there is an answer. */
export async function until(what, ask, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}

// A test process that dies takes its Envoys along.
const running = new Map();
process.on('exit', () => {
  for (const [child, folder] of running) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

export class Envoy {
  /** Lines of Envoy's own log. */
  log = [];
  /** Entries of the access log. */
  access = [];
  #folder;
  #child;
  #ports = new Map();
  #admin;

  /**
   * Starts an Envoy as described in bootstrap.mjs and waits until it is ready. `level` is how much
   * the filter logs, `environment` adds to Envoy's own.
   */
  static async start(description) {
    const envoy = new Envoy();
    await envoy.#launch(description);
    try {
      await until('Envoy', async () => {
        if (envoy.exitCode !== null) throw new Error(`Envoy has ended:\n${envoy.log.join('\n')}`);
        return envoy.#isReady();
      });
    } catch (error) {
      await envoy.#remove();
      throw error;
    }
    return envoy;
  }

  /** Starts an Envoy that is expected to refuse: its exit code and its log. */
  static async refuse(description) {
    const envoy = new Envoy();
    await envoy.#launch(description);
    try {
      const exit = await Promise.race([envoy.exited, sleep(PATIENCE, undefined, { ref: false })]);
      return { exit, log: envoy.log, refusals: envoy.refusals() };
    } finally {
      await envoy.#remove();
    }
  }

  async #launch(description) {
    await access(FILTER).catch(() => {
      throw new Error(`there is no filter at ${FILTER}: build it with \`npm run build\` in js/`);
    });
    const [binary, folder] = await Promise.all([
      promisify(execFile)('bash', [INSTALL], { timeout: 300_000 }).then(({ stdout }) => stdout.trim()),
      mkdtemp(join(tmpdir(), 'waxseal-envoy-')),
    ]);
    this.#folder = folder;
    const files = { listeners: await this.discover('listeners', []), clusters: await this.discover('clusters', []) };
    await writeFile(join(folder, 'envoy.json'), JSON.stringify(bootstrap({ ...description, files })));
    this.#child = spawn(binary, [
      '-c', join(folder, 'envoy.json'),
      '--admin-address-path', join(folder, 'admin'),
      '--concurrency', String(description.concurrency ?? 1),
      '--disable-hot-restart',
      '--file-flush-interval-msec', '20',
      '--log-level', 'warning', '--component-log-level', `wasm:${description.level ?? 'info'}`,
    ], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...description.environment } });
    running.set(this.#child, folder);
    createInterface(this.#child.stderr).on('line', (line) => this.log.push(line));
    createInterface(this.#child.stdout).on('line', (line) => this.access.push(JSON.parse(line)));
    // `close` comes when both pipes have been read to their ends.
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        running.delete(this.#child);
        resolve(code ?? signal);
      });
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get exitCode() {
    return this.#child.exitCode;
  }

  /** Reads the listeners' ports. */
  async #isReady() {
    const address = await readFile(join(this.#folder, 'admin'), 'utf8').catch(() => '');
    if (!/^[\d.]+:\d+$/.test(address)) return false;
    this.#admin = `http://${address}`;
    // Refused as long as nobody listens there, or no longer.
    const ready = await fetch(`${this.#admin}/ready`).catch(() => undefined);
    if (!ready?.ok) return false;
    await this.listening();
    return true;
  }

  /** The names of the listeners that there are. */
  async listening() {
    const { listener_statuses: listeners = [] } = await (await fetch(`${this.#admin}/listeners?format=json`)).json();
    this.#ports = new Map(listeners.map(({ name, local_address: local }) => [name, local.socket_address.port_value]));
    return [...this.#ports.keys()];
  }

  /** Resolves when there is a listener of this name. */
  listens = (name) => until(`listener ${name}`, async () => (await this.listening()).includes(name));

  /** The port of a listener. */
  port(name) {
    assert.ok(this.#ports.has(name), `no listener ${name}`);
    return this.#ports.get(name);
  }

  /** The value of one of Envoy's counters and gauges. */
  async stat(name) {
    const { stats } = await (await fetch(`${this.#admin}/stats?format=json&filter=^${name}$`)).json();
    return stats.find((one) => one.name === name)?.value;
  }

  /** Bytes that it holds, as the kernel counts them. */
  async memory() {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
  }

  /** Seconds of processor time that it has used, to a hundredth, as the kernel counts them. */
  async cpu() {
    const stat = await readFile(`/proc/${this.pid}/stat`, 'utf8');
    // The name may hold spaces; utime and stime are the fields 14 and 15.
    const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13);
    return (Number(user) + Number(system)) / 100;
  }

  /** The access log's entry about a request. */
  accessOf = (id) => until(`the access log of ${id}`, () => this.access.find((entry) => entry.id === id));

  /** What the filter logged about a request that it denied. */
  denialOf = (id) => until(`the filter's log of ${id}`, () => this.denials().find((entry) => entry.request_id === id));

  denials() {
    const lines = this.log.map((line) => /waxseal: (\{.*\})/.exec(line)?.[1]).filter(Boolean);
    return lines.map((line) => JSON.parse(line));
  }

  /** The configurations that the filter refused: listener and why. */
  refusals() {
    const refusals = [];
    let why;
    for (const line of this.log) {
      why = /waxseal: configuration refused: (.*)$/.exec(line)?.[1] ?? why;
      // Envoy names the plugin in a line of its own.
      const [, name] = /Plugin (\S+) failed to load/.exec(line) ?? [];
      if (name) refusals.push({ name, why });
      if (name) why = undefined;
    }
    return refusals;
  }

  /** Has Envoy discover these listeners or clusters, in place of those discovered before. */
  async discover(kind, resources) {
    const file = join(this.#folder, `${kind}.json`);
    await writeFile(`${file}.new`, discovered(kind, resources));
    // Envoy looks when a file is moved into place.
    await rename(`${file}.new`, file);
    return file;
  }

  async addCluster(message) {
    await this.discover('clusters', [message]);
    await until(`cluster ${message.name}`, async () => (await this.stat(`cluster.${message.name}.membership_total`)) === 1);
  }

  async #remove() {
    if (this.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
      await this.exited;
      clearTimeout(timer);
    }
    await rm(this.#folder, { recursive: true });
  }

  /** Ends it. That it had ended by itself, had to be killed or logged an error other than `expected` is a failure. */
  async end({ expected = /^$/ } = {}) {
    const alive = this.exitCode === null && this.#child.signalCode === null;
    await this.#remove();
    const faults = this.log.filter((line) => /\[(error|critical)\]|panicked|Proxy-Wasm|wasm_fail/.test(line) && !expected.test(line));
    assert.deepEqual({ alive, exit: await this.exited, faults }, { alive: true, exit: 0, faults: [] });
  }
}
