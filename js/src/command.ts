import { readFileSync } from 'node:fs';
import process from 'node:process';
import { load, YAMLException } from './yaml.js';

/** The words after a command: its options, and what else there is. */
export interface Words {
  names: string[];
  flags: Set<string>;
  values: Map<string, string>;
}

/** The command was used in a wrong way. */
export class Misuse extends Error {}

/** A file is not what it must be. */
export class FileFault extends Error {}

/** A file with data: `json` where it is JSON, as it stands there. */
export interface Document {
  json?: string;
  value: unknown;
}

/** Reads a file as text. */
export function fileText(path: URL | string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FileFault(`${path}: cannot be read (${(error as { code?: string }).code})`);
  }
}

/** Reads a JSON file, told by its name, or a YAML file. */
export function documentOf(path: string): Document {
  const text = fileText(path);
  try {
    if (!/\.json$/i.test(path)) return { value: load(text, { filename: path }) };
    return { json: text, value: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof YAMLException)) return { json: text, value: undefined };
    const { reason, mark } = error;
    throw new FileFault(`${path}${mark ? `:${mark.line + 1}:${mark.column + 1}` : ''}: ${reason}`);
  }
}

/** Long enough for any secret. */
export const STANDS_FOR_A_SECRET = 'stands for the secret of a gate.';

/** Ends the command well. */
export function written(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** One line: what a file holds cannot break it, and steers no terminal. */
export function line(text: string): string {
  return `${text.replace(/[\p{Cc}\p{Cf}]/gu, '?')}\n`;
}

/** JSON lets stand what steers a terminal. */
export function harmless(json: string): string {
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, (character) => character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''));
}
