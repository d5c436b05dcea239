// Real browsers, and what pages come to in them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import puppeteer from 'puppeteer-core';
import { serve } from '../js/loopback.mjs';
import { DECIDED } from './project.mjs';

const INSTALL = fileURLToPath(new URL('../browser/install.sh', import.meta.url));
const KINDS = { '.html': 'text/html', '.js': 'text/javascript' };

export class Browsers {
  #all = [];

  static async start() {
    const browsers = new Browsers();
    try {
      // Firefox is spoken to in WebDriver BiDi.
      for (const [browser, program] of [['chrome', 'chromium'], ['firefox', 'firefox-esr']]) {
        const { stdout } = await promisify(execFile)('bash', [INSTALL, program], { timeout: 300_000 });
        const args = browser === 'chrome' ? ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] : [];
        const launched = await puppeteer.launch({ browser, executablePath: stdout.trim(), headless: true, args, timeout: 60_000 });
        browsers.#all.push(launched);
        console.error(`with ${await launched.version()}`);
      }
    } catch (error) {
      await browsers.end();
      throw error;
    }
    return browsers;
  }

  /** Opens a page in each browser, until it has told what was decided. */
  async assertDecided(url) {
    for (const browser of this.#all) {
      const page = await browser.newPage();
      const errors = [];
      page.on('pageerror', (error) => errors.push(error.message));
      try {
        await page.goto(url);
        await page.waitForFunction(() => document.title !== '', { timeout: 30_000 });
        assert.equal(await page.title(), DECIDED);
      } catch (error) {
        throw new Error(`${await browser.version()}: ${[error.message, ...errors].join('\n')}`);
      } finally {
        await page.close();
      }
    }
  }

  /** The same with a folder's index.html, under a policy that permits wasm and nothing else. */
  async assertDecidedIn(t, folder) {
    const { port } = await serve(t, async (request, response) => {
      const name = request.url === '/' ? '/index.html' : request.url;
      const text = await readFile(join(folder, name)).catch(() => undefined);
      response.writeHead(text ? 200 : 404, { 'content-type': KINDS[extname(name)], 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'" }).end(text);
    });
    await this.assertDecided(`http://127.0.0.1:${port}/`);
  }

  async end() {
    await Promise.all(this.#all.map((browser) => browser.close()));
  }
}
