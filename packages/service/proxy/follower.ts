import type { Bytes } from "@entrepot/oci";

/** One who reads a download while it is under way. */
export interface Follower {
  /** Hands over what has come; never waits. */
  take(chunk: Uint8Array): void;
  /** Says that no more will come. */
  end(): void;
  /** What was handed over, in order, until the end or until it fell too far behind. */
  chunks(): Bytes;
}

/**
 * A follower that keeps at most `limitBytes` of what it has not passed on yet. One that falls
 * further behind is let go, so that a slow client neither holds up the download nor fills memory:
 * it reads the rest from where it is stored.
 */
export function openFollower(limitBytes: number): Follower {
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  let ended = false;
  let wake = (): void => undefined;

  return {
    take(chunk) {
      if (ended) return;
      ended = bytes + chunk.length > limitBytes;
      if (!ended) {
        waiting.push(chunk);
        bytes += chunk.length;
      }
      wake();
    },

    end() {
      ended = true;
      wake();
    },

    async *chunks() {
      for (;;) {
        const chunk = waiting.shift();
        if (chunk) {
          bytes -= chunk.length;
          yield chunk;
        } else if (ended) {
          return;
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    },
  };
}
