import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Catalog, compareWithTables, openCatalog, openDatabase } from "@entrepot/catalog";
import { seededRandom, testDatabase } from "@entrepot/catalog/testing";
import { type Content, openContent } from "@entrepot/content";
import type { Repository } from "@entrepot/registry";
import type { Sample } from "@entrepot/registry/samples";
import {
  type BlobStore,
  type ObjectStore,
  openFileStore,
  openFolderObjects,
} from "@entrepot/storage";
import { sql } from "kysely";
import { expect } from "vitest";
import { CHECK_BEGIN, checkRun } from "../check/check-run.ts";
import { readFindings } from "../check/findings.ts";
import { INFORMATION } from "../check/ports.ts";
import { type Machine, openMachine } from "./machine.ts";
import { imagesIn, type State } from "./model.ts";

/** On whose behalf everything is done. */
export const ANN = { name: "ann", cause: "test" };
/** What is deleted can be restored for 30 days in the one, and in the other not at all. */
const PROJECTS = { kept: "30", brief: "0" } as const;

type DatabaseAddress = Parameters<typeof openDatabase>[0];

/** A registry's process, from one start to its end. */
export interface Node {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  readonly objects: ObjectStore;
  readonly content: Content;
  /** What backups remember from run to run. */
  readonly seen: Map<string, string>;
}

/** A registry on a machine that fails. */
export interface FaultWorld {
  readonly machine: Machine;
  readonly node: Node;
  /** A fresh database on the same server, whose lines end with the machine. */
  newDatabase(): Promise<DatabaseAddress>;
  /** The folder `name` of the machine's disk. */
  folder(name: string): string;
  /** Boots the machine and starts the registry again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Opens one with two projects, a store and the folder of a backup target on one disk. */
export async function faultWorld(seed: number): Promise<FaultWorld> {
  const root = await mkdtemp(join(tmpdir(), "entrepot-faults-"));
  const machine = await openMachine(root, seededRandom(seed * 7_919 + 1));
  const ends: (() => Promise<void>)[] = [];
  const databases: string[] = [];
  const database = async (empty: boolean) => {
    const { url, close } = await testDatabase({ empty });
    ends.push(close);
    databases.push(new URL(url).pathname.slice(1));
    return url;
  };
  const through = (url: string): DatabaseAddress => ({
    connectionString: url,
    stream: () => machine.socket(),
  });
  const url = await database(false);

  async function start(): Promise<Node> {
    const { disk } = machine;
    const store = await openFileStore({ root: join(root, "store"), disk, earlyShards: false });
    const objects = await openFolderObjects(join(root, "vault"), disk);
    const catalog = await openCatalog({ ...through(url), maxConnections: 4 });
    return { catalog, store, objects, content: openContent({ catalog, store }), seen: new Map() };
  }

  let node = await start();
  for (const [name, days] of Object.entries(PROJECTS)) {
    await node.content.projects.create(ANN, { name, metadata: { recovery_days: days } });
  }
  return {
    machine,
    get node() {
      return node;
    },
    newDatabase: async () => through(await database(true)),
    folder: (name) => join(root, name),
    async restart() {
      await node.catalog.close();
      await machine.boot();
      await othersGone(url, databases);
      node = await start();
    },
    async close() {
      await node.catalog.close();
      await machine.close();
      for (const end of ends) await end();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Waits until the server has noticed that the killed process is gone. */
async function othersGone(url: string, databases: readonly string[]): Promise<void> {
  const db = openDatabase({ url });
  const others = async () => {
    const { rows } = await sql`
      SELECT FROM pg_stat_activity
      WHERE datname = ANY(${databases}::text[]) AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'`.execute(db);
    return rows.length;
  };
  await expect.poll(others, { timeout: 20_000, interval: 5 }).toBe(0);
  await db.destroy();
}

/** Every name that the tables have: `repo:tag` and `repo@digest`, with the digest. */
export async function namesOf({ catalog }: Pick<Node, "catalog">): Promise<Map<string, string>> {
  const { rows } = await sql<{ name: string; digest: string }>`
    SELECT r.name || ':' || t.name AS name, t.digest
    FROM tag t JOIN repository r ON r.id = t.repository_id
    UNION ALL
    SELECT r.name || '@' || m.digest, m.digest
    FROM manifest m JOIN repository r ON r.id = m.repository_id`.execute(catalog.db);
  return new Map(rows.map(({ name, digest }) => [name, digest]));
}

/** Every image of `state` that is `there` pulls, byte for byte, with all that it consists of. */
export async function allPull(
  { content }: Pick<Node, "content">,
  state: State,
  there: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [name, { images }] of state) {
    const repository = content.as(ANN).repository(name);
    for (const image of images.values()) {
      if (there.has(`${name}@${image.content.digest}`)) await pulls(repository, image);
    }
  }
}

async function pulls(repository: Repository, image: Sample): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of await repository.fetch(image.content)) pieces.push(Buffer.from(piece));
  expect(Buffer.concat(pieces).equals(image.bytes), image.content.digest).toBe(true);
  const isIndex = imagesIn(image).length > 1;
  for (const child of isIndex ? [] : image.children) await pulls(repository, child);
}

/** A whole check finds nothing, and the journal replays to the tables. */
export async function allSound({ catalog, store }: Pick<Node, "catalog" | "store">) {
  expect(await compareWithTables(catalog)).toEqual([]);
  const { id } = await catalog.db
    .insertInto("execution")
    .values({ vendor: "CHECK", vendor_id: 1, trigger: "manual", actor: "ann", status: "Success" })
    .returning("id")
    .executeTakeFirstOrThrow();
  const throttle = () => ({ isLimited: false, take: async () => undefined });
  const parameters = { quick: false, scope: "", bytesPerSecond: 0 };
  const run = checkRun({ catalog, store, throttle }, parameters, id);
  for (let state = CHECK_BEGIN; state.stage !== "done";) state = await run.step(state);
  const { items } = await readFindings(catalog, id, { page: 1, pageSize: 100 });
  expect(items.filter((one) => !INFORMATION.has(one.class))).toEqual([]);
}
