// What a vector expects -> what differs, as texts.

import { isDeepStrictEqual } from 'node:util';
import { byteString } from '../../host/headers.mjs';
import { isObject } from './reading.mjs';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const show = (value) => (value === undefined ? 'nothing' : JSON.stringify(value));

export function differences(expect, actual) {
  const body = json(actual.text);
  const found = { decision: actual.decision, reason: actual.reason, status: actual.status, error: isObject(body) ? body.error : undefined };
  const problems = [];
  for (const [name, value] of Object.entries(found)) {
    if (expect[name] !== undefined && ![expect[name]].flat().includes(value)) problems.push(`${name} is ${show(value)}, expected ${show(expect[name])}`);
  }
  problems.push(...headerDifferences('header', expect.headers, actual.headers ?? []));
  if ((expect.upstream ?? expect.reply_headers) !== undefined && !actual.upstream) problems.push('nothing reached the upstream');
  else {
    problems.push(...headerDifferences('upstream header', expect.upstream, actual.upstream));
    problems.push(...headerDifferences('header of the upstream\'s reply', expect.reply_headers, actual.replied));
  }
  if (expect.order) problems.push(...orderDifferences(expect.order, actual.replied ?? actual.headers ?? []));
  if (expect.made_id) problems.push(...idDifferences(actual, body));
  if (typeof expect.body === 'string') {
    if (actual.text !== expect.body) problems.push(`body is ${show(actual.text)}, expected ${show(expect.body)}`);
  } else if (expect.body !== undefined && !isSubset(expect.body, body)) {
    problems.push(`body is ${show(actual.text)}, expected at least ${show(expect.body)}`);
  }
  if (expect.fetched !== undefined && actual.fetched !== expect.fetched) problems.push(`${actual.fetched} fetches, expected ${expect.fetched}`);
  return problems;
}

function headerDifferences(kind, expected = {}, pairs) {
  return Object.entries(expected).flatMap(([name, values]) => {
    const wanted = [values ?? []].flat().map(byteString);
    const present = pairs.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
    return isDeepStrictEqual(present, wanted) ? [] : [`${kind} ${name} is ${show(present)}, expected ${show(wanted)}`];
  });
}

/** These headers stand in this order, whatever else stands between. */
function orderDifferences(order, pairs) {
  const present = pairs.map(([name]) => name.toLowerCase()).filter((name) => order.includes(name));
  return isDeepStrictEqual(present, order) ? [] : [`the order of headers is ${show(present)}, expected ${show(order)}`];
}

/** An id that a face made stands once, and is the same in the header and in the body. */
function idDifferences({ decision, upstream, headers }, body) {
  const ids = (decision === 'allow' ? upstream : headers ?? []).filter(([name]) => name.toLowerCase() === 'x-request-id').map(([, value]) => value);
  const fits = ids.length === 1 && UUID_V7.test(ids[0]) && (decision !== 'deny' || body?.requestId === ids[0]);
  return fits ? [] : [`request id is ${show(ids)} and ${show(body?.requestId)} in the body, expected a new UUID v7`];
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every member of `part` is in `whole` with the same value; lists are of the same length. */
function isSubset(part, whole) {
  if (Array.isArray(part)) return Array.isArray(whole) && part.length === whole.length && part.every((value, n) => isSubset(value, whole[n]));
  if (!isObject(part)) return part === whole;
  return isObject(whole) && Object.entries(part).every(([name, value]) => Object.hasOwn(whole, name) && isSubset(value, whole[name]));
}
