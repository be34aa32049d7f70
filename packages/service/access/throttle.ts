import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";

/** Slows down whoever guesses passwords; locks nobody out for ever. */
export interface Throttle {
  /**
   * Notes an attempt to log in as `username` from `clientAddress`, before it is known to fail, so
   * that guesses made side by side count too. Throws TOOMANYREQUESTS, `detail.retryAfterSeconds` in
   * seconds, while attempts have to wait; one that was refused does not lengthen the wait.
   */
  attempt(username: string, clientAddress: string): Promise<void>;

  /** The attempt succeeded: all from this address is forgiven. */
  succeeded(username: string, clientAddress: string): Promise<void>;

  /** The attempt was none, for nobody could judge it: it alone is taken back, not the wait. */
  undo(username: string, clientAddress: string): Promise<void>;

  /** Forgets what is old, and the oldest of what is too much. Repeating is safe. */
  sweep(): Promise<void>;
}

/** When a name is guessed at from `MANY` attempts on, each address has fewer, and waits longer. */
const MANY = 50;
const CALM = { free: 5, longestS: 60 };
const UNDER_ATTACK = { free: 2, longestS: 15 * 60 };
const FORGOTTEN_AFTER_MS = 15 * 60_000;
/** After so many attempts of this node, and with so many rows left. */
const SWEPT_EVERY = 1_000;
const MOST_ROWS = 100_000;

/**
 * A throttle in `catalog`, the same for all nodes and through restarts. By username and address:
 * five attempts are free, then the wait doubles from one second to a minute. By username alone:
 * after fifty failures from anywhere, an address has two free attempts, and waits up to a quarter
 * of an hour. Since every address has free ones, its owner can log in from another, as from the
 * server itself. After 15 quiet minutes all is forgotten.
 */
export function openThrottle(
  catalog: Pick<Catalog, "db">,
  clock: () => number = Date.now,
  mostRows = MOST_ROWS,
): Throttle {
  const { db } = catalog;
  let attempts = 0;

  async function sweep(): Promise<void> {
    const old = new Date(clock() - FORGOTTEN_AFTER_MS);
    await sql`
      DELETE FROM login_attempt WHERE key IN (
        SELECT key FROM login_attempt
        WHERE last_at < ${old}
          OR last_at < (SELECT last_at FROM login_attempt ORDER BY last_at DESC
            OFFSET ${mostRows - 1} LIMIT 1)
        FOR UPDATE SKIP LOCKED)`.execute(db);
  }

  return {
    sweep,

    async attempt(username, clientAddress) {
      attempts += 1;
      if (attempts % SWEPT_EVERY === 0) await sweep();
      const now = new Date(clock());
      const pair = keyOf(username, clientAddress);
      if (await note(db, { pair, name: keyOf(username), now })) return;
      const row = await db
        .selectFrom("login_attempt")
        .select("blocked_until")
        .where("key", "=", pair)
        .executeTakeFirst();
      const until = row?.blocked_until ?? now;
      throw tooMany(Math.max(1, until.getTime() - now.getTime()));
    },

    async succeeded(username, clientAddress) {
      // An owner who logs in often must not make room for guesses from elsewhere.
      await sql`
        WITH forgiven AS (
          DELETE FROM login_attempt WHERE key = ${keyOf(username, clientAddress)} RETURNING count
        )
        UPDATE login_attempt SET count = greatest(0, count - 1)
        WHERE key = ${keyOf(username)} AND EXISTS (SELECT FROM forgiven)`.execute(db);
    },

    async undo(username, clientAddress) {
      const keys = [keyOf(username, clientAddress), keyOf(username)];
      await db
        .updateTable("login_attempt")
        .set({ count: sql<number>`greatest(0, count - 1)` })
        .where("key", "in", keys)
        .execute();
    },
  };
}

/**
 * Counts an attempt by its pair and by its name, unless the pair has to wait: then false. Row locks
 * make attempts side by side, on whichever nodes, come one after the other; since their clocks are
 * not quite one, who need not wait is noted as blocked until long ago.
 */
async function note(
  db: Catalog["db"],
  { pair, name, now }: { pair: Buffer; name: Buffer; now: Date },
): Promise<boolean> {
  const old = new Date(now.getTime() - FORGOTTEN_AFTER_MS);
  const count = sql`CASE WHEN known.last_at < ${old} THEN 1 ELSE known.count + 1 END`;
  const { rows } = await sql`
    WITH pressure AS (
      SELECT count(*) > 0 AS high FROM login_attempt
      WHERE key = ${name} AND last_at >= ${old} AND count >= ${MANY}
    ), noted AS (
      INSERT INTO login_attempt AS known (key, count, last_at, blocked_until)
      VALUES (${pair}, 1, ${now}, 'epoch')
      ON CONFLICT (key) DO UPDATE SET count = ${count}, last_at = ${now},
        blocked_until = (
          SELECT CASE WHEN ${count} < free THEN 'epoch' ELSE ${now}::timestamptz
            + least(longest, 2 ^ least(${count} - free, 30)) * interval '1 second' END
          FROM (SELECT CASE WHEN high THEN ${UNDER_ATTACK.free}::int ELSE ${CALM.free} END AS free,
            CASE WHEN high THEN ${UNDER_ATTACK.longestS}::int ELSE ${CALM.longestS} END AS longest
            FROM pressure) AS rule)
      WHERE known.blocked_until <= ${now} OR known.last_at < ${old}
      RETURNING key
    )
    INSERT INTO login_attempt AS known (key, count, last_at, blocked_until)
    SELECT ${name}::bytea, 1, ${now}::timestamptz, 'epoch' FROM noted
    ON CONFLICT (key) DO UPDATE SET count = ${count}, last_at = ${now}
    RETURNING key`.execute(db);
  return rows.length > 0;
}

/** Names may be of any length, and are nobody else's business; what is kept of them is a hash. */
function keyOf(...parts: [username: string, address?: string]): Buffer {
  const [username, address] = parts;
  const told = address === undefined ? [username] : [networkOf(address), username];
  return createHash("sha256").update(JSON.stringify(told)).digest();
}

/** An address as one client has it: of IPv6, whoever has one has 2^64 (RFC 6177). */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail = ""] = plain.split("%")[0]!.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const zeros = Array.from({ length: 8 - before.length - groups(tail).length }, () => "0");
  const whole = [...before, ...(plain.includes("::") ? zeros : []), ...groups(tail)];
  return `${whole.slice(0, 4).join(":")}::/64`.toLowerCase();
}

function tooMany(waitMs: number): RegistryError {
  const retryAfterSeconds = Math.ceil(waitMs / 1_000);
  return new RegistryError(
    "TOOMANYREQUESTS",
    `too many failed logins; try again in ${retryAfterSeconds} s`,
    { detail: { retryAfterSeconds } },
  );
}
