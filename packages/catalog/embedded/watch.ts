import { setTimeout as sleep } from "node:timers/promises";
import { launch, type Launch } from "./launch.ts";
import { ownServer, type Ownership } from "./ownership.ts";
import { isRunning, type Postmaster } from "./postmaster.ts";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

/** A server that is kept running. */
export interface Watch {
  /** The server now, or the last one there was. */
  current(): Postmaster;
  /** Stops watching; the server stays as it is. */
  end(): Promise<void>;
}

/** Claims `server`, and starts it again whenever it has ended without being told to. */
export async function watch(
  plan: Launch,
  server: Postmaster,
  log: (line: string) => void,
): Promise<Watch> {
  let current = server;
  let ownership: Ownership = await ownServer(server, plan.cluster);
  const stopping = new AbortController();

  const revive = async () => {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      await sleep(delayMs, undefined, { signal: stopping.signal, ref: false });
      try {
        current = (await isRunning(plan.cluster)) ?? (await launch(plan));
        ownership = await ownServer(current, plan.cluster);
        return log(`PostgreSQL runs again (process ${current.pid})`);
      } catch (error) {
        log(`PostgreSQL is down: ${(error as Error).message}`);
      }
    }
  };
  const watching = (async () => {
    for (;;) {
      await ownership.lost;
      if (stopping.signal.aborted) return;
      log(`lost the connection to PostgreSQL (process ${current.pid})`);
      await revive();
    }
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });

  return {
    current: () => current,
    end: async () => {
      stopping.abort();
      await ownership.release();
      await watching;
    },
  };
}
