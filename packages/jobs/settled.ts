import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { CHANNELS } from "./channels.ts";
import type { Execution, Jobs } from "./ports.ts";

/** How often it looks although no message came. */
const POLL_MS = 1_000;

/**
 * Waits until execution `id` has ended, and returns it. Woken by the transaction that ends it.
 * Throws NOT_FOUND if there is none, UNAVAILABLE after `timeoutMs`.
 */
export async function settled(
  jobs: Pick<Jobs, "execution">,
  catalog: Pick<Catalog, "listen">,
  id: number,
  timeoutMs = 30_000,
): Promise<Execution> {
  const deadline = performance.now() + timeoutMs;
  let wake: (() => void) | undefined;
  const unlisten = catalog.listen(CHANNELS.settled, (ended) => {
    if (Number(ended) === id) wake?.();
  });
  try {
    for (;;) {
      const news = Promise.withResolvers<void>();
      wake = news.resolve;
      const execution = await jobs.execution(id);
      if (!execution) throw new RegistryError("NOT_FOUND", `There is no execution ${id}.`);
      if (execution.status !== "Running") return execution;
      if (performance.now() > deadline) throw notYet(execution, timeoutMs);
      const timer = setTimeout(news.resolve, POLL_MS);
      await news.promise;
      clearTimeout(timer);
    }
  } finally {
    unlisten();
  }
}

function notYet({ id, counts }: Execution, timeoutMs: number): RegistryError {
  const tasks = JSON.stringify(counts);
  return new RegistryError(
    "UNAVAILABLE",
    `Execution ${id} has not ended within ${timeoutMs} ms; its tasks: ${tasks}.`,
  );
}
