// JSON texts, also such as JSON.stringify never writes.

/** A number or value written exactly so, which JSON.stringify would change. */
class Raw {
  constructor(text) { this.text = text; }
}
export const raw = (text) => new Raw(text);

export function json(value) {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).filter(([, v]) => v !== undefined);
  return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${json(v)}`).join(',')}}`;
}

/** The object's text with more text before its closing brace: how a duplicate member is made. */
export const plus = (object, text) => json(object).replace(/}$/, `,${text}}`);
