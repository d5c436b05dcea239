// The filter's memory: every access is checked, and views are made anew because memory may grow.

/** A pointer outside of the filter's memory. */
export class Fault extends Error {}

export class Memory {
  #exports;
  #allocate;

  attach(exports) {
    this.#exports = exports;
    this.#allocate = exports.proxy_on_memory_allocate ?? exports.malloc;
  }

  /** Bytes that the filter has asked for so far. */
  get size() {
    return this.#exports.memory.buffer.byteLength;
  }

  #view(pointer, size) {
    const start = pointer >>> 0;
    const length = size >>> 0;
    const { buffer } = this.#exports.memory;
    if (start + length > buffer.byteLength) throw new Fault(`${length} bytes at ${start}`);
    return new DataView(buffer, start, length);
  }

  bytes(pointer, size) {
    const view = this.#view(pointer, size);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  }

  text(pointer, size) {
    return Buffer.from(this.bytes(pointer, size)).toString('utf8');
  }

  byteString(pointer, size) {
    return Buffer.from(this.bytes(pointer, size)).toString('latin1');
  }

  u32(pointer) {
    return this.#view(pointer, 4).getUint32(0, true);
  }

  setU32(pointer, value) {
    this.#view(pointer, 4).setUint32(0, value, true);
  }

  setU64(pointer, value) {
    this.#view(pointer, 8).setBigUint64(0, value, true);
  }

  write(pointer, bytes) {
    const view = this.#view(pointer, bytes.length);
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(bytes);
  }

  /** Gives bytes to the filter in memory that it allocates; nothing to give is a null pointer. */
  give(bytes, pointerAt, sizeAt) {
    let pointer = 0;
    if (bytes.length > 0) {
      pointer = this.#allocate(bytes.length) >>> 0;
      if (pointer === 0) throw new Fault('allocation failed');
      this.write(pointer, bytes);
    }
    this.setU32(pointerAt, pointer);
    this.setU32(sizeAt, bytes.length);
  }
}
