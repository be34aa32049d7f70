import { compareWithTables, type Difference, openCatalog } from "@entrepot/catalog";
import { beforeEach } from "vitest";
import { work } from "./entrepot-api.ts";
import { type EntrepotProcess, postgresOf } from "./entrepot-process.ts";
import { waitUntil } from "./wait-until.ts";

/** What is logged of each server when a test fails. */
const TAIL_CHARACTERS = 12_000;

/** Where the journal of `server`, read from its database, differs from the tables. */
export async function journalDifferences(server: EntrepotProcess): Promise<Difference[]> {
  return withCatalog(server, (catalog) => compareWithTables(catalog));
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

/** Within a describe: prints what `servers` said whenever one of its tests fails. */
export function logsOfFailures(servers: () => readonly (EntrepotProcess | undefined)[]): void {
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      for (const server of servers()) {
        if (server) console.error(`--- ${server.name}\n${server.log().slice(-TAIL_CHARACTERS)}`);
      }
    });
  });
}
