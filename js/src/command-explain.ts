import process from 'node:process';
import { explain, type Explained, type Reading, readError } from './client.js';
import { harmless, Misuse, type Words, written } from './command.js';
import { pasted } from './paste.js';
import { shownExplained, shownReading, type Style } from './print.js';

/** Characters of input that are read. */
const LIMIT = 1_000_000;

interface Answer extends Explained {
  /** What was asked; of a reply, what it says. */
  name?: string;
  reading?: Reading;
}

/** `waxseal explain`. */
export async function explainCommand({ names, flags }: Words): Promise<number> {
  const texts = names.length > 0 && names.join() !== '-' ? names : [await input()];
  const answers = (await Promise.all(texts.map(answersTo))).flat();
  written(flags.has('--json') ? `${harmless(JSON.stringify(answers, null, 2))}\n` : shown(answers));
  return answers.some(({ candidates, reading }) => candidates.length > 0 || reading?.code !== undefined) ? 0 : 1;
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
