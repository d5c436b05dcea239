// What was measured -> the table in the project's README; as a command, writes it there.

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { summary } from './table.mjs';

const README = new URL('../../README.md', import.meta.url);
const PLACE = /(?<=<!-- speed -->\n)[\s\S]*?(?=<!-- \/speed -->)/;

/** The README as it should be, and as it is. */
export async function told() {
  const [text, results] = await Promise.all([readFile(README, 'utf8'), readFile(new URL('results.json', import.meta.url), 'utf8')]);
  return { should: text.replace(PLACE, `${summary(JSON.parse(results))}\n`), is: text };
}

/** Writes it. */
export async function tell() {
  await writeFile(README, (await told()).should);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await tell();
