// A vector file as it must be. What is not understood is a failure, never skipped.

import { isDeepStrictEqual } from 'node:util';

const OWN = ['now', 'revoked', 'claims', 'host', 'env'];
const MEMBERS = {
  file: ['about', 'configs', 'key_sets', 'env', 'cases'],
  case: ['name', 'faces', 'config', 'key_sets', 'requests', 'expect', ...OWN],
  request: ['method', 'url', 'headers', 'body', 'body_base64', 'fetches', 'expect', ...OWN],
  expect: ['decision', 'reason', 'status', 'error', 'headers', 'body', 'upstream', 'reply_headers', 'made_id', 'order', 'fetched'],
};
const FACES = ['core', 'npm', 'filter'];
const DECISIONS = ['allow', 'deny', 'answer'];

export class Misshapen extends Error {}

function must(condition, message) {
  if (!condition) throw new Misshapen(message);
}

export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
export const isTexts = (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string');
const isBase64 = (value) => typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
export const isPairs = (value) => Array.isArray(value) && value.every((pair) => isTexts(pair) && pair.length === 2);

function checkMembers(value, kind, where = kind) {
  must(isObject(value), `${where} is not an object`);
  for (const name of Object.keys(value)) must(MEMBERS[kind].includes(name), `unknown member \`${name}\` in ${where}`);
}

// The committed test keys lie beside the vectors.
export const isKeys = (file) => isObject(file) && Object.hasOwn(file, 'keys') && !Object.hasOwn(file, 'cases');

export function checkFile(file) {
  checkMembers(file, 'file');
  must(isObject(file.configs), '`configs` is not an object');
  must(file.key_sets === undefined || isObject(file.key_sets), '`key_sets` is not an object');
  must(Array.isArray(file.cases), '`cases` is not a list');
  checkOwn({ env: file.env }, 'file');
}

export function checkCase(vector, file) {
  checkMembers(vector, 'case');
  must(typeof vector.name === 'string', '`name` is not a text');
  must(vector.faces === undefined || (isTexts(vector.faces) && vector.faces.every((face) => FACES.includes(face))), '`faces` are not faces');
  must(Object.hasOwn(file.configs, vector.config), `no config \`${vector.config}\``);
  must(vector.key_sets === undefined || isObject(vector.key_sets), '`key_sets` is not an object');
  must(Array.isArray(vector.requests) && vector.requests.length > 0, '`requests` is not a list of at least one');
  checkOwn(vector, 'case');
  vector.requests.forEach((request, n) => checkRequest(request, vector, `request ${n + 1}`));
  checkExpect(vector.expect, '`expect`');
}

function checkRequest(request, vector, where) {
  checkMembers(request, 'request', where);
  must(typeof request.method === 'string' && typeof request.url === 'string', `${where} has no \`method\` or \`url\``);
  must(request.body === undefined || typeof request.body === 'string', `\`body\` of ${where} is not a text`);
  must(request.body_base64 === undefined || isBase64(request.body_base64), `\`body_base64\` of ${where} is not base64`);
  must(request.body === undefined || request.body_base64 === undefined, `${where} has two bodies`);
  const { headers = [] } = request;
  must(isPairs(headers), `\`headers\` of ${where} are not pairs of texts`);
  must(isNumber(request.now ?? vector.now), `${where} has no \`now\``);
  checkOwn(request, where);
  checkFetches(request.fetches, where);
  if (request.expect !== undefined) checkExpect(request.expect, `\`expect\` of ${where}`);
}

function checkOwn({ now, host, claims, revoked, env }, where) {
  must(now === undefined || isNumber(now), `\`now\` of ${where} is not a number`);
  must(host === undefined || host === 'down', `\`host\` of ${where} is not "down"`);
  must(claims === undefined || claims === 'down', `\`claims\` of ${where} is not "down"`);
  must(revoked === undefined || revoked === 'down' || isTexts(revoked), `\`revoked\` of ${where} are neither ids nor "down"`);
  must(env === undefined || (isObject(env) && isTexts(Object.values(env))), `\`env\` of ${where} is not an object of texts`);
}

function checkFetches(fetches, where) {
  must(fetches === undefined || isObject(fetches), `\`fetches\` of ${where} is not an object`);
  for (const [url, answer] of Object.entries(fetches ?? {})) {
    must(answer === null || (isObject(answer) && isNumber(answer.status)), `the fetch of ${url} in ${where} is neither null nor an answer with a status`);
    for (const name of Object.keys(answer ?? {})) must(['status', 'headers', 'body'].includes(name), `unknown member \`${name}\` in the fetch of ${url}`);
  }
}

function checkExpect(expect, where) {
  checkMembers(expect, 'expect', where);
  must(Object.keys(expect).length > 0, `${where} checks nothing`);
  for (const [name, fits] of [
    ['decision', (value) => DECISIONS.includes(value)], ['reason', (value) => typeof value === 'string'],
    ['error', (value) => typeof value === 'string'], ['status', isNumber],
  ]) {
    const values = [expect[name] ?? []].flat();
    must(values.every(fits) && !isDeepStrictEqual(expect[name], []) && expect[name] !== null, `\`${name}\` of ${where} is not what it should be`);
  }
  for (const name of ['headers', 'upstream', 'reply_headers']) {
    must(expect[name] === undefined || isObject(expect[name]), `\`${name}\` of ${where} is not an object`);
    for (const values of Object.values(expect[name] ?? {})) {
      must(values === null || typeof values === 'string' || isTexts(values), `\`${name}\` of ${where} holds something else than text, texts or null`);
    }
  }
  must(expect.body === undefined || typeof expect.body === 'string' || (typeof expect.body === 'object' && expect.body !== null), `\`body\` of ${where} is neither text nor JSON`);
  must(expect.made_id === undefined || expect.made_id === true, `\`made_id\` of ${where} is not true`);
  must(expect.order === undefined || isTexts(expect.order), `\`order\` of ${where} are not names`);
  must(expect.fetched === undefined || Number.isInteger(expect.fetched), `\`fetched\` of ${where} is not a whole number`);
}
