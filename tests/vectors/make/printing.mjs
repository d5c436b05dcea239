// The text of a vector file.

const quote = (value) => JSON.stringify(value);
const scalar = (value) => value === null || typeof value !== 'object';

/** JSON with short things on one line, and lists of plain values (so every token) always so. */
export function print(value, indent = '') {
  if (scalar(value)) return quote(value);
  const list = Array.isArray(value);
  const entries = list ? value.map((each) => ['', each]) : Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) => [`${quote(key)}: `, each]);
  const [open, close] = list ? '[]' : '{}';
  if (!entries.length) return open + close;
  const gap = list ? '' : ' ';
  const flat = () => `${open}${gap}${entries.map(([key, each]) => key + print(each, null)).join(', ')}${gap}${close}`;
  if (indent === null || (list && value.every(scalar))) return flat();
  const line = flat();
  if (line.length + indent.length <= 110) return line;
  const deeper = `${indent}  `;
  return `${open}\n${entries.map(([key, each]) => deeper + key + print(each, deeper)).join(',\n')}\n${indent}${close}`;
}
