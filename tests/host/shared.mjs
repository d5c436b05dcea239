// Shared data of one `vm_id`, with the compare-and-swap of proxy-wasm-cpp-host.

import { Status } from './status.mjs';

export class SharedData {
  #entries = new Map();
  #next = 1;
  #fails;

  /** `fails(key)`: whether Envoy cannot get at this key now. */
  constructor({ fails = () => false } = {}) {
    this.#fails = fails;
  }

  /** `{ value, cas }`, undefined, or the status of a failure. */
  get(key) {
    if (this.#fails(key)) return Status.InternalFailure;
    const entry = this.#entries.get(key);
    return entry && { value: entry.value.slice(), cas: entry.cas };
  }

  // A cas of 0 always writes. An absent key is written whatever the cas is: with a cas that no
  // entry can have, `set` is an atomic insert-if-absent.
  set(key, value, cas = 0) {
    if (this.#fails(key)) return Status.InternalFailure;
    const entry = this.#entries.get(key);
    if (entry && cas !== 0 && cas !== entry.cas) return Status.CasMismatch;
    this.#entries.set(key, { value: Uint8Array.from(value), cas: this.#next });
    this.#next = (this.#next + 1) >>> 0 || 1;
    return Status.Ok;
  }
}
