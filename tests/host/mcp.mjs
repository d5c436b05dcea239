// Envoy's own MCP filter, as it is set before ours (`PASS_THROUGH`, `reject_duplicate_keys`,
// `attribute_source: BODY`): what it tells of a request. tests/envoy compares it with the real one.

/** What it takes from the parameters, by method; all else has none. */
const TAKEN = {
  'tools/call': ['name'], 'prompts/get': ['name'], 'completion/complete': ['ref'],
  'resources/read': ['uri'], 'resources/subscribe': ['uri'], 'resources/unsubscribe': ['uri'],
};
const MCP = 'envoy.filters.http.mcp';
const DEPTH = 100;

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether it looks into the body at all. */
function isRead(method, headers) {
  const all = (name) => headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value).join(',');
  const accept = all('accept');
  const both = accept.includes('*/*') || (accept.includes('text/event-stream') && accept.includes('application/json'));
  return method === 'POST' && /^application\/json([; ]|$)/.test(all('content-type')) && both;
}

/** A JSON text: its value, and whether a member stands twice in any object. */
function parsed(text) {
  let twice = false;
  let depth = 0;
  const open = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/gs)) {
    if (token === '{' || token === '[') {
      open.push(new Set());
      depth = Math.max(depth, open.length);
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token.endsWith(':')) {
      let name;
      try {
        name = JSON.parse(token.replace(/\s*:$/, ''));
      } catch {
        continue;
      }
      twice ||= open.at(-1)?.has(name) === true;
      open.at(-1)?.add(name);
    }
  }
  if (depth > DEPTH) throw new SyntaxError('nested too deep');
  return { value: JSON.parse(text), twice };
}

/** What it tells of a request: the members of its metadata, or undefined. */
export function told({ method, headers, body }, limit = 65536) {
  if (body.length === 0 || !isRead(method, headers)) return undefined;
  if (body.length > limit) return { is_exceeding_limit: true, is_mcp_request: false, passthrough_reason: 'mcp_body_too_large', status: 'mcp_ok' };
  let read;
  try {
    read = parsed(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return { is_mcp_request: false, passthrough_reason: 'mcp_parse_error', status: 'mcp_ok' };
  }
  const { value, twice } = read;
  const answers = isObject(value) && ('result' in value || 'error' in value);
  if (!isObject(value) || value.jsonrpc !== '2.0' || !(typeof value.method === 'string' || answers)) return undefined;
  const { jsonrpc, id } = value;
  const own = answers ? '__jsonrpc_response' : value.method;
  const taken = [...(TAKEN[own] ?? []), '_meta'].filter((name) => isObject(value.params) && name in value.params);
  return {
    jsonrpc, ...('id' in value && { id }), method: own,
    ...(taken.length > 0 && { params: Object.fromEntries(taken.map((name) => [name, value.params[name]])) }),
    is_mcp_request: true, status: 'mcp_ok', ...(twice && { passthrough_reason: 'mcp_duplicate_keys' }),
  };
}

const varint = (value) => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);
const field = (number, bytes) => Buffer.concat([Buffer.of(number * 8 + 2), Buffer.from(varint(bytes.length)), bytes]);
const entries = (members, encode) => Buffer.concat(Object.entries(members).map(([name, value]) =>
  field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, encode(value))]))));

/** `google.protobuf.Value`. */
function encoded(value) {
  if (value === null) return Buffer.of(8, 0);
  if (typeof value === 'boolean') return Buffer.of(32, Number(value));
  if (typeof value === 'string') return field(3, Buffer.from(value));
  if (Array.isArray(value)) return field(6, Buffer.concat(value.map((item) => field(1, encoded(item)))));
  if (typeof value === 'object') return field(5, entries(value, encoded));
  const number = Buffer.alloc(9);
  number.writeUInt8(17);
  number.writeDoubleLE(value, 1);
  return number;
}

/** `envoy.config.core.v3.Metadata`, as the property `metadata` holds it. */
export const metadata = (members, namespace = MCP) =>
  new Uint8Array(members === undefined ? [] : entries({ [namespace]: members }, (own) => entries(own, encoded)));
