/** A map that holds at most `limit` entries and forgets the one used longest ago. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #limit: number;
  readonly #forgotten: (value: V) => void;

  /** `forgotten` hears of every entry that falls out for want of room. */
  constructor(limit: number, forgotten: (value: V) => void = () => {}) {
    this.#limit = limit;
    this.#forgotten = forgotten;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries;
    if (!oldest) return;
    this.#entries.delete(oldest[0]);
    this.#forgotten(oldest[1]);
  }

  /** Removes and returns what is there. */
  take(key: K): V | undefined {
    const value = this.#entries.get(key);
    this.#entries.delete(key);
    return value;
  }

  values(): V[] {
    return [...this.#entries.values()];
  }
}
