type Undo = () => Promise<unknown> | unknown;

/** What is to be undone at the end, the last first. */
export interface Cleanup {
  /** Notes `undo`; what comes back does it now, and once. */
  add(undo: Undo): () => Promise<void>;
  /** Undoes everything noted. A failure is kept until all has been tried, then thrown. */
  all(): Promise<void>;
}

/** An empty list. */
export function openCleanup(): Cleanup {
  const noted: Undo[] = [];

  function add(undo: Undo): () => Promise<void> {
    let done: Promise<void> | undefined;
    const once = () => (done ??= (async () => void (await undo()))());
    noted.push(once);
    return async () => {
      await once();
      const place = noted.indexOf(once);
      if (place !== -1) noted.splice(place, 1);
    };
  }

  async function all(): Promise<void> {
    const failures: unknown[] = [];
    for (let undo = noted.pop(); undo !== undefined; undo = noted.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  return { add, all };
}
