// The world around a gate: its clock, its network, what it is told by its host.

import { byteString } from '../../host/headers.mjs';

export class World {
  fetched = 0;
  now = 0;
  down = false;
  /** The replay store does not answer. */
  claimsDown = false;
  /** The ids that the host's own store knows as revoked; null where it does not answer. */
  revoked = [];
  #keySets;
  #fetches = {};

  constructor(file, vector) {
    this.#keySets = { ...file.key_sets, ...vector.key_sets };
    this.env = Object.assign({}, file.env, vector.env, ...vector.requests.map((request) => request.env));
    this.losesClaims = [vector, ...vector.requests].some(({ claims }) => claims === 'down');
    this.turnTo(vector.requests[0], vector);
  }

  turnTo(request, vector) {
    this.now = request.now ?? vector.now;
    this.down = (request.host ?? vector.host) === 'down';
    this.claimsDown = (request.claims ?? vector.claims) === 'down';
    const revoked = request.revoked ?? vector.revoked ?? [];
    this.revoked = revoked === 'down' ? null : revoked;
    this.#fetches = request.fetches ?? {};
  }

  /** What a fetch of the first of these URLs that the vector knows gives; null when it fails. */
  fetch(urls) {
    this.fetched += 1;
    if (this.down) return null;
    for (const url of urls) {
      if (Object.hasOwn(this.#fetches, url)) return answer(this.#fetches[url]);
      if (Object.hasOwn(this.#keySets, url)) {
        const set = this.#keySets[url];
        return set && answer({ status: 200, headers: [['content-type', 'application/json']], body: set });
      }
    }
    return null;
  }
}

function answer(found) {
  if (found === null) return null;
  const { status, headers = [], body = '' } = found;
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
  return { status, headers: pairs.map((pair) => pair.map(byteString)), body: typeof body === 'string' ? body : JSON.stringify(body) };
}
