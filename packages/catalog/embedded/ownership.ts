import { setTimeout as sleep } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import pg from "pg";
import { sqlState } from "../database-error.ts";
import { addressOf, NAME, type Postmaster } from "./postmaster.ts";

/** Only the owner's connection holds this lock, in the database `postgres`. */
const LOCK = 5_050_001;

/** This process's claim on a running server; gone when the server is, or when we are. */
export interface Ownership {
  /** Resolves when the connection that holds the claim has ended. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/**
 * Claims the server for this process, and makes Entrepot's database if it is not there. The claim
 * is a lock of a connection: a killed process gives it up by dying. Throws CONFLICT if another
 * process holds it.
 */
export async function ownServer(server: Postmaster, folder: string): Promise<Ownership> {
  const client = new pg.Client({
    ...addressOf(server, "postgres"),
    application_name: `entrepot process ${process.pid}`,
  });
  const lost = new Promise<void>((resolve) => {
    client.on("error", () => resolve());
    client.on("end", () => resolve());
  });
  await client.connect();
  try {
    await claim(client, folder);
    await client.query(`CREATE DATABASE ${NAME}`).catch((error) => {
      if (sqlState(error) !== "42P04") throw error;
    });
  } catch (error) {
    await client.end();
    throw error;
  }
  // The claim must not keep a process alive that has nothing else to do. (Missing in the types.)
  const socket = client as unknown as { ref(): void; unref(): void };
  socket.unref();
  const release = async () => {
    socket.ref();
    await client.end().catch(() => {});
  };
  return { lost, release };
}

async function claim(client: pg.Client, folder: string): Promise<void> {
  // The server needs a moment to notice that a killed owner is gone.
  const deadline = performance.now() + 2_000;
  for (;;) {
    const { rows } = await client.query("SELECT pg_try_advisory_lock($1) AS mine", [LOCK]);
    if (rows[0].mine) return;
    if (performance.now() > deadline) break;
    await sleep(50);
  }
  const { rows } = await client.query(
    `SELECT application_name AS name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND granted`,
    [LOCK],
  );
  throw new RegistryError(
    "CONFLICT",
    `${folder} is in use by another Entrepot (${rows[0]?.name ?? "just ended"}): ` +
      "stop that one, or use another data folder",
  );
}
