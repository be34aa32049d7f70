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
  close(): Promise<void>;
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 5_000;

/** A `Listener` on `address`. Connects at the first `listen`. */
export function openListener(address: DatabaseAddress): Listener {
  const channels = new Map<string, Set<(payload: string) => void>>();
  const gapListeners = new Set<() => void>();
  const deliver = (channel: string, payload: string) => {
    for (const listener of channels.get(channel) ?? []) listener(payload);
  };
  const line = keepConnected(address, deliver, async (client, isFirst) => {
    for (const channel of channels.keys()) await listenTo(client, channel);
    if (!isFirst) for (const listener of gapListeners) listener();
  });

  return {
    listen: (channel, listener) => {
      const listeners = channels.get(channel);
      if (listeners) listeners.add(listener);
      else {
        channels.set(channel, new Set([listener]));
        line.use((client) => listenTo(client, channel));
      }
      return () => void channels.get(channel)?.delete(listener);
    },
    onGap: (listener) => {
      gapListeners.add(listener);
      return () => void gapListeners.delete(listener);
    },
    close: line.close,
  };
}

async function listenTo(client: pg.Client, channel: string): Promise<void> {
  await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
}

interface Line {
  /** Runs `fn` on the connection, after what was asked before; not at all if there is none now. */
  use(fn: (client: pg.Client) => Promise<void>): void;
  close(): Promise<void>;
}

/** A connection that is made anew, with growing pauses, until `close`. Begins at the first use. */
function keepConnected(
  address: DatabaseAddress,
  deliver: (channel: string, payload: string) => void,
  onConnect: (client: pg.Client, isFirst: boolean) => Promise<void>,
): Line {
  let client: pg.Client | null = null;
  let asked: Promise<void> | null = null;
  let isFirst = true;
  let delayMs = FIRST_DELAY_MS;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const connect = async () => {
    const candidate = new pg.Client(clientConfig(address, "entrepot listener"));
    const lost = once(() => {
      client = null;
      void candidate.end().catch(() => {});
      if (closed) return;
      timer = setTimeout(() => (asked = connect()), delayMs);
      delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    });
    candidate.on("error", lost);
    candidate.on("end", lost);
    candidate.on("notification", ({ channel, payload }) => deliver(channel, payload ?? ""));
    try {
      await candidate.connect();
      client = candidate;
      await onConnect(candidate, isFirst);
      isFirst = false;
      delayMs = FIRST_DELAY_MS;
    } catch {
      lost();
    }
  };

  return {
    use: (fn) => {
      if (closed) return;
      if (!asked) asked = connect();
      else asked = asked.then(() => client && fn(client)).then(nothing, nothing);
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await asked;
      await client?.end().catch(() => {});
    },
  };
}

function once(fn: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    fn();
  };
}

function nothing(): void {}
