// What a denial must look like, everywhere.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const CATALOGUE = JSON.parse(readFileSync(new URL('../../pkg/errors.json', import.meta.url), 'utf8'));
const TITLES = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 503: 'Service Unavailable' };

/** `resource_metadata` of the test resource. */
export const METADATA = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';

/** A challenge, from its parameters in order. */
export const challenge = (parameters, scheme = 'Bearer') =>
  `${scheme} ${Object.entries(parameters).map(([name, value]) => `${name}="${value}"`).join(', ')}`;

/** What every client is told: the fixed text of a reason. */
export const textOf = (reason) => CATALOGUE.find((row) => row.reason === reason).text;

/**
 * Status, headers in their order, body, the access log's details and the filter's log, all exact.
 * `authenticate` is the challenge, a list of them, or null; `nonce` is the value of `dpop-nonce`,
 * `after` that of `retry-after`.
 */
export async function assertDenied(stage, reply, expected) {
  const { reason, status, error, authenticate = null, nonce, after, base = 'urn:waxseal:error:', details, id = reply.id } = expected;
  const own = reply.fields.filter(([name]) => /^(content-type|www-authenticate|retry-after|dpop-nonce|cache-control)$/i.test(name));
  const body = {
    error, error_description: textOf(reason), type: `${base}${reason}`, title: TITLES[status], status, detail: textOf(reason),
    ...(id && { requestId: id }), ...(details && { details }),
  };
  assert.equal(reply.status, status, reply.body);
  assert.deepEqual(own, [
    ['content-type', 'application/problem+json'],
    ...[authenticate ?? []].flat().map((value) => ['www-authenticate', value]),
    ...(nonce === undefined ? [] : [['dpop-nonce', nonce], ['cache-control', 'no-store']]),
    ...(after === undefined ? [] : [['retry-after', String(after)]]),
  ]);
  assert.deepEqual(reply.json(), body);
  const { code, details: logged } = await stage.envoy.accessOf(reply.id);
  assert.deepEqual([code, logged], [status, reason]);
  assert.equal((await stage.envoy.denialOf(id)).error, reason);
  assert.equal(stage.upstream.request(reply.id), undefined, 'a denied request reached the upstream');
}
