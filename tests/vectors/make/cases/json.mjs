// The cases of json.json.

import { json, plus } from '../exact-json.mjs';
import { allow, deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { rule } from '../rules.mjs';
import { CLAIMS, token, withHeader } from '../tokens.mjs';

export const about = 'From the bytes of a segment to one JSON object: RFC 8259, with every ambiguity refused.';

export function cases() {
  const good = json(CLAIMS);
  const head = json({ alg: 'ES256', typ: 'at+jwt', kid: 'es-1' });
  const payload = (name, text, reason = 'token_malformed') => rule(name, call(token(text)), deny(reason, { fetched: 0 }));
  const header = (name, text, reason = 'token_malformed') => rule(name, call(withHeader(text)), deny(reason, { fetched: 0 }));
  const latin1 = (text) => Buffer.from(text, 'latin1');

  for (const [text, what] of [['[]', 'an array'], [`[${good}]`, 'an array around an object'], ['"text"', 'a string'], ['null', 'null'], ['true', 'a boolean'], ['1700000000', 'a number'], ['hello', 'no JSON'], [' ', 'white space']])
    payload(`the payload is ${what}`, text);
  for (const [text, what] of [['[]', 'an array'], [`[${head}]`, 'an array around an object'], ['"ES256"', 'a string'], ['null', 'null'], ['hello', 'no JSON']])
    header(`the header is ${what}`, text);
  rule('the payload is an empty object', call(token('{}')), deny('claim_missing'));
  header('the header is an empty object', '{}', ['token_malformed', 'algorithm_not_allowed']);

  payload('a byte order mark before the payload', `\ufeff${good}`);
  header('a byte order mark before the header', `\ufeff${head}`);
  payload('a payload in utf-16', Buffer.from(good, 'utf16le'));
  payload('a byte that is not utf-8 in a claim', latin1(plus(CLAIMS, '"name":"\xff"')));
  payload('a latin-1 letter in a claim', latin1(plus(CLAIMS, '"name":"Ren\xe9"')));
  payload('an overlong utf-8 sequence in a claim', latin1(plus(CLAIMS, '"name":"\xc0\xaf"')));
  payload('an encoded surrogate in a claim', latin1(plus(CLAIMS, '"name":"\xed\xa0\x80"')));
  payload('a byte that is not utf-8 in a claim name', latin1(plus(CLAIMS, '"\xff":1')));
  header('a byte that is not utf-8 in the header', latin1(head.replace('}', ',"x":"\xff"}')));
  payload('an escaped lone surrogate in a claim', plus(CLAIMS, '"name":"\\ud800"'));
  payload('a raw control character in a claim', plus(CLAIMS, '"name":"a\u0001b"'));
  payload('a raw line break in a claim', plus(CLAIMS, '"name":"a\nb"'));
  payload('an unknown escape in a claim', plus(CLAIMS, '"name":"\\x41"'));

  payload('text after the payload', `${good} x`);
  payload('two payloads', good + good);
  payload('a null after the payload', `${good}\u0000`);
  payload('a truncated payload', good.slice(0, -1));
  payload('a comma after the last claim', plus(CLAIMS, ''));
  payload('a comment in the payload', good.replace('{', '{/* hi */'));
  payload('single quotes in the payload', good.replaceAll('"', "'"));
  payload('a name without quotes', plus(CLAIMS, 'a:1'));
  payload('not a number in the payload', plus(CLAIMS, '"a":NaN'));
  payload('a number with a leading zero', plus(CLAIMS, '"a":01'));
  payload('a number with a plus sign', plus(CLAIMS, '"a":+1'));
  payload('a number without digits after its point', plus(CLAIMS, '"a":1.'));
  payload('a hexadecimal number', plus(CLAIMS, '"a":0x10'));

  payload('a claim twice', plus(CLAIMS, '"exp":1700000300'));
  payload('a claim twice with different values', plus(CLAIMS, '"sub":"admin"'));
  payload('an unknown claim twice', plus(CLAIMS, '"a":1,"a":1'));
  payload('a claim twice, once with an escaped name', plus(CLAIMS, '"\\u0065xp":9999999999'));
  payload('a claim twice, first with an escaped name', `{"\\u0065xp":9999999999,${good.slice(1)}`);
  payload('a claim twice, both with escaped names', plus(CLAIMS, '"\\u0061":1,"\\u0061":1'));
  payload('an empty name twice', plus(CLAIMS, '"":1,"":2'));
  payload('a member twice inside a claim', plus(CLAIMS, '"act":{"sub":"a","sub":"b"}'));
  payload('a member twice deep inside a claim', plus(CLAIMS, '"act":{"act":{"act":[{"sub":"a","\\u0073ub":"b"}]}}'));
  payload('a member twice inside a list', plus(CLAIMS, '"groups":[{"id":1,"id":2}]'));
  header('a header member twice', head.replace('}', ',"kid":"es-1"}'));
  header('the algorithm twice', head.replace('}', ',"alg":"none"}'));
  header('the algorithm twice, once with an escaped name', head.replace('}', ',"\\u0061lg":"none"}'));
  header('a member twice inside a header member', head.replace('}', ',"x":{"a":1,"a":2}}'));
  rule('the same name in different objects is no duplicate', call(token({ act: { sub: 'a', act: { sub: 'b' } }, groups: [{ id: 1 }, { id: 2 }] })), allow());
  rule('names of different case are no duplicates', call(token({ Exp: 1, EXP: 2, SUB: 'x' })), allow());
  rule('names of different unicode forms are no duplicates', call(token({ 'caf\u00e9': 1, 'cafe\u0301': 2 })), allow());
  rule('an escaped name is the claim that it spells', call(token(good.replace('"exp"', '"\\u0065xp"'))), allow());
  rule('an escaped value is the text that it spells', call(token(good.replace('"https://as.', '"https:\\/\\/\\u0061s.'))), allow());
  rule('white space around and inside the payload is fine', call(token(`\n\t ${JSON.stringify(CLAIMS, null, 2)} \r\n`)), allow());
  rule('white space around and inside the header is fine', call(withHeader(` ${JSON.stringify(JSON.parse(head), null, 2)}\n`)), allow());
  rule('an escaped surrogate pair and text beyond the first plane are fine', call(token(plus(CLAIMS, '"name":"\\ud83d\\ude00 😀"'))), allow());

  const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
  payload('a depth bomb of arrays in the payload', plus(CLAIMS, `"a":${nested(1000)}`));
  payload('a depth bomb of objects in the payload', plus(CLAIMS, `"a":${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`));
  payload('an unclosed depth bomb', `{"a":${'['.repeat(5000)}`);
  header('a depth bomb in the header', head.replace('}', `,"x":${nested(1000)}}`));
  rule('a claim eight levels deep is fine', call(token(plus(CLAIMS, `"a":${nested(8)}`))), allow());
}
