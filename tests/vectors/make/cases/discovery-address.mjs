// The cases of discovery-address.json.

import { INSIDE, ISSUER, LOOPBACK } from '../configurations.mjs';
import { KEYS, KEYS_URI, NOTHING, OAUTH, OPENID, PLACE, SECOND, metadata, visit } from '../discovering.mjs';
import { allow, deny } from '../expectations.mjs';
import { within } from '../rules.mjs';

export const about = 'Where a discovered jwks_uri may lead: absolute https, and no private network however it is spelt.';

export function cases() {
  const world = (jwks_uri) => ({ [PLACE]: metadata({ jwks_uri }), [SECOND]: NOTHING, [jwks_uri]: KEYS, [KEYS_URI]: KEYS });
  const refused = deny('keys_unavailable', { fetched: 2, headers: { 'retry-after': ['5'] } });
  const found = allow({ fetched: 2 });
  const to = within('discovery');
  // Envoy fetches through a cluster, which decides where it leads: no address is looked at there.
  const alone = { faces: ['core', 'npm'] };

  for (const uri of [
    KEYS_URI, `${ISSUER}/jwks.json`, 'https://keys.example.com:8443/jwks', 'https://keys.example.com/jwks?tenant=a&v=2', 'https://KEYS.example.com/jwks', 'https://xn--bcher-kva.example/jwks',
    'https://keys.example.com/a/../jwks', 'https://8.8.8.8/jwks', 'https://172.32.0.1/jwks', 'https://172.15.0.1/jwks', 'https://100.63.0.1/jwks', 'https://11.0.0.1/jwks', 'https://192.169.0.1/jwks',
    'https://[2606:4700::1111]/jwks', 'https://10.example.com/jwks', 'https://localhost.example.com/jwks', 'https://internal.example.com/jwks', 'https://127.0.0.1.example.com/jwks',
  ]) to(`${uri} is a public place`, visit(0, world(uri)), found);

  for (const uri of [
    '', '/jwks.json', 'jwks.json', './jwks.json', '?jwks', '//keys.example.com/jwks', 'keys.example.com/jwks', 'https:keys.example.com/jwks', 'https:/keys.example.com/jwks', 'https://', 'https:///jwks',
    'https://?jwks', 'ftp://keys.example.com/jwks', 'file:///etc/jwks.json', 'data:application/json,{}', 'wss://keys.example.com/jwks', 'httpss://keys.example.com/jwks', 'blob:https://keys.example.com/1',
    'https://user@keys.example.com/jwks', 'https://user:password@keys.example.com/jwks', 'https://@keys.example.com/jwks', 'https://keys.example.com@evil.example/jwks',
    'https://keys.example.com/jwks#keys', 'https://keys.example.com/jwks#', 'https://keys.example.com#keys', 'https://keys.example.com/jw ks', ' https://keys.example.com/jwks', 'https://keys.example.com/jwks\n',
    'https://keys.example.com/jwks\u0000', 'https://bücher.example/jwks', 'https://keys.example.com/schlüssel', 'https://keys.example.com\\@evil.example/jwks',
  ]) to(`${JSON.stringify(uri)} is no absolute https url`, visit(0, { ...world(uri), ...(uri ? {} : { '': null }) }), refused);

  const names = ['localhost', 'LOCALHOST', 'LocalHost', 'localhost.', 'app.localhost', 'as.internal', 'metadata.google.internal', 'AS.INTERNAL', 'printer.local', 'printer.local.', 'intranet', 'keys', 'as.lan', 'as.corp', 'as.home', 'wiki.intranet'];
  const ipv4 = [
    '127.0.0.1', '127.0.0.1.', '127.255.255.254', '127.0.0.1:8443', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255', '169.254.169.254', '169.254.0.1',
    '100.64.0.1', '100.127.255.255', '0.0.0.0', '0.1.2.3', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
    // What the WHATWG URL parser, and so fetch, takes for the same addresses.
    '127.1', '127.0.1', '0', '2130706433', '017700000001', '0x7f000001', '0x7F000001', '0x7f.1', '0x7f.0x0.0x0.0x1', '0177.0.0.1', '127.0.0.01', '10.1', '0xa000001', '3232235521', '0xa9fea9fe', '169.254.43518', '2852039166',
  ];
  const escaped = ['127.0.0.%31', '127%2e0%2e0%2e1', '%31%32%37.0.0.1', '127.0.0.1%2e', '169.254.169.%3254', 'as.%69nternal', 'metadata.google.intern%61l', 'printer.loc%61l', 'loc%61lhost', 'app.localhos%74', '127.0.0.%EF%BC%91', 'printer.lo%C2%ADcal'];
  const ipv6 = [
    '[::1]', '[::]', '[::1]:8443', '[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '[fc00::1]', '[fd12:3456:789a::1]', '[FD00::1]', '[fe80::1]', '[febf::1]', '[ff02::1]',
    '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::FFFF:10.0.0.1]', '[0:0:0:0:0:ffff:a9fe:a9fe]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b::10.0.0.1]',
  ];
  for (const host of [...names, ...ipv4, ...ipv6]) to(`https://${host} is a private place`, visit(0, world(`https://${host}/jwks`)), refused, alone);
  for (const host of escaped) to(`https://${host} is a private place in disguise`, visit(0, world(`https://${host}/jwks`)), refused, alone);
  for (const uri of ['http://keys.example.com/jwks', `http://as.example.com/jwks`, 'http://127.0.0.1/jwks', 'http://localhost:9000/jwks', 'http://[::1]/jwks', 'http://10.0.0.1/jwks'])
    to(`${uri} is no place for a public issuer`, visit(0, world(uri)), refused, alone);
  to('a private place at first: the next document counts', visit(0, { ...world('https://127.0.0.1/jwks'), [SECOND]: metadata() }), allow({ fetched: 3 }), alone);

  // The issuer's own host is where the configuration already leads.
  const own = (issuer, jwks_uri) => visit(0, { [issuer + OAUTH]: metadata({ issuer, jwks_uri }), [issuer + OPENID]: NOTHING, [jwks_uri]: KEYS }, undefined, { iss: issuer });
  const inside = within('discovery inside');
  inside('an inner issuer: its own host', own(INSIDE, 'https://as.internal/jwks'), found);
  inside('an inner issuer: its own host in upper case', own(INSIDE, 'https://AS.INTERNAL/jwks'), found);
  inside('an inner issuer: a public host', own(INSIDE, KEYS_URI), found);
  inside('an inner issuer: another inner host', own(INSIDE, 'https://db.internal/jwks'), refused, alone);
  inside('an inner issuer: an address', own(INSIDE, 'https://10.0.0.1/jwks'), refused, alone);
  inside('an inner issuer: its own host without tls', own(INSIDE, 'http://as.internal/jwks'), refused, alone);
  const loopback = within('discovery on loopback');
  loopback('an issuer on loopback: its own host without tls', own(LOOPBACK, `${LOOPBACK}/jwks`), found);
  loopback('an issuer on loopback: a public host', own(LOOPBACK, KEYS_URI), found);
  loopback('an issuer on loopback: a public host without tls', own(LOOPBACK, 'http://keys.example.com/jwks'), refused, alone);
  loopback('an issuer on loopback: another private host', own(LOOPBACK, 'https://10.0.0.1/jwks'), refused, alone);
  loopback('an issuer on loopback: another name of loopback', own(LOOPBACK, 'http://localhost:9000/jwks'), refused, alone);

  for (const [named, word] of [['discovery of private addresses', 'private addresses are allowed'], ['discovery through a cluster', 'a cluster decides']]) {
    const at = within(named);
    for (const uri of [KEYS_URI, 'https://10.0.0.1/jwks', 'https://as.internal/jwks', 'https://127.0.0.1:8443/jwks', 'http://10.0.0.1/jwks', 'http://keys.example.com/jwks', 'http://localhost:9000/jwks'])
      at(`${word}: ${uri}`, visit(0, world(uri)), found);
    for (const uri of ['/jwks', 'ftp://10.0.0.1/jwks', 'https://user@10.0.0.1/jwks', 'https://10.0.0.1/jwks#keys', 'https:///jwks'])
      at(`${word}, but not ${uri}`, visit(0, world(uri)), refused);
  }
}
