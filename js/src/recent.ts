/** Entries that are kept. */
const KEPT = 100;

/** A map that forgets first what has not been used for longest. */
export class Recent<Key, Value> extends Map<Key, Value> {
  override get(key: Key): Value | undefined {
    const value = super.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  override set(key: Key, value: Value): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > KEPT) this.delete(this.keys().next().value as Key);
    return this;
  }
}
