import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type LookupFunction } from "node:net";
import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { AuditRow } from "./audit-record.ts";
import { counted, syslogMessage, type SyslogTarget } from "./syslog.ts";

/** Records that are sent at a time. */
export const SENT_AT_ONCE = 500;
const TIMEOUT_MS = 10_000;
/** Syslog over UDP: what receivers take at least is 2 KiB, and what fits a packet 64 KiB. */
const MOST_UDP_BYTES = 60_000;

/** How syslog is sent. */
export interface Forwarding {
  readonly target: SyslogTarget;
  /** What this registry calls itself. */
  readonly host: string;
  /** Resolves names to addresses where connections may go. */
  readonly lookup: LookupFunction;
}

/**
 * Sends the records that were not sent yet, at most 500, and moves the cursor if they were taken:
 * over TCP when the receiver has read to the end and closed; over UDP when they were sent. Begins
 * with what comes after the first call. Returns how many; null: another node is at it. Throws
 * UNAVAILABLE; then the same are sent again: a record may arrive twice, and none is left out.
 */
export async function forwardRecords(
  catalog: Pick<Catalog, "transaction">,
  { target, host, lookup }: Forwarding,
): Promise<number | null> {
  return catalog.transaction(async (db) => {
    await db
      .insertInto("audit_forward")
      .columns(["n"])
      .expression((eb) => eb.selectFrom("audit_head").select("n"))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const cursor = await db
      .selectFrom("audit_forward")
      .select("n")
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (!cursor) return null;
    const rows: AuditRow[] = await db
      .selectFrom("audit_log")
      .selectAll()
      .where("n", ">", cursor.n)
      .orderBy("n")
      .limit(SENT_AT_ONCE)
      .execute();
    if (rows.length === 0) return 0;
    const full = rows.filter((row) => row.emptied_by === null);
    const messages = full.map((row) => syslogMessage(row, host));
    await (target.protocol === "tcp" ? sendTcp : sendUdp)(target, lookup, messages);
    await db
      .updateTable("audit_forward")
      .set({ n: rows.at(-1)!.n })
      .execute();
    return rows.length;
  });
}

type Send = (
  target: SyslogTarget,
  lookup: LookupFunction,
  messages: readonly Buffer[],
) => Promise<void>;

const sendTcp: Send = async ({ host, port }, lookup, messages) => {
  const { address } = await resolved(host, port, lookup);
  const socket = connect({ host: address, port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("it does not answer in time")));
  try {
    await once(socket, "connect");
    // A receiver that has taken all closes in its turn; one that has crashed resets.
    socket.resume();
    socket.end(Buffer.concat(messages.map(counted)));
    await once(socket, "close");
    if (!socket.readableEnded) throw new Error("it broke off");
  } catch (cause) {
    throw unreachable(host, port, cause);
  } finally {
    socket.destroy();
  }
};

const sendUdp: Send = async ({ host, port }, lookup, messages) => {
  const { address, family } = await resolved(host, port, lookup);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    for (const message of messages) {
      const packet = message.subarray(0, MOST_UDP_BYTES);
      await new Promise<void>((resolve, reject) =>
        socket.send(packet, port, address, (error) => (error ? reject(error) : resolve())),
      );
    }
  } catch (cause) {
    throw unreachable(host, port, cause);
  } finally {
    socket.close();
  }
};

/** Of addresses, too, `lookup` says whether connections may go there. */
async function resolved(
  host: string,
  port: number,
  lookup: LookupFunction,
): Promise<{ address: string; family: number }> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: false }, (error, address, family) => {
      if (error) reject(unreachable(host, port, error));
      else resolve({ address: String(address), family: Number(family) });
    });
  });
}

function unreachable(host: string, port: number, cause: unknown): RegistryError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const where = `syslog at ${host}:${port}`;
  const message = `audit records cannot be sent to ${where}: ${why}; they are kept`;
  return new RegistryError("UNAVAILABLE", message, { cause });
}
