// Real browsers, and what pages come to in them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Browser, createProfile } from '@puppeteer/browsers';
import puppeteer from 'puppeteer-core';
import { serve } from '../js/loopback.mjs';
import { DECIDED, newFolder, saying } from './project.mjs';

const INSTALL = fileURLToPath(new URL('../browser/install.sh', import.meta.url));
const KINDS = { '.html': 'text/html', '.js': 'text/javascript' };

export class Browsers {
  #all = [];
  #ends = [];

  static async start() {
    const browsers = new Browsers();
    try {
      await browsers.#launch('chromium', (profile) => puppeteer.defaultArgs({
        browser: 'chrome', userDataDir: profile, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--remote-debugging-port=0'],
      }));
      await browsers.#launch('firefox-esr', async (profile) => {
        await createProfile(Browser.FIREFOX, { path: profile, preferences: {} });
        return ['--profile', profile, ...puppeteer.defaultArgs({ browser: 'firefox', args: ['--remote-debugging-port=0'] })];
      });
    } catch (error) {
      await browsers.end();
      throw error;
    }
    return browsers;
  }

  /** Not by `puppeteer.launch`, which leaves the second browser behind when a signal ends the tests. */
  async #launch(name, argumentsFor) {
    const { stdout } = await promisify(execFile)('bash', [INSTALL, name], { timeout: 300_000 });
    const profile = await newFolder();
    const owner = { after: (end) => this.#ends.push(end) };
    const spoken = await saying(owner, profile, stdout.trim(), await argumentsFor(profile), /(ws:\/\/\S+)/);
    // Firefox speaks WebDriver BiDi, and nothing else.
    const how = name === 'chromium' ? { browserWSEndpoint: spoken } : { browserWSEndpoint: `${spoken}/session`, protocol: 'webDriverBiDi' };
    const browser = await puppeteer.connect(how);
    this.#all.push(browser);
    console.error(`with ${await browser.version()}`);
  }

  /** Opens a page in each browser, until its title tells what was decided. */
  async assertDecided(url, expected = DECIDED) {
    for (const browser of this.#all) {
      const page = await browser.newPage();
      const errors = [];
      page.on('pageerror', (error) => errors.push(error.message));
      try {
        await page.goto(url);
        await page.waitForFunction(() => document.title !== '', { timeout: 30_000 });
        const title = await page.title();
        if (typeof expected === 'string') assert.equal(title, expected);
        else assert.match(title, expected);
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
    await Promise.all(this.#all.map((browser) => browser.disconnect()));
    for (const end of this.#ends) end();
  }
}
