import pg from "pg";
import { clientConfig, type DatabaseAddress } from "./connection.ts";

/** One dedicated connection that LISTENs, and comes back by itself after it was lost. */
export interface Listener {
  /** Calls `listener` with each payload sent to `channel`. Returns the call that ends it. */
  listen(channel: string, listener: (payload: string) => void): () => void;
  /**
   * Calls `listener` each time the connection is there again after a gap, in which messages may
   * have been missed. Returns the call that ends it.
   */
  onGap(listener: () => void): () => void;
  /** Resolves once everything asked for so far is being listened to (tests, mostly). */
  ready(): Promise<void>;
  close(): Promise<void>;
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 5_000;

/** A `Listener` on `address`. Connects at the first `listen`. */
export function openListener(address: DatabaseAddress): Listener {
  const channels = new Map<string, Set<(payload: string) => void>>();
  const gapListeners = new Set<() => void>();
  let client: pg.Client | null = null;
  let connecting: Promise<void> | null = null;
  let delayMs = FIRST_DELAY_MS;
  let timer: NodeJS.Timeout | undefined;
  let hadConnection = false;
  let closed = false;

  const connect = async (): Promise<void> => {
    const candidate = new pg.Client(clientConfig(address, "entrepot listener"));
    let lost = false;
    const onLoss = () => {
      if (lost) return;
      lost = true;
      if (client === candidate) client = null;
      void candidate.end().catch(() => {});
      retryLater();
    };
    candidate.on("error", onLoss);
    candidate.on("end", onLoss);
    candidate.on("notification", ({ channel, payload }) => {
      for (const listener of channels.get(channel) ?? []) listener(payload ?? "");
    });
    try {
      await candidate.connect();
      const wanted = [...channels.keys()].map((name) => `LISTEN ${pg.escapeIdentifier(name)}`);
      if (wanted.length > 0) await candidate.query(wanted.join("; "));
    } catch {
      onLoss();
      return;
    }
    if (lost) return;
    if (closed) return void candidate.end().catch(() => {});
    client = candidate;
    delayMs = FIRST_DELAY_MS;
    // A channel added while this was connecting.
    for (const name of channels.keys()) listenTo(name);
    if (hadConnection) for (const listener of gapListeners) listener();
    hadConnection = true;
  };
  const start = () => {
    if (closed || client || connecting) return;
    clearTimeout(timer);
    timer = undefined;
    connecting = connect().finally(() => {
      connecting = null;
    });
  };
  const retryLater = () => {
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      start();
    }, delayMs);
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
  };
  const listenTo = (name: string) => {
    client?.query(`LISTEN ${pg.escapeIdentifier(name)}`).catch(() => {});
  };

  return {
    listen: (channel, listener) => {
      const listeners = channels.get(channel) ?? new Set();
      const isNew = listeners.size === 0;
      listeners.add(listener);
      channels.set(channel, listeners);
      if (isNew) listenTo(channel);
      start();
      return () => void listeners.delete(listener);
    },
    onGap: (listener) => {
      gapListeners.add(listener);
      return () => void gapListeners.delete(listener);
    },
    ready: async () => {
      await connecting;
      await client?.query("SELECT 1");
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await connecting;
      await client?.end().catch(() => {});
    },
  };
}
