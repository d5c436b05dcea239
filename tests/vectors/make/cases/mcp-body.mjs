// The cases of mcp-body.json.

import { ECHO, passes, posted, postedBytes, ruled, tool } from '../calls.mjs';
import { json } from '../exact-json.mjs';
import { deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { having } from '../rules.mjs';

export const about = 'Bytes that are no message, or are too many, or could be read in another way: RFC 8259 sections 8.1 and 9.';

const LIMIT = 256;
/** A call of exactly so many bytes. */
const sized = (bytes, letter = 'x') => {
  const empty = Buffer.byteLength(tool('echo', { pad: '' }));
  return tool('echo', { pad: letter.repeat((bytes - empty) / Buffer.byteLength(letter)) });
};

export function cases() {
  const on = having('one tool', ECHO);
  const good = tool('echo');
  const unread = (name, body) => on(name, posted(body), deny('parse_error'));
  const bytes = (name, parts, expect = deny('parse_error')) => on(name, postedBytes(Buffer.concat(parts.map((part) => Buffer.from(part)))), expect);

  bytes('the same call in bytes', [good], passes);
  for (const length of [1, 20, good.length - 1]) unread(`a call that breaks off after ${length} bytes`, good.slice(0, length));
  unread('a call and a brace', `${good}}`);
  unread('two calls one after the other', good + good);
  unread('two calls on two lines', `${good}\n${tool('delete')}`);
  unread('a call and a comment', `${good} // x`);
  unread('a comment before the call', `/* x */${good}`);
  unread('a comma at the end of an object', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo",}}');
  unread('a name without quotes', '{jsonrpc:"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}');
  unread('single quotes', good.replaceAll('"', '\''));
  unread('NaN as an argument', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":NaN}}}');
  unread('a number out of range', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":1e400}}}');
  unread('a number with a zero before it', '{"jsonrpc":"2.0","id":01,"method":"tools/call","params":{"name":"echo"}}');
  unread('a line break within text', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ec\nho"}}');
  unread('a lone surrogate', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\ud800"}}');
  unread('a lone surrogate behind the name', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo\\udc00"}}');
  unread('white space alone', ' \n ');
  unread('text alone', '"tools/call"');
  unread('a number alone', '1');
  unread('null alone', 'null');
  unread('a form', 'method=tools%2Fcall&name=echo');
  unread('an event stream', `data: ${good}\n\n`);
  unread('a call within text', json(good));
  unread('a null byte behind the call', `${good}\0`);
  unread('a no-break space behind the call', `${good}\u00a0`);

  bytes('a byte order mark', [[0xef, 0xbb, 0xbf], good]);
  bytes('a byte that is not UTF-8 in a text', ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo', [0xff], '"}}']);
  bytes('a byte that is not UTF-8 in an argument', ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":"', [0xe9], '"}}}']);
  bytes('an overlong letter', ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"', [0xc1, 0xa5], 'cho"}}']);
  bytes('a surrogate in UTF-8', ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo', [0xed, 0xa0, 0x80], '"}}']);
  bytes('half a letter at the end', [good, [0xc3]]);
  bytes('UTF-16 with the low byte first', [Buffer.from(good, 'utf16le')]);
  bytes('UTF-16 with its mark', [[0xff, 0xfe], Buffer.from(good, 'utf16le')]);
  bytes('UTF-16 with the high byte first', [Buffer.from(good, 'utf16le').swap16()]);
  bytes('compressed bytes without a word of it', [[0x1f, 0x8b, 8, 0, 0, 0, 0, 0]]);
  bytes('a thousand null bytes', [Buffer.alloc(1000)]);

  // Nested deeper than any call needs.
  const nested = (depth, open = '[', close = ']') => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":${open.repeat(depth)}1${close.repeat(depth)}}}}`;
  on('nested 29 deep in its arguments', posted(nested(29)), passes);
  unread('nested 30 deep in its arguments', nested(30));
  unread('lists nested 10,000 deep', nested(10_000));
  unread('objects nested 5,000 deep', nested(5_000, '{"a":', '}'));
  unread('10,000 brackets that are never closed', '['.repeat(10_000));
  unread('10,000 objects that are never closed', '{"a":'.repeat(10_000));

  // RFC 9110 section 15.5.14. One limit for the bytes, however many letters they are.
  const small = having('a small limit', ruled([{ match: { tool: 'echo' } }], {}, { limits: { body: LIMIT } }));
  const large = deny('payload_too_large', { full: true });
  small('a body of exactly the limit', posted(sized(LIMIT)), passes);
  small('a body of a byte more than the limit', posted(sized(LIMIT + 1)), large);
  small('a body of twice the limit', posted(sized(2 * LIMIT)), large);
  small('a body of bytes beyond ascii at the limit', posted(sized(LIMIT - (LIMIT - Buffer.byteLength(tool('echo', { pad: '' }))) % 2, 'é')), passes);
  small('fewer letters than the limit, but more bytes', posted(sized(LIMIT + 2 - (LIMIT - Buffer.byteLength(tool('echo', { pad: '' }))) % 2, 'é')), large);
  small('white space counts', posted(good + ' '.repeat(LIMIT + 1 - good.length)), large);
  small('white space up to the limit', posted(good + ' '.repeat(LIMIT - good.length)), passes);
  small('too large, and malformed', posted('x'.repeat(LIMIT + 1)), large);
  small('too large, and compressed', posted('x'.repeat(LIMIT + 1), { headers: [['content-encoding', 'gzip']] }), large);
  small('too large, and of a forbidden tool', posted(tool('delete', { pad: 'x'.repeat(LIMIT) })), large);
  on('a body of 60,000 bytes', posted(sized(60_000)), passes);
  on('a body of a byte more than 65,536', posted(sized(65_537)), large);

  // RFC 8259 section 8.1: UTF-8, and nobody has to decode it first.
  const coded = (name, fields, expect = deny('body_unsupported', { full: true })) => {
    const { headers, ...sent } = call(undefined, { body: good });
    on(name, { ...sent, headers: [...headers, ...fields] }, expect);
  };
  for (const value of ['gzip', 'br', 'deflate', 'zstd', 'GZIP', 'x-gzip', 'identity, gzip', 'gzip, identity', 'unknown', '']) coded(`a body with the content encoding ${value || 'of nothing'}`, [['content-encoding', value]]);
  coded('two content encodings', [['content-encoding', 'identity'], ['Content-Encoding', 'gzip']]);
  for (const value of ['identity', 'Identity', ' identity ']) coded(`a body with the content encoding "${value}"`, [['content-encoding', value]], passes);
  for (const value of ['application/json; charset=utf-16', 'application/json;charset=UTF-16LE', 'application/json; charset="iso-8859-1"', 'application/json; CHARSET=us-ascii', 'application/json; charset=', 'application/json; charset', 'application/json; a=b; charset=utf-7', 'application/json; charset=utf-8; charset=utf-16', 'application/json; charset = utf-16', 'text/plain;charset=windows-1252', "application/json; charset*=utf-7''x", 'application/json; charset*0=utf-7', 'application/json, charset=utf-7', 'application/json charset=utf-16', 'application/json; x="charset=utf-7"'])
    coded(`a body of the type ${value}`, [['content-type', value]]);
  coded('two types', [['content-type', 'application/json'], ['content-type', 'application/json; charset=utf-32']]);
  for (const value of ['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'application/json; charset="utf-8"', 'application/json; charset=utf8', 'application/json; profile=x', 'application/JSON', 'text/plain', ''])
    coded(`a body of the type ${value || 'of nothing'}, which is UTF-8`, [['content-type', value]], passes);
  coded('a body without a type', [], passes);

  // No message: no rule about messages is about it.
  on('no body', call(), deny('policy_denied'));
  on('an empty body', posted(''), deny('policy_denied'));
  on('an empty body that is said to be compressed', posted('', { headers: [['content-encoding', 'gzip']] }), deny('policy_denied'));
  const session = having('sessions', ruled([{ match: { http: ['GET', 'DELETE'], message: 'none' } }, { match: { message: ['request', 'notification', 'response'] } }]));
  for (const method of ['GET', 'DELETE']) {
    session(`${method} without a body`, call(undefined, { method }), passes);
    session(`${method} with a session id`, { ...call(undefined, { method }), headers: [...call().headers, ['mcp-session-id', 's-1'], ['accept', 'text/event-stream']] }, passes);
  }
  session('get without a body, where a rule asks for the method', call(undefined, { method: 'get' }), deny('request_malformed'));
  for (const method of ['POST', 'PUT', 'PATCH', 'HEAD']) session(`${method} without a body`, call(undefined, { method }), deny('policy_denied'));
  session('DELETE with a message is a message', posted(good, { method: 'DELETE' }), passes);
  session('DELETE with a malformed body', posted('{', { method: 'DELETE' }), deny('parse_error'));
  session('POST with a message', posted(good), passes);
  session('an answer of the client', posted('{"jsonrpc":"2.0","id":7,"result":{"action":"accept"}}'), passes);
  session('an error of the client', posted('{"jsonrpc":"2.0","id":"7","error":{"code":-1,"message":"no"}}'), passes);
  const one = having('requests only', ruled([{ match: { message: 'request' } }]));
  one('an answer where only requests may pass', posted('{"jsonrpc":"2.0","id":7,"result":{}}'), deny('policy_denied'));
  one('a notification where only requests may pass', posted('{"jsonrpc":"2.0","method":"notifications/initialized"}'), deny('policy_denied'));
  one('an empty body where only requests may pass', posted(''), deny('policy_denied'));
  one('a request where only requests may pass', posted(good), passes);
}
