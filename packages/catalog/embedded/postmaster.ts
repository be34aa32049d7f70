import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import pg from "pg";
import { sqlState } from "../database-error.ts";

/** The superuser inside the embedded server, and the database that Entrepot uses. */
export const NAME = "entrepot";

/** What a running postmaster says about itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** The folder of its socket. */
  readonly socketFolder: string;
}

/** What `postmaster.pid` in `cluster` says; null if there is none, or it is not finished yet. */
export function readPostmaster(cluster: string): Postmaster | null {
  let lines: string[];
  try {
    lines = readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return null;
  }
  const [pid, , , port, socketFolder] = lines;
  if (!pid || !port || !socketFolder) return null;
  return { pid: Number(pid), port: Number(port), socketFolder };
}

/** How to reach `postmaster`'s database `database` through its socket. */
export function addressOf(postmaster: Postmaster, database: string = NAME): pg.ClientConfig {
  const { socketFolder: host, port } = postmaster;
  return { host, port, user: NAME, database };
}

/** The same as a URL that `pg` and libpq understand. */
export function urlOf(postmaster: Postmaster, database: string = NAME): string {
  const host = encodeURIComponent(postmaster.socketFolder);
  return `postgresql://${NAME}@${host}:${postmaster.port}/${database}`;
}

/**
 * Whether the server that `postmaster.pid` names is running on `cluster`: asked over its socket,
 * since a pid alone may by now be another program's. Waits while it starts up or shuts down, at
 * most `patienceMs`; throws UNAVAILABLE after that.
 */
export async function isRunning(cluster: string, patienceMs = 60_000): Promise<Postmaster | null> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const postmaster = readPostmaster(cluster);
    if (!postmaster || !isAlive(postmaster.pid)) return null;
    const answer = await askDataFolder(postmaster);
    if (answer === "refused") return null;
    if (answer !== "busy") return answer === realpathSync(cluster) ? postmaster : null;
    if (performance.now() > deadline) {
      throw new RegistryError(
        "UNAVAILABLE",
        `the embedded PostgreSQL (process ${postmaster.pid}) neither starts nor stops: ` +
          `read ${join(cluster, "..", "postgres.log")}`,
      );
    }
    await sleep(20);
  }
}

/** Ends the server: open transactions are rolled back, data is written. Returns when it is gone. */
export async function stopPostmaster(postmaster: Postmaster, cluster: string): Promise<void> {
  const { pid } = postmaster;
  const isOurs = () => readPostmaster(cluster)?.pid === pid && isAlive(pid);
  if (!isOurs()) return;
  process.kill(pid, "SIGINT");
  const deadline = performance.now() + 60_000;
  while (isOurs()) {
    if (performance.now() > deadline) return endAtOnce(postmaster, cluster);
    await sleep(10);
  }
  // It has let go of the data. As a child of a process that does not wait for it, it may linger.
  for (let n = 0; n < 100 && isAlive(pid); n++) await sleep(5);
}

/** Ends the server as a power cut would: safe, only slower to start again. Waits for nothing. */
export function endAtOnce({ pid }: Postmaster, cluster: string): void {
  if (readPostmaster(cluster)?.pid === pid && isAlive(pid)) process.kill(pid, "SIGQUIT");
}

/** Whether a process `pid` exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return sqlState(error) === "EPERM";
  }
}

async function askDataFolder(postmaster: Postmaster): Promise<string | "refused" | "busy"> {
  const client = new pg.Client({
    ...addressOf(postmaster, "postgres"),
    connectionTimeoutMillis: 5_000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query("SHOW data_directory");
    return realpathSync(rows[0].data_directory);
  } catch (error) {
    const code = sqlState(error) ?? "";
    return /^(?:ECONNREFUSED|ENOENT|ENOTDIR|EACCES|28...|3D000)$/.test(code) ? "refused" : "busy";
  } finally {
    await client.end().catch(() => {});
  }
}
