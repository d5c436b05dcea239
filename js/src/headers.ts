import { misuse } from './error.js';

/** Header fields in any of the usual shapes. */
export type HeaderSource =
  | Iterable<readonly [string, string]>
  | { readonly [name: string]: string | readonly string[] | undefined };

/** Name and value. */
export type Header = [name: string, value: string];

/** The header fields of a request, or of anything else that has them. */
export function fieldsIn(source: HeaderSource | null | undefined): Header[] {
  const headers = source ?? [];
  if (typeof headers !== 'object') throw misuse('`request.headers` must be headers, pairs or an object');
  const fields: Iterable<readonly [string, unknown]> = isIterable(headers) ? headers : Object.entries(headers);
  const read: Header[] = [];
  for (const field of fields) {
    if (!Array.isArray(field) || typeof field[0] !== 'string') {
      throw misuse('`request.headers` must hold pairs of name and value');
    }
    const [name, value] = field as [string, unknown];
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string') throw misuse(`header \`${name}\` must be a string`);
      read.push([name, one]);
    }
  }
  return read;
}

function isIterable(value: object): value is Iterable<readonly [string, string]> {
  return Symbol.iterator in value;
}
