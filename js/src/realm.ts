/** Whether a value is one of these, of whichever realm: `instanceof` knows one realm only. */
export function isA(value: unknown, ...kinds: string[]): boolean {
  return kinds.includes(Object.prototype.toString.call(value).slice(8, -1));
}

export function isError(value: unknown): value is Error {
  return isA(value, 'Error', 'DOMException');
}
