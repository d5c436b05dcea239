// Milliseconds from the import of a package to its first verdict: first.mjs PACKAGE TOKEN KEY-SET

import process from 'node:process';

const [name, token, text] = process.argv.slice(2);
const keySet = JSON.parse(text);
const [RESOURCE, ISSUER] = ['https://mcp.example.com/mcp', 'https://as.example.com'];
const authorization = `Bearer ${token}`;

const FIRST = {
  async waxseal() {
    const { Gate } = await import('../../pkg/dist/index.js');
    const gate = await Gate.open({ resource: RESOURCE, issuers: [{ issuer: ISSUER, keys: { set: keySet } }] });
    return (await gate.check({ method: 'GET', url: '/mcp', headers: { authorization } })).grant.subject;
  },
  async jose() {
    const { createLocalJWKSet, jwtVerify } = await import('jose');
    return (await jwtVerify(token, createLocalJWKSet(keySet), { issuer: ISSUER, audience: RESOURCE, typ: 'at+jwt' })).payload.sub;
  },
  async oauth4webapi() {
    const { jwksCache, validateJwtAccessToken } = await import('oauth4webapi');
    const request = new Request(RESOURCE, { headers: { authorization } });
    const options = { [jwksCache]: { jwks: keySet, uat: Math.floor(Date.now() / 1000) } };
    return (await validateJwtAccessToken({ issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` }, request, RESOURCE, options)).sub;
  },
  async 'fast-jwt'() {
    const { createPublicKey } = await import('node:crypto');
    const { createVerifier } = await import('fast-jwt');
    const key = createPublicKey({ key: keySet.keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    return createVerifier({ key, allowedIss: ISSUER, allowedAud: RESOURCE })(token).sub;
  },
  async 'express-oauth2-jwt-bearer'() {
    const { auth } = await import('express-oauth2-jwt-bearer');
    const check = auth({ issuer: ISSUER, audience: RESOURCE, publicKey: keySet, strict: true });
    const request = { headers: { authorization }, method: 'GET', protocol: 'https', url: '/mcp', query: {}, is: () => false, get: () => 'mcp.example.com' };
    await new Promise((resolve, reject) => check(request, undefined, (error) => (error ? reject(error) : resolve())));
    return request.auth.payload.sub;
  },
};

const begun = performance.now();
const subject = await FIRST[name]();
const ms = performance.now() - begun;
if (subject !== 'alice') throw new Error(`it said ${subject}`);
console.log(JSON.stringify({ ms }));
