import type { IndexChange } from "./layout-files.ts";
import type { LayoutIndex } from "./layout-index.ts";

/** What replacing an index takes. */
export interface IndexPlace {
  /** Keeps other writers out; returns the call that lets them in again. */
  lock(): Promise<() => Promise<void>>;
  read(): Promise<LayoutIndex>;
  write(index: LayoutIndex): Promise<void>;
}

interface Waiting {
  readonly change: IndexChange;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Carries out changes of an index one after the other. Those that arrive while one is being written
 * are written together: a thousand tags do not write the file a thousand times.
 */
export function indexWriter(place: IndexPlace): (change: IndexChange) => Promise<void> {
  let waiting: Waiting[] = [];
  let busy = false;

  async function drain(): Promise<void> {
    busy = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await writeAll(place, batch);
    }
    busy = false;
  }
  return (change) =>
    new Promise<void>((done, failed) => {
      waiting.push({ change, done, failed });
      if (!busy) void drain();
    });
}

async function writeAll(place: IndexPlace, batch: readonly Waiting[]): Promise<void> {
  const written: Waiting[] = [];
  try {
    const unlock = await place.lock();
    try {
      const before = await place.read();
      let after = before;
      for (const one of batch) {
        try {
          after = one.change(after);
          written.push(one);
        } catch (error) {
          one.failed(error);
        }
      }
      if (after !== before) await place.write(after);
    } finally {
      await unlock();
    }
    for (const one of written) one.done();
  } catch (error) {
    for (const one of batch) one.failed(error);
  }
}
