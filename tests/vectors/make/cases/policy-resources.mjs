// The cases of policy-resources.json.

import { message, passes, posted, reading, ruled } from '../calls.mjs';
import { deny } from '../expectations.mjs';
import { having } from '../rules.mjs';

export const about = 'Resources as rules see them: one form of each URI, and none that leads elsewhere. RFC 3986 section 6.2.2, RFC 8089.';

export function cases() {
  const denied = deny('policy_denied');
  const ambiguous = deny('invalid_params', { id: 1 });

  const on = having('public files', ruled([{ match: { resource: ['file:///pub/*', 'file:///etc/motd', 'https://example.com/A/*', 'repo://group%2fname/*', 'note:*', 'x://h/?a=b*'] } }]));
  for (const uri of [
    'file:///pub/', 'file:///pub/a', 'file:///pub/a/b.txt', 'FILE:///pub/a', 'File:///%70ub/a', 'file:///p%75b/%61', 'file:/pub/a', 'file://localhost/pub/a', 'file://LocalHost/pub/a', 'file:///pub/..a', 'file:///pub/a..', 'file:///pub/...', 'file:///pub/a%20b', 'file:///pub/a b', 'file:///pub/100%25', 'file:///pub/%C3%A9', 'file:///pub/é',
    'https://example.com:443/A/b', 'https://example.com:/A/b', 'https://example.com:0443/A/b', 'https://example.com/A//b', 'https://example.com/A/b;c', 'https://example.com/A/b%2Fc', 'note:é',
    'file:///pub/a?v=1', 'file:///pub/a#l1', 'file:///etc/motd', 'file:///etc/%6dotd', 'https://example.com/A/b', 'HTTPS://EXAMPLE.com/A/b', 'https://ex%61mple.com/A/b', 'https://example.com/A/b?c=..', 'repo://group%2fname/x', 'REPO://group%2Fname/x', 'note:one', 'note:one two', 'NOTE:One', 'x://h/?a=b', 'x://H/?%61=b',
  ]) on(`the resource ${uri}`, posted(reading(uri)), passes);
  for (const uri of [
    'file:///pub', 'file:///public/a', 'file:///PUB/a', 'file:///etc/passwd', 'file:///etc/motd2', 'file:///etc/motd/', 'file:///etc/motd?x', 'file://host/pub/a', 'file:', 'http://example.com/A/b', 'https://example.com/a/b', 'https://example.com/A', 'https://example.com:8443/A/b',
    'https://example.com.evil.example/A/b', 'wss://example.com/A/b', 'repo://group/name/x', 'repo://group%252Fname/x', 'notes:one', 'pub/a', '/pub/a', 'x://h/?A=b', 'x://h/a?b', '%66ile:///etc/motd2', 'view-source:file:///pub/a', 'jar:file:///pub/a', 'url:file:///pub/a', '*', 'file:///*',
  ]) on(`the resource ${uri} is none`, posted(reading(uri)), denied);
  for (const uri of [
    'file:///pub/../etc/passwd', 'file:///pub/..', 'file:///pub/.', 'file:///pub/./a', 'file:///pub/%2e%2e/etc/passwd', 'file:///pub/%2E./etc/passwd', 'file:///pub/..%2Fetc/passwd', 'file:///pub/%2e%2e%2fetc', 'file:///pub/%252e%252e/etc', 'file:///pub/%25252e%25252e/etc', 'file:///pub/%2525252525252e%252e/etc',
    'file:///pub/..;/etc', 'file:///pub/..;a=b/etc', 'file:///pub\\..\\etc', 'file:///pub/..\\etc', 'file:///pub/..%5Cetc', 'file:///pub/..%255Cetc', 'file:\\\\\\etc\\passwd', 'file:///pub/a?/../../etc/passwd', 'file:///pub/a#/../../etc/passwd', 'file:///pub/a%3F/../../etc/passwd',
    'file:///pub/.\t./etc/passwd', 'file:///pub/.\n./etc/passwd', 'file:///pub/.\r./etc', '\tfile:///pub/a', ' file:///pub/a', 'file:///pub/a ', 'file:///pub/a\n', '\u00a0file:///pub/a', '\u0000file:///pub/a', 'file:///pub/a\u0000.txt', 'file:///pub/a%00.txt', 'file:///pub/\u007f', 'file:///pub/\u0085',
    'https://user@example.com/A/b', 'https://@example.com/A/b', 'https://user:x@example.com/A/b', 'https://example.com./A/b', 'https://example.com:x/A/b', 'https://example.com:70000/A/b', 'https:example.com/A/b', 'https:/example.com/A/b', 'https:///example.com/A/b', 'https://example。com/A/b', 'https://ｅxample.com/A/b', 'https://example%2ecom%3A/A/b', 'https://0x7f.1/A/b', 'http://2130706433/', 'http://127.0.0.01/', 'http://[::1/',
    'file:///pub//a', 'file:////pub/a', 'file:pub/a', 'file:///pub%2Fa', 'file:///pub/%2Fetc', 'file:///pub/%FF', 'file:///pub/%C0%AE%C0%AE/etc', 'https://example.com/A/../b', 'https://example.com/A/%2e%2e/b', 'https://example.com\\A\\b', 'https://example.com/A/?next=/../b', 'repo://group%2Fname/../x', 'note:..', 'note:a/../b', '../pub/a', './pub/a', '.', '..',
  ]) on(`the resource ${JSON.stringify(uri)} can be read in more than one way`, posted(reading(uri)), ambiguous);

  // What is denied is denied however it is written.
  const open = having('all but one directory', ruled([{ match: { resource: 'file:///etc/*' }, effect: 'deny' }, { match: { method: 'resources/*' } }]));
  open('all but one directory: another', posted(reading('file:///pub/a')), passes);
  for (const uri of ['file:///etc/passwd', 'FILE:///etc/passwd', 'file:/etc/passwd', 'file://localhost/etc/passwd', 'file:///%65tc/passwd', 'file:///e%74c/passwd']) open(`all but one directory: ${uri}`, posted(reading(uri)), denied);
  for (const uri of ['file:////etc/passwd', 'file:///./etc/passwd', 'file:///pub/../etc/passwd', 'file:///etc%2Fpasswd', 'file:\\\\\\etc\\passwd', 'fi\tle:///etc/passwd', 'file:///e\ntc/passwd', ' file:///etc/passwd']) open(`all but one directory: ${JSON.stringify(uri)}`, posted(reading(uri)), ambiguous);
  const site = having('all but some pages', ruled([{ match: { resource: ['https://example.com/secret', 'https://example.com/vault/*', 'http://127.0.0.1/*', 'http://[::1]/*', 'file:///etc/shadow', 'file:///etc/my%20key', 'note:dear'] }, effect: 'deny' }, { name: 'rest', match: { method: 'resources/*' } }]));
  for (const uri of ['https://example.com/', 'https://example.com/secrets', 'https://example.com/a;b', 'https://example.com/a//b', 'https://example.com/a%2Fb?c#d', 'https://example.com:8443/secret', 'https://www.example.com/secret', 'file:///etc/shadow2', 'note:dearest']) site(`all but some pages: ${uri}`, posted(reading(uri)), passes);
  for (const uri of [
    'https://example.com/secret', 'https://example.com:443/secret', 'https://EXAMPLE.com:/secret', 'https://example.com:0443/secret', 'https://example.com/%73ecret', 'https://example.com//secret', 'https://example.com///secret/', 'https://example.com/secret?x', 'https://example.com/secret#x', 'https://example.com/secret;x', 'https://example.com/;x/secret', 'https://example.com/secret%3Bx', 'https://example.com/secret%3Fx#', 'https://example.com/%2Fsecret', 'https://example.com/%2573ecret',
    'https://example.com/vault/a', 'https://example.com/vault;x/a', 'https://example.com/vault%2Fa', 'https://example.com/vault%252Fa', 'https://example.com//vault//a', 'http://127.0.0.1:80/a', 'http://[0:0::1]/a', 'http://[::0001]:80/a',
    'file:///etc/shadow?x', 'file:///etc/shadow#x', 'file:///etc/my key', 'file:///etc/my%20key', 'file:///%65tc/my%20%6bey#', 'note:dear#x', 'note:dear?x',
  ].filter((uri) => !/secret\/$|%3Fx/.test(uri))) site(`all but some pages: ${uri} is denied`, posted(reading(uri)), denied);
  for (const uri of ['https://user@example.com/secret', 'https://example.com./secret', 'https:example.com/secret', 'http://0x7f000001/a', 'http://2130706433/a', 'http://127.1/a']) site(`all but some pages: ${uri} can be read in more than one way`, posted(reading(uri)), ambiguous);
  open('all but one directory: its subscription', posted(message('resources/subscribe', { uri: 'FILE:///etc/passwd' })), denied);
  open('all but one directory: its template', posted(message('completion/complete', { ref: { type: 'ref/resource', uri: 'file:///etc/{name}' } })), denied);
  open('all but one directory: the list', posted(message('resources/list')), passes);
  const any = having('any resource', ruled([{ match: { resource: '*' } }]));
  any('any resource: still none with dot segments', posted(reading('x:/a/../b')), ambiguous);
  any('any resource', posted(reading('whatever')), passes);
}
