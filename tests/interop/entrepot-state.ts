import { compareWithTables, type Difference, openCatalog } from "@entrepot/catalog";
import { sql } from "kysely";
import { beforeEach } from "vitest";
import { api, work } from "./entrepot-api.ts";
import { type EntrepotProcess, postgresOf } from "./entrepot-process.ts";
import { waitUntil } from "./wait-until.ts";

/** What is logged of each server when a test fails. */
const TAIL_CHARACTERS = 12_000;

/** Where the journal of `server`, read from its database, differs from the tables. */
export async function journalDifferences(server: EntrepotProcess): Promise<Difference[]> {
  return withCatalog(server, (catalog) => compareWithTables(catalog));
}

/**
 * Changes that `server` has made although they had passed through it before, as `key from path`:
 * none, where no change is sent to a registry on its path.
 */
export async function changesThatCameBack(server: EntrepotProcess): Promise<string[]> {
  return withCatalog(server, async ({ db, registryId }) => {
    const entries = await db
      .selectFrom("journal")
      .select(["seq", "key", "path"])
      .where(({ eb, fn, val }) => eb(val(registryId), "=", fn.any("path")))
      .execute();
    return entries.map(({ seq, key, path }) => `${seq} ${key} from ${path.join()}`);
  });
}

/**
 * Changes of tags that the journal of `server` has twice, as `key origin seq`: none, where each has
 * its effect once. A client that pushes again after a lost answer makes a change of its own.
 */
export async function changesMadeTwice(server: EntrepotProcess): Promise<string[]> {
  return withCatalog(server, async ({ db }) => {
    const { rows } = await sql<{ twice: string }>`
      SELECT key || ' ' || origin || ' ' || origin_seq AS twice FROM journal
      WHERE kind = 'tag' GROUP BY key, origin, origin_seq HAVING count(*) > 1
    `.execute(db);
    return rows.map(({ twice }) => twice);
  });
}

/** How many entries the journal of `server` has. */
export async function journalHead(server: EntrepotProcess): Promise<number> {
  return withCatalog(server, (catalog) => catalog.head());
}

async function withCatalog<T>(
  server: EntrepotProcess,
  use: (catalog: Awaited<ReturnType<typeof openCatalog>>) => Promise<T>,
): Promise<T> {
  const database = postgresOf(server.dataDir);
  if (!database) throw new Error(`the PostgreSQL of ${server.name} does not run`);
  const catalog = await openCatalog({ url: database.url, maxConnections: 2 });
  try {
    return await use(catalog);
  } finally {
    await catalog.close();
  }
}

/** Waits until `server` has nothing left to replicate. */
export async function atRest(server: EntrepotProcess, timeoutMs?: number): Promise<void> {
  const nothing = { running: 0, behind: [] };
  await waitUntil(`${server.name} is at rest`, () => work(server), nothing, timeoutMs);
}

/**
 * Within a describe: prints what `servers` said, and the logs of their tasks that failed, whenever
 * one of its tests fails.
 */
export function logsOfFailures(servers: () => readonly (EntrepotProcess | undefined)[]): void {
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      for (const server of servers()) {
        if (!server) continue;
        const tasks = await failedTasks(server).catch((error: unknown) => String(error));
        console.error(`--- ${server.name}\n${server.log().slice(-TAIL_CHARACTERS)}\n${tasks}`);
      }
    });
  });
}

/** The logs of the tasks of the five newest runs of `server` that failed. */
async function failedTasks(server: EntrepotProcess): Promise<string> {
  const logs: string[] = [];
  const path = "/replication/executions";
  const { json } = await api(server, "GET", `${path}?status=Failed&page_size=5`);
  for (const { id } of json as { id: number }[]) {
    const tasks = await api(server, "GET", `${path}/${id}/tasks?status=Failed&page_size=5`);
    for (const task of tasks.json as { id: number; status_text: string; src_resource: string }[]) {
      const { text } = await api(server, "GET", `${path}/${id}/tasks/${task.id}/log`);
      logs.push(`task ${task.id} (${task.src_resource}): ${task.status_text}\n${text}`);
    }
  }
  return logs.join("\n");
}
