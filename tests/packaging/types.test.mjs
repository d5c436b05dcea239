// The types are those of what is loaded, whichever way it is.

import { it } from 'node:test';
import { run, TARBALL } from './project.mjs';

// `node10` knows no `exports`; a wasm file has no types, since what it means is not the same everywhere.
const ARGUMENTS = ['--profile', 'node16', '--exclude-entrypoints', 'client.wasm', 'core.wasm', 'waxseal.wasm'];

it('Are the types wrong?', { timeout: 60_000 }, (t) => run(t, '.', 'attw', [TARBALL, ...ARGUMENTS]));
