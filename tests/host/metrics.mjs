// Counters, gauges and histograms: the two low bits of an id are its type, as in Envoy.

import { Status } from './status.mjs';

const COUNTER = 0;
const GAUGE = 1;
const HISTOGRAM = 2;

export class Metrics {
  #names = new Map();
  #values = new Map();

  /** The value of a counter or gauge, or the values recorded in a histogram. */
  value(name) {
    return this.#values.get(name);
  }

  names() {
    return [...this.#values.keys()].sort();
  }

  define(type, name) {
    if (type > HISTOGRAM) return undefined;
    const id = (this.#names.size + 1) * 4 + type;
    this.#names.set(id, name);
    if (!this.#values.has(name)) this.#values.set(name, type === HISTOGRAM ? [] : 0n);
    return id;
  }

  increment(id, offset) {
    const type = id & 3;
    if (type !== COUNTER && type !== GAUGE) return Status.BadArgument;
    const name = this.#names.get(id);
    if (name === undefined) return Status.NotFound;
    if (type === COUNTER && offset <= 0n) return Status.BadArgument;
    this.#values.set(name, this.#values.get(name) + offset);
    return Status.Ok;
  }

  record(id, value) {
    const name = this.#names.get(id);
    if (name === undefined) return Status.NotFound;
    if ((id & 3) === HISTOGRAM) this.#values.get(name).push(value);
    else this.#values.set(name, (id & 3) === COUNTER ? this.#values.get(name) + value : value);
    return Status.Ok;
  }

  read(id) {
    const type = id & 3;
    if (type !== COUNTER && type !== GAUGE) return { status: Status.BadArgument };
    const name = this.#names.get(id);
    return name === undefined ? { status: Status.NotFound } : { status: Status.Ok, value: this.#values.get(name) };
  }
}
