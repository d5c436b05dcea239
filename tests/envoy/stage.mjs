// Everything around a test: issuer, upstream, and an Envoy with one listener for each configuration.

import assert from 'node:assert/strict';
import { ask } from './client.mjs';
import { Envoy } from './envoy.mjs';
import { behaviour, Issuer } from './issuer.mjs';
import { bearer, ISSUER, RESOURCE } from './tokens.mjs';
import { Upstream } from './upstream.mjs';

/** Where a configuration gets its keys from: a path of the test issuer. */
export const from = (path, cluster = 'as') => ({ uri: `http://as.example.com${path}`, cluster });

/** A configuration for the filter; `issuer` adds to its one issuer. */
export const gate = ({ issuer = {}, ...members } = {}) => ({
  resource: RESOURCE,
  issuers: [{ issuer: ISSUER, keys: from('/jwks'), ...issuer }],
  ...members,
});

export class Stage {
  /** As described in bootstrap.mjs; `/jwks` is a good key set. */
  static async open({ clusters = {}, ...description }) {
    const stage = new Stage();
    [stage.issuer, stage.upstream] = await Promise.all([Issuer.open(), Upstream.open()]);
    stage.issuer.behave('/jwks', behaviour.good('es-1', 'rs-1'));
    try {
      const own = { as: stage.issuer.port, upstream: stage.upstream.port };
      stage.envoy = await Envoy.start({ ...description, clusters: { ...own, ...clusters } });
    } catch (error) {
      await stage.#close();
      throw error;
    }
    return stage;
  }

  port(name) {
    return this.envoy.port(name);
  }

  ask(name, options) {
    return ask(this.port(name), options);
  }

  /** A good request passes: the worker is alive and knows its keys. */
  async passes(name) {
    const reply = await this.ask(name, { headers: { authorization: bearer() } });
    assert.equal(reply.status, 200, reply.body);
    const arrived = this.upstream.request(reply.id);
    assert.ok(arrived, 'it did not reach the upstream');
    return arrived;
  }

  async #close() {
    await Promise.all([this.issuer.end(), this.upstream.end()]);
  }

  /** Ends all; fails when a worker died or Envoy logged an error. */
  async end(options) {
    try {
      await this.envoy.end(options);
    } finally {
      await this.#close();
    }
  }
}
