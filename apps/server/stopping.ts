/** Takes note of what has to be ended when the server stops: in the reverse order. */
export type OnStop = (end: () => Promise<unknown>) => void;

/** How long running requests may take to end. */
export const GRACE_MS = 10_000;

/** Runs `begin`. What it noted with `onStop` is ended by `stop`, and at once when it fails. */
export async function stoppable<T extends object>(
  begin: (onStop: OnStop) => Promise<T>,
): Promise<T & { stop(): Promise<void> }> {
  const started: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      for (const end of started.toReversed()) await end();
    })());

  try {
    return { ...(await begin((end) => started.push(end))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
