// A real Chromium with a profile of its own, and pages of origins of their own on loopback.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const PACKAGE = new URL('../../pkg/', import.meta.url);
const INSTALL = fileURLToPath(new URL('install.sh', import.meta.url));
const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** A page that does nothing, and can import what the package exports. */
async function app() {
  const { name, exports } = JSON.parse(await readFile(new URL('package.json', PACKAGE), 'utf8'));
  const modules = Object.entries(exports).filter(([, to]) => to.default?.endsWith('.js'));
  const imports = Object.fromEntries(modules.map(([path, to]) => [name + path.slice(1), `/${name}${to.default.slice(1)}`]));
  return `<!doctype html><title>app</title><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script>`;
}

export class Chromium {
  #binary;
  #profile;
  #context;
  #servers = [];

  static async start() {
    const browser = new Chromium();
    const { stdout } = await promisify(execFile)('bash', [INSTALL], { timeout: 300_000 });
    browser.#binary = stdout.trim();
    browser.#profile = await mkdtemp(join(tmpdir(), 'waxseal-chromium-'));
    // Playwright ends a Chromium whose test process dies; the profile is ours.
    process.on('exit', () => rmSync(browser.#profile, { recursive: true, force: true }));
    try {
      await browser.#launch();
    } catch (error) {
      await browser.end();
      throw error;
    }
    return browser;
  }

  async #launch() {
    this.#context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: this.#binary, args: ARGUMENTS, timeout: 60_000,
    });
  }

  /** Ends the browser and starts it again with what it has stored. */
  async restart() {
    await this.#context.close();
    await this.#launch();
  }

  /** A server of empty pages and of the package's modules: its origin. */
  async serve() {
    const page = await app();
    const server = createServer(async (request, response) => {
      const [, module] = /^\/waxseal\/(dist\/[\w-]+\.js)$/.exec(request.url) ?? [];
      if (!module) return response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      const text = await readFile(new URL(module, PACKAGE)).catch(() => undefined);
      return response.writeHead(text ? 200 : 404, { 'content-type': 'text/javascript' }).end(text);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    return `http://127.0.0.1:${server.address().port}`;
  }

  /** A new page, at a URL if one is given. */
  async page(url) {
    const page = await this.#context.newPage();
    page.setDefaultTimeout(10_000);
    if (url) await page.goto(url);
    return page;
  }

  async end() {
    await this.#context?.close();
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a page's own script gets from `fetch`: the reply as far as it may read it, or the error's name. */
export async function call(page, url, init = {}) {
  const got = await page.evaluate(async ([address, options]) => {
    try {
      const reply = await fetch(address, { ...options, signal: AbortSignal.timeout(8000) });
      return { status: reply.status, headers: Object.fromEntries(reply.headers), body: await reply.text() };
    } catch (error) {
      return { error: error.name };
    }
  }, [url, init]);
  assert.ok(got.error || got.status, JSON.stringify(got));
  return got;
}
