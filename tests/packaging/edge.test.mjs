// Runtimes that give the compiled module for an import: Workers, and Next.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Browsers } from './browsers.mjs';
import { DECIDED, IMPORTED, project, run, serve } from './project.mjs';

async function assertAnswers(uri) {
  const reply = await fetch(uri);
  assert.deepEqual([reply.status, await reply.text()], [200, DECIDED]);
}

describe('workerd', () => {
  const WORKER = `${IMPORTED}export default { fetch: async () => new Response(await decide()) };\n`;
  // Later than some day of 2025 it would compile bytes while it loads; the module must do without.
  for (const date of ['2024-01-01', '2026-04-01']) {
    it(`of ${date}`, { timeout: 120_000 }, async (t) => {
      const folder = await project({ 'main.js': WORKER });
      await assertAnswers(await serve(t, folder, 'wrangler', ['dev', 'main.js', '--name', 'w', '--compatibility-date', date, '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0']));
    });
  }
});

describe('Next', () => {
  const route = (runtime) => `${IMPORTED}export const runtime = '${runtime}';\nexport const dynamic = 'force-dynamic';\nexport const GET = async () => new Response(await decide());\n`;
  const APP = {
    'app/layout.js': 'export default ({ children }) => <html><head><title>{""}</title></head><body>{children}</body></html>;\n',
    'app/page.js': `'use client';\nimport { useEffect } from 'react';\n${IMPORTED}
      export default function Page() {
        useEffect(() => { decide().catch((error) => \`failed: \${error.stack}\`).then((text) => { document.title = text; }); }, []);
      }\n`,
    'app/edge/route.js': route('edge'),
    'app/node/route.js': route('nodejs'),
  };
  let browsers;

  before(async () => { browsers = await Browsers.start(); }, { timeout: 400_000 });

  after(() => browsers?.end());

  for (const bundler of ['turbopack', 'webpack']) {
    it(`with ${bundler}: edge, Node and client`, { timeout: 300_000 }, async (t) => {
      // No `type`: with it, Next's own webpack build of any edge route fails.
      const folder = await project(APP, {});
      await run(t, folder, 'next', ['build', `--${bundler}`]);
      // Here it would compile bytes as well; a hosted edge does not.
      const { functions } = JSON.parse(await readFile(join(folder, '.next/server/middleware-manifest.json'), 'utf8'));
      assert.equal(functions['/edge/route'].wasm.length, 2);
      const origin = await serve(t, folder, 'next', ['start', '--hostname', '127.0.0.1', '--port', '0']);
      await assertAnswers(`${origin}/edge`);
      await assertAnswers(`${origin}/node`);
      await browsers.assertDecided(`${origin}/`);
    });
  }
});
