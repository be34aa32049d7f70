type Undo = () => Promise<unknown> | unknown;

/** What is to be undone at the end, the last first. */
export interface Cleanup {
  /**
   * Notes `undo`; what comes back does it now, and once. Noted after all has been undone, it is
   * done at once.
   */
  add(undo: Undo): () => Promise<void>;
  /**
   * Undoes everything noted; who asks meanwhile waits for the same end. A failure is kept until all
   * has been tried, then thrown.
   */
  all(): Promise<void>;
}

/** An empty list. */
export function openCleanup(): Cleanup {
  const noted: Undo[] = [];
  let ending: Promise<void> | undefined;
  let over = false;

  function add(undo: Undo): () => Promise<void> {
    let done: Promise<void> | undefined;
    const once = () => (done ??= (async () => void (await undo()))());
    if (over) void once();
    else noted.push(once);
    return async () => {
      await once();
      const place = noted.indexOf(once);
      if (place !== -1) noted.splice(place, 1);
    };
  }

  async function undoAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let undo = noted.pop(); undo !== undefined; undo = noted.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    over = true;
    if (failures.length > 0) throw failures[0];
  }

  return { add, all: () => (ending ??= undoAll()) };
}
