/** How a batched lookup behaves. */
export interface BatchOptions {
  /** Keys per load. Default 200. */
  readonly max?: number;
  /** Loads at a time; keys that come meanwhile wait and go together. Default 2. */
  readonly maxInFlight?: number;
}

interface Waiting<K, V> {
  readonly key: K;
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
  options: BatchOptions = {},
): (key: K) => Promise<V> {
  const { max = 200, maxInFlight = 2 } = options;
  let waiting: Waiting<K, V>[] = [];
  let inFlight = 0;
  let scheduled = false;

  const flush = () => {
    scheduled = false;
    while (waiting.length > 0 && inFlight < maxInFlight) {
      const batch = waiting.slice(0, max);
      waiting = waiting.slice(max);
      inFlight++;
      void settle(load, batch).finally(() => {
        inFlight--;
        flush();
      });
    }
  };
  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      // After every socket that is readable now has been read; a microtask would come too early.
      setImmediate(flush);
    });
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
