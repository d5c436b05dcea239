#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { explain, type Explained } from './explain.js';
import { pasted } from './paste.js';
import { shownExplained, shownReading, type Style } from './print.js';
import { type Reading, readError } from './reading.js';

const HELP = `usage: waxseal explain [--json] [NAME...]

Explains the errors of MCP servers, OAuth servers, AuthPlane and Caracal: what
they mean, the usual cause, the fix. It asks nobody.

NAME is a code (invalid_token), a reason (token_expired), the number of a
JSON-RPC error (-32042) or of an HTTP status (403), or an error of AuthPlane
(ErrInvalidGrant). Without NAME it reads a failed reply from the standard input:
a WWW-Authenticate header, a body, all that \`curl -i\` writes, or lines of
Envoy's log.

  --json      write JSON, for programs
  --help      write this
  --version   write the version

exit status: 0 explained, 1 nothing is known about it, 2 wrong use
`;

/** Characters of input that are read. */
const LIMIT = 1_000_000;

interface Answer extends Explained {
  /** What was asked; of a reply, what it says. */
  name?: string;
  reading?: Reading;
}

class Misuse extends Error {}

async function main(given: string[]): Promise<number> {
  const names = given.filter((word) => !isOption(word));
  const options = new Set(given.filter(isOption));
  if (options.delete('--help') || options.delete('-h')) return written(HELP);
  if (options.delete('--version')) return written(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`);
  const json = options.delete('--json');
  const [unknown] = options;
  if (unknown) throw new Misuse(`unknown option ${unknown}`);
  const command = names.shift();
  if (command !== 'explain') throw new Misuse(command === undefined ? 'no command' : `unknown command ${command}`);
  const texts = names.length > 0 && names.join() !== '-' ? names : [await input()];
  const answers = (await Promise.all(texts.map(answersTo))).flat();
  written(json ? `${harmless(JSON.stringify(answers, null, 2))}\n` : shown(answers));
  return answers.some(({ candidates, reading }) => candidates.length > 0 || reading?.code !== undefined) ? 0 : 1;
}

/** `-32042` is a name. */
function isOption(word: string): boolean {
  return /^-(?!\d+$)./.test(word);
}

async function input(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the reply, then end with Ctrl-D:\n');
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of process.stdin) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LIMIT) throw new Misuse(`more than ${LIMIT} characters of input`);
  }
  if (!text.trim()) throw new Misuse('the standard input is empty');
  return text;
}

async function answersTo(text: string): Promise<Answer[]> {
  if (/^\s*[\w.:/#-]+\s*$/.test(text)) return [await answerTo(text.trim())];
  const found = await Promise.all(pasted(text).map(async (one): Promise<Answer> => {
    if ('name' in one) return answerTo(one.name);
    const reading = await readError(one.reply);
    return { reading, ...(await explain(reading)) };
  }));
  // Most words of a text are no names.
  const known = found.filter(({ candidates, reading }) => candidates.length > 0 || reading);
  const near = [...new Set(found.flatMap((one) => one.near))];
  return known.length > 0 ? known : [{ candidates: [], near }];
}

async function answerTo(name: string): Promise<Answer> {
  return { name, ...(await explain(name)) };
}

function shown(answers: Answer[]): string {
  const { isTTY: terminal = false, columns } = process.stdout;
  const style: Style = { colour: terminal && !process.env.NO_COLOR, width: terminal ? Math.max(40, Math.min(columns || 80, 110)) : Infinity };
  const parts = answers.flatMap(({ name, reading, ...explained }) => {
    const known = explained.candidates.length > 0 || !reading ? [shownExplained(name, explained, style)] : [];
    return reading ? [shownReading(reading, style), ...known] : known;
  });
  return `${parts.join('\n\n')}\n`;
}

/** JSON lets stand what steers a terminal. */
function harmless(json: string): string {
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, (character) => character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''));
}

function written(text: string): number {
  process.stdout.write(text);
  return 0;
}

// A reader that has seen enough, such as `head`.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Misuse)) throw error;
  process.stderr.write(`waxseal: ${error.message}; see waxseal --help\n`);
  process.exitCode = 2;
}
