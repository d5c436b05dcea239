import type { Explained, Explanation, Row, Sentinel } from './explain.js';
import rows from './explanations.js';
import type { Reading } from './reading.js';

/** What is known about what a reply says. */
export function explained({ reason, code, status }: Reading): Explained {
  if (reason) return { candidates: rows.filter((row) => row.reason === reason).map((row) => explanation(row)), near: [] };
  if (!code) return { candidates: [], near: [] };
  const found = named(code);
  const fitting = found.candidates.filter(({ statuses }) => status === undefined || statuses.includes(status));
  return fitting.length > 0 ? { ...found, candidates: fitting } : found;
}

/** What a name stands for. */
export function named(text: string): Explained {
  // `type` of a problem ends in the reason: `urn:waxseal:error:token_expired`, `https://.../token_expired`.
  const [name = ''] = /[^:/#]*$/.exec(text.trim()) ?? [];
  const number = /^-?\d+$/.test(name) ? Number(name) : undefined;
  const plain = bare(name);
  const candidates = rows.flatMap((row) => {
    const sentinel = row.domain?.find((own) => bare(own.sentinel) === plain);
    const exact = number === undefined ? bare(row.reason) === plain || sentinel !== undefined : row.rpc === number;
    const fits = number === undefined ? codesOf(row).some((code) => bare(code) === plain) : statusesOf(row).includes(number);
    return exact || fits ? [{ row, sentinel, exact }] : [];
  });
  candidates.sort((one, other) => Number(other.exact) - Number(one.exact));
  return {
    candidates: candidates.map(({ row, sentinel }) => explanation(row, sentinel)),
    near: candidates.length > 0 ? [] : near(plainly(name)),
  };
}

function explanation(row: Row, sentinel?: Sentinel): Explanation {
  const { reason, code, rpc, surface, retry, meaning, symptom, cause, fix, check, source } = row;
  const [, ...aliases] = codesOf(row);
  return {
    reason, code: code.oauth, aliases, ...(typeof rpc === 'number' && { rpc }), surface, statuses: statusesOf(row), retry,
    meaning, symptom, cause, fix, check, source, ...(sentinel && { sentinel }),
  };
}

function codesOf({ code, aliases = [] }: Row): string[] {
  return [...new Set([code.oauth, code.caracal, ...aliases.map((alias) => alias.code)])];
}

function statusesOf({ status, also = [], aliases = [] }: Row): number[] {
  return [...new Set([status, ...also, ...aliases.flatMap((alias) => alias.statuses)])];
}

/** Names are written in many ways: `INVALID_TOKEN`, `invalid-token`, `InvalidToken`. */
function bare(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}

/** The words of a name, between underscores. */
function plainly(name: string): string {
  return name.replace(/([a-z\d])([A-Z])/g, '$1_$2').replaceAll('-', '_').toLowerCase();
}

/** At most so many names are suggested. */
const SUGGESTIONS = 4;

function near(name: string): string[] {
  const names = new Set(rows.flatMap((row) => [row.reason, ...codesOf(row), ...(row.domain ?? []).map(({ sentinel }) => sentinel)]));
  const measured = [...names].map((known) => {
    const plain = plainly(known);
    const part = name.length > 3 && (plain.includes(name) || name.split('_').every((word) => plain.split('_').includes(word)));
    return { known, far: part ? 1 : distance(name, plain) };
  });
  const close = measured.filter(({ far }) => far <= Math.max(1, name.length / 4));
  close.sort((one, other) => one.far - other.far || one.known.length - other.known.length || one.known.localeCompare(other.known, 'en'));
  return close.slice(0, SUGGESTIONS).map(({ known }) => known);
}

/** How many letters are left out, put in, changed or swapped with their neighbour (optimal string alignment). */
function distance(one: string, other: string): number {
  // Far too long to be like any name.
  if (one.length > 100) return one.length;
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1] ? 0 : 1;
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + same,
        swapped ? at(before, column - 2) + 1 : Infinity,
      );
    }
    [before, above] = [above, current];
  }
  return at(above, other.length);
}

function at(list: number[], index: number): number {
  return list[index] ?? Infinity;
}
