import { FileFault } from './command.js';

type Members = { [name: string]: unknown };

/** A Wasm filter in a configuration of Envoy's. */
interface Filter {
  name: string;
  configuration: unknown;
}

/** The configuration that one filter of Envoy's gets: who it is, and the text as it stands there. */
export interface Embedded {
  name: string;
  json: string;
}

/** Finds the configuration of a gate in one of Envoy's; `undefined` where no Wasm filter stands in it. */
export function embedded(value: unknown, path: string, name: string | undefined): Embedded | undefined {
  const all = filtersIn(value);
  if (all.length === 0 && name === undefined) return undefined;
  const named = name === undefined ? all : all.filter((filter) => filter.name === name);
  if (named.length === 0) {
    throw new FileFault(`${path}: there is no Wasm filter ${JSON.stringify(name)}${all.length > 0 ? `, but ${names(all)}` : ''}`);
  }
  // Other Wasm filters may stand beside ours, and ours on several listeners.
  const texts = new Map(named.map((filter) => [textOf(filter), filter.name]));
  const own = [...texts].flatMap(([json, name]) => (json !== undefined && (texts.size === 1 || json.includes('"issuers"')) ? [{ name, json }] : []));
  const [only, another] = own;
  if (only === undefined) throw new FileFault(`${path}: ${names(named)}: the configuration must be JSON in a google.protobuf.StringValue`);
  if (another === undefined) return only;
  if (own.every((one) => one.name === only.name)) throw new FileFault(`${path}: ${names(own)} stands there more than once, and not the same: give each a name of its own`);
  throw new FileFault(`${path}: several filters, ${names(own)}: name one with --filter-name`);
}

function filtersIn(value: unknown, nearby?: unknown): Filter[] {
  if (Array.isArray(value)) return value.flatMap((item) => filtersIn(item));
  if (!isObject(value)) return [];
  if (isMessage(value, 'envoy.extensions.filters.http.wasm.v3.Wasm')) {
    const { name, configuration } = isObject(value.config) ? value.config : {} as Members;
    return [{ name: String(name ?? nearby ?? ''), configuration }];
  }
  return Object.values(value).flatMap((member) => filtersIn(member, value.name));
}

function textOf({ configuration }: Filter): string | undefined {
  const isText = isObject(configuration) && isMessage(configuration, 'google.protobuf.StringValue') && typeof configuration.value === 'string';
  return isText ? configuration.value as string : undefined;
}

/** An `Any` as it is written in JSON. */
function isMessage(value: Members, type: string): boolean {
  return typeof value['@type'] === 'string' && value['@type'].endsWith(`/${type}`);
}

function names(filters: { name: string }[]): string {
  return [...new Set(filters.map(({ name }) => `\`${name}\``))].join(', ');
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
