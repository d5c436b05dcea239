import { STANDS_FOR_A_SECRET } from './command.js';
import type { Config, Issuer } from './config.js';
import { createDpop, type Dpop, type DpopAlgorithm } from './client.js';
import { Gate } from './index.js';
import type { Outcome } from './outcome.js';
import type { Header } from './request.js';
import type { Caller, Case, Table } from './table.js';

/** A caller with its credentials. */
interface Known {
  token: string;
  dpop: Dpop | undefined;
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const KID = 'bench';

/** A real gate with the policy of a configuration, and callers whose tokens it trusts: no way past a signature is needed. */
export class Bench {
  readonly #gate: Gate;
  readonly #config: Config;
  readonly #key: CryptoKey;
  readonly #callers: Table['callers'];
  readonly #known = new Map<string | undefined, Promise<Known>>();
  readonly #now: number;

  private constructor(gate: Gate, config: Config, key: CryptoKey, callers: Table['callers'], now: number) {
    this.#gate = gate;
    this.#config = config;
    this.#key = key;
    this.#callers = callers;
    this.#now = now;
  }

  /** Opens a gate as configured, but for the keys: those of its issuers are replaced by one of ours. */
  static async open(config: Config, callers: Table['callers'], now = Math.floor(Date.now() / 1000)): Promise<Bench> {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(EC, false, ['sign', 'verify']);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
    const keys = { set: { keys: [{ kty, crv, x, y, kid: KID }] } };
    const issuers = config.issuers.map((issuer): Issuer => ({ ...issuer, keys, algorithms: ['ES256'] }));
    // What was used before, or is revoked, is no matter of the policy, and nobody is asked.
    const { revocation: _, ...own } = { ...config, issuers };
    const env = new Proxy<Record<string, string>>({}, { get: () => STANDS_FOR_A_SECRET });
    const gate = await Gate.open(own, { env, replay: { claim: async () => true } });
    return new Bench(gate, own, privateKey, callers, now);
  }

  /** Makes a call. */
  async send({ caller, http, path, message }: Case): Promise<Outcome> {
    const { origin, pathname } = new URL(this.#config.resource);
    const url = `${origin}${path ?? pathname}`;
    const known = caller === null ? undefined : await this.#caller(caller);
    const body = message ? JSON.stringify(message) : null;
    const send = async (nonce?: string) => {
      const headers: Header[] = message ? [['content-type', 'application/json']] : [];
      if (known) headers.push(['authorization', `${known.dpop ? 'DPoP' : 'Bearer'} ${known.token}`]);
      if (known?.dpop) headers.push(['dpop', await known.dpop.proof({ method: http, url, token: known.token, nonce, now: this.#now })]);
      return this.#gate.check({ method: http, url, headers, body }, { now: this.#now });
    };
    const first = await send();
    if (first.decision !== 'deny' || first.reason !== 'nonce_missing') return first;
    return send(new Headers(first.reply.headers).get('dpop-nonce') ?? undefined);
  }

  #caller(name: string | undefined): Promise<Known> {
    const known = this.#known.get(name) ?? this.#made(name === undefined ? {} : this.#callers[name] ?? {});
    this.#known.set(name, known);
    return known;
  }

  async #made({ dpop: bound, ...claims }: Caller): Promise<Known> {
    const dpop = bound ? await createDpop({ algorithm: this.#proofAlgorithm() }) : undefined;
    const { issuers, resource } = this.#config;
    const issuer = issuers.find((own) => own.issuer === claims.iss) ?? (issuers[0] as Issuer);
    const needed = {
      iss: issuer.issuer, aud: issuer.audience?.[0] ?? resource, sub: 'somebody', client_id: 'client', jti: 'token',
      iat: this.#now, exp: this.#now + 300, ...(issuer.profile === 'caracal' && mandate(issuer)), ...(dpop && { cnf: { jkt: dpop.thumbprint } }),
    };
    const all = Object.entries({ ...needed, ...claims }).filter(([, value]) => value !== null);
    const typ = [issuer.types ?? 'at+jwt'].flat()[0];
    const input = [{ alg: 'ES256', typ, kid: KID }, Object.fromEntries(all)].map((part) => encoded(new TextEncoder().encode(JSON.stringify(part)))).join('.');
    const signature = await crypto.subtle.sign(EC, this.#key, new TextEncoder().encode(input));
    return { token: `${input}.${encoded(new Uint8Array(signature))}`, dpop };
  }

  #proofAlgorithm(): DpopAlgorithm {
    const names: { [algorithm: string]: DpopAlgorithm } = { ES256: 'ES256', EdDSA: 'Ed25519', PS256: 'PS256', RS256: 'RS256' };
    const taken = (this.#config.dpop?.algorithms ?? ['ES256']).flatMap((algorithm) => names[algorithm] ?? []);
    return taken[0] ?? 'ES256';
  }
}

/** What every mandate of Caracal has besides. */
function mandate({ zone, use = 'resource' }: Issuer): object {
  return { sid: 'session', root_sid: 'session', sub_type: 'user', use: [use].flat()[0], zone_id: zone };
}

function encoded(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
}
