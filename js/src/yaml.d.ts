// js-yaml, which the build copies: the package itself depends on nothing.

/** Reads one document: YAML 1.2, core schema; a name that stands there twice is refused. */
export function load(text: string, options?: { filename?: string }): unknown;

/** Why a text is not read. */
export class YAMLException extends Error {
  readonly reason: string;
  readonly mark?: { readonly line: number; readonly column: number };
}
