import { RegistryError } from "@entrepot/oci";
import { LRUCache } from "lru-cache";

/** Slows down whoever guesses passwords; locks nobody out for ever. */
export interface Throttle {
  /**
   * Notes an attempt to log in as `username` from `clientAddress`, before it is known to fail, so
   * that guesses made side by side count too. Throws TOOMANYREQUESTS, `detail.retryAfterSeconds` in
   * seconds, while attempts have to wait; one that was refused does not lengthen the wait.
   */
  attempt(username: string, clientAddress: string): void;

  /** The attempt succeeded: all is forgiven. */
  succeeded(username: string, clientAddress: string): void;
}

interface Failures {
  count: number;
  /** Milliseconds since the epoch. */
  blockedUntil: number;
  lastAt: number;
}

const FREE_ATTEMPTS = 5;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const FORGOTTEN_AFTER_MS = 15 * 60_000;
const MOST_PAIRS = 10_000;

/**
 * A throttle per username and client address, in this process's memory: five attempts are free,
 * then the wait doubles from one second to a minute. After 15 quiet minutes all is forgotten.
 */
export function openThrottle(clock: () => number = Date.now): Throttle {
  const pairs = new LRUCache<string, Failures>({ max: MOST_PAIRS });

  return {
    attempt(username, clientAddress) {
      const now = clock();
      const key = keyOf(username, clientAddress);
      const known = pairs.get(key);
      const fresh = !known || now - known.lastAt > FORGOTTEN_AFTER_MS;
      if (!fresh && known.blockedUntil > now) throw tooMany(known.blockedUntil - now);

      const count = fresh ? 1 : known.count + 1;
      pairs.set(key, { count, lastAt: now, blockedUntil: now + delayMs(count) });
    },

    succeeded(username, clientAddress) {
      pairs.delete(keyOf(username, clientAddress));
    },
  };
}

function delayMs(count: number): number {
  const beyond = count - FREE_ATTEMPTS;
  if (beyond < 0) return 0;
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(beyond, 30));
}

/** Names may be of any length; what is remembered of them is not. */
function keyOf(username: string, clientAddress: string): string {
  return JSON.stringify([clientAddress, username.slice(0, 256)]);
}

function tooMany(waitMs: number): RegistryError {
  const retryAfterSeconds = Math.ceil(waitMs / 1_000);
  return new RegistryError(
    "TOOMANYREQUESTS",
    `too many failed logins; try again in ${retryAfterSeconds} s`,
    { detail: { retryAfterSeconds } },
  );
}
