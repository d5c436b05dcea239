// The cases of jws.json.

import { allow, deny } from '../expectations.mjs';
import { call } from '../requests.mjs';
import { rule } from '../rules.mjs';
import { b64, token, until, withHeader } from '../tokens.mjs';

export const about = 'From a token to the bytes of three segments: RFC 7515 section 5.2, read strictly.';

export function cases() {
  const bad = (name, made, reason = 'token_malformed') => rule(name, call(made), deny(reason, { fetched: 0 }));
  const [h, p, s] = token().split('.');

  bad('an opaque token', 'f3b8c1d2e4a5968778695a4b3c2d1e0f');
  bad('one segment', h);
  bad('two segments', `${h}.${p}`);
  bad('four segments', `${h}.${p}.${s}.${s}`);
  bad('six segments', `${h}.${p}.${s}.${s}.${s}.${s}`);
  bad('a dot after three segments', `${h}.${p}.${s}.`);
  bad('a dot before three segments', `.${h}.${p}.${s}`);
  bad('dots alone', '..');
  bad('an empty header', `.${p}.${s}`);
  bad('an empty payload', `${h}..${s}`);
  bad('a detached payload with its own signature', token('', {}));
  rule('an empty signature', call(`${h}.${p}.`), deny(['token_malformed', 'signature_invalid']));
  bad('five segments are an encrypted token', `${b64('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.${b64('key')}.${b64('nonce')}.${b64('text')}.${b64('tag')}`, 'token_encrypted');
  bad('five segments with an empty key are an encrypted token', `${b64('{"alg":"dir","enc":"A256GCM"}')}..${b64('nonce')}.${b64('text')}.${b64('tag')}`, 'token_encrypted');
  bad('a good token with two more segments is an encrypted one', `${h}.${p}.${s}.${s}.${s}`, 'token_encrypted');
  bad('five segments of garbage are an encrypted token', 'a.b.c.d.e', 'token_encrypted');

  bad('padding after the signature', `${h}.${p}.${s}==`);
  bad('one padding character after the signature', `${h}.${p}.${s}=`);
  rule('padding after the header', call(token({}, { shape: ([a, b]) => [`${a}=`, b] })), deny(['token_malformed', 'authorization_malformed']));
  rule('padding after the payload', call(token({}, { shape: ([a, b]) => [a, `${b}==`] })), deny(['token_malformed', 'authorization_malformed']));
  const standard = (text) => text.replaceAll('-', '+').replaceAll('_', '/');
  bad('the standard alphabet in the signature', standard(until((n) => token({ jti: `id-${n}` }), (t) => /[-_]/.test(t.split('.')[2]))));
  bad('the standard alphabet in the payload, signed so', token({ note: '>>>???~~~', more: '>>>>???' }, { shape: ([a, b]) => [a, standard(b)] }));
  bad('the standard alphabet in the header, signed so', withHeader({ note: '>>>???~~~', more: '>>>>???' }, { shape: ([a, b]) => [standard(a), b] }));
  bad('a character outside every alphabet in the payload', `${h}.${p}~.${s}`);
  bad('a signature of an impossible length', `${h}.${p}.${s.slice(0, 85)}`);
  bad('a payload of an impossible length', token({}, { shape: ([a, b]) => [a, `${b.slice(0, Math.floor(b.length / 4) * 4)}A`] }));
  bad('one character alone as the signature', `${h}.${p}.A`);

  // The last character of such a segment carries bits that decode to nothing; only zeros are canonical.
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const loose = (text) => text.slice(0, -1) + ALPHABET[ALPHABET.indexOf(text.at(-1)) | 1];
  const open = (part) => (made) => made.split('.')[part].length % 4 !== 0;
  const pad = (n) => ({ pad: 'x'.repeat(n) });
  bad('loose last bits in the signature', `${h}.${p}.${loose(s)}`);
  const payloadPad = [0, 1, 2].find((n) => open(1)(token(pad(n))));
  bad('loose last bits in the payload, signed so', token(pad(payloadPad), { shape: ([a, b]) => [a, loose(b)] }));
  const headerPad = [0, 1, 2].find((n) => open(0)(withHeader(pad(n))));
  bad('loose last bits in the header, signed so', withHeader(pad(headerPad), { shape: ([a, b]) => [loose(a), b] }));
  rule('segments of any possible length pass', [0, 1, 2].map((n) => call(token(pad(n), { header: pad(n) }), { expect: allow() })), allow());
}
