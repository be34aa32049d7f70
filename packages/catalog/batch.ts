/** How a batched lookup behaves. */
export interface BatchOptions<K = unknown> {
  /** Keys per load. Default 200. */
  readonly max?: number;
  /** Loads at a time; keys that come meanwhile wait and go together. Default 2. */
  readonly maxInFlight?: number;
  /** A key's name. Keys of one name that wait together are loaded once. Absent: each is. */
  readonly nameOf?: (key: K) => string;
}

interface Waiting<K, V> {
  readonly key: K;
  readonly name: string | null;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A lookup of one key that is really a lookup of many: calls made in the same turn of the event
 * loop (many requests answered at once) become one `load`, which returns the values of `keys` in
 * their order. If it throws, each of these calls does.
 */
export function batched<K, V>(
  load: (keys: K[]) => Promise<V[]>,
  options: BatchOptions<K> = {},
): (key: K) => Promise<V> {
  const { max = 200, maxInFlight = 2, nameOf } = options;
  let waiting: Waiting<K, V>[] = [];
  const byName = new Map<string, Promise<V>>();
  let inFlight = 0;
  let scheduled = false;

  const flush = () => {
    scheduled = false;
    while (waiting.length > 0 && inFlight < maxInFlight) {
      const batch = waiting.slice(0, max);
      waiting = waiting.slice(max);
      // Who asks from now on may ask for what has changed since.
      for (const { name } of batch) if (name !== null) byName.delete(name);
      inFlight++;
      void settle(load, batch).finally(() => {
        inFlight--;
        soon();
      });
    }
  };
  // After every socket that is readable now has been read: those whose answers have just come ask
  // again at once, and one load serves them too. A microtask would come too early.
  const soon = () => {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(flush);
  };
  return (key) => {
    const name = nameOf?.(key) ?? null;
    const same = name === null ? undefined : byName.get(name);
    if (same) return same;
    const value = new Promise<V>((resolve, reject) => {
      waiting.push({ key, name, resolve, reject });
    });
    if (name !== null) byName.set(name, value);
    soon();
    return value;
  };
}

async function settle<K, V>(
  load: (keys: K[]) => Promise<V[]>,
  batch: readonly Waiting<K, V>[],
): Promise<void> {
  try {
    const values = await load(batch.map(({ key }) => key));
    if (values.length !== batch.length) {
      throw new Error(`a batch of ${batch.length} keys got ${values.length} values`);
    }
    batch.forEach(({ resolve }, i) => resolve(values[i] as V));
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
