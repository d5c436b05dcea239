// Our gate under load in any runtime: it needs nothing but the gate, and what every runtime has.

/** Makes calls with credentials of its own, and checks them. Stands alone: a page gets its text. */
export function subject(Gate) {
  const RESOURCE = 'https://mcp.example.com/mcp';
  const ISSUER = 'https://as.example.com';
  const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const RSA = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' };
  const MEANS = { ES256: EC, RS256: RSA };
  const pairs = {};
  const utf8 = new TextEncoder();

  const encoded = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
  const json = (value) => encoded(utf8.encode(JSON.stringify(value)));
  const sha256 = async (text) => encoded(await crypto.subtle.digest('SHA-256', utf8.encode(text)));

  /** A pair of keys, made once, and its public half. */
  async function pairOf(algorithm, use) {
    const made = pairs[algorithm + use] ??= await crypto.subtle.generateKey(MEANS[algorithm], true, ['sign', 'verify']);
    const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', made.publicKey);
    return { key: made.privateKey, jwk: kty === 'EC' ? { crv, kty, x, y } : { e, kty, n } };
  }

  async function signed(algorithm, key, header, payload) {
    const input = `${json(header)}.${json(payload)}`;
    return `${input}.${encoded(await crypto.subtle.sign(MEANS[algorithm], key, utf8.encode(input)))}`;
  }

  async function token(algorithm, claims) {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: ISSUER, aud: RESOURCE, sub: 'alice', client_id: 'client-1', iat: now, exp: now + 3600, jti: crypto.randomUUID(), ...claims };
    return signed(algorithm, (await pairOf(algorithm, 'issuer')).key, { alg: algorithm, typ: 'at+jwt', kid: 'bench' }, payload);
  }

  async function bound(count) {
    const { key, jwk } = await pairOf('ES256', 'client');
    const access = await token('ES256', { cnf: { jkt: await sha256(JSON.stringify(jwk)) } });
    const ath = await sha256(access);
    const made = [];
    while (made.length < count) {
      const claims = { jti: crypto.randomUUID(), htm: 'GET', htu: RESOURCE, iat: Math.floor(Date.now() / 1000), ath };
      made.push({ authorization: `DPoP ${access}`, dpop: await signed('ES256', key, { typ: 'dpop+jwt', alg: 'ES256', jwk }, claims) });
    }
    return made;
  }

  async function bearers(algorithm, count) {
    const made = [];
    while (made.length < count) made.push({ authorization: `Bearer ${await token(algorithm)}` });
    return made;
  }

  let gate;
  let calls;

  async function check(headers) {
    const outcome = await gate.check({ method: 'GET', url: '/mcp', headers });
    if (!outcome.allow) throw new Error(`denied: ${outcome.reason}`);
  }

  return {
    /** What runs with `run`: `cold`, `warm` or `dpop`, and so many different credentials. */
    async prepare(kind, algorithm, count) {
      const { jwk } = await pairOf(algorithm, 'issuer');
      const keys = { set: { keys: [{ ...jwk, kid: 'bench' }] } };
      gate = await Gate.open({ resource: RESOURCE, issuers: [{ issuer: ISSUER, keys, algorithms: [algorithm] }], dpop: { mode: kind === 'dpop' ? 'required' : 'off' } });
      calls = kind === 'dpop' ? await bound(count + 1) : await bearers(algorithm, kind === 'warm' ? 1 : count + 1);
      // The first call makes the key ready; it is not measured.
      await check(kind === 'warm' ? calls[0] : calls.pop());
    },
    async run(count) {
      for (let number = 0; number < count; number += 1) await check(calls[number % calls.length]);
    },
  };
}
