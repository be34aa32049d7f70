/**
 * Groups calls of `sync`: callers that arrive while one is running share the next one, so that any
 * number of concurrent commits in a folder cost two folder syncs. Never runs two at once. What a
 * caller did before its call is covered when its promise resolves; a failure is told to everybody
 * who shared it, and the next call tries afresh.
 */
export function groupedSync(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | null = null;

  async function runNext(): Promise<void> {
    await running.catch(() => undefined); // told to those who shared that one
    queued = null;
    running = sync();
    await running;
  }

  return () => (queued ??= runNext());
}
