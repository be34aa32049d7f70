import { randomBytes } from "node:crypto";
import { type Catalog, openCatalog } from "@entrepot/catalog";
import { administer, testDatabase } from "@entrepot/catalog/testing";
import type { Connect, Pace } from "@entrepot/replication";
import { unheardServer, type UnheardServer } from "@entrepot/server/testing";
import { memoryStore } from "@entrepot/storage/memory";

/** The system administrator of every node. */
export const ADMIN = { username: "admin", password: "Simulated-1" } as const;

/** As in production, but quicker: a world has seconds, not nights. */
const PACE: Pace = { retryMs: 20, catchUpMs: 300, reconcileMs: 100 };

/** One Entrepot of a world: it may die at any moment, and be opened again. */
export interface Node {
  readonly name: string;
  readonly url: string;
  /** Another number in every life; null while it is dead. */
  life(): number | null;
  /** The server as it is in this life. Throws while it is dead. */
  server(): UnheardServer;
  handle(request: Request): Promise<Response>;
  /** What `work` returns, or null if this life ends before it does: the dead answer nobody. */
  whileAlive<T>(work: (server: UnheardServer) => Promise<T>): Promise<T | null>;
  /** A view of its database that is not part of it. Not to be held on to over a crash. */
  records(): Promise<Catalog>;
  /**
   * Kills it: its database connections are cut in whatever they are doing, and it gets no new ones.
   * Nobody tells the queue what becomes of its tasks.
   */
  crash(): Promise<void>;
  /** Opens it again over the same database and blobs; the dead worker has been silent for long. */
  open(): Promise<void>;
  /** Ends it for good and drops its database. */
  close(): Promise<void>;
}

/** A new node, alive, whose clock is off. `connect` is how it reaches the others. */
export async function makeNode(name: string, connect: Connect, skewMs: number): Promise<Node> {
  const database = await testDatabase();
  let records: Promise<Catalog> | undefined;
  const store = memoryStore();
  const masterKey = randomBytes(32);
  const ghosts: Promise<unknown>[] = [];
  let lives = 0;
  let alive: UnheardServer | null = null;
  let death = Promise.withResolvers<null>();

  const server = () => {
    if (!alive) throw new Error(`${name} is dead`);
    return alive;
  };
  const crash = async () => {
    const { catalog, jobs, replication } = server();
    alive = null;
    death.resolve(null);
    ghosts.push(catalog.close(), endOf({ jobs, replication }));
    await administer(database.url, CUT_CONNECTIONS);
  };
  const open = async () => {
    const clock = () => new Date(Date.now() + skewMs);
    const catalog = await openCatalog({ url: database.url, maxConnections: 8, clock });
    if (lives > 0) await administer(database.url, LET_TIME_PASS);
    const adminPassword = ADMIN.password;
    const opened = await unheardServer({
      catalog,
      store,
      masterKey,
      adminPassword,
      connect,
      pace: PACE,
    });
    lives++;
    death = Promise.withResolvers();
    alive = opened;
    await opened.start(6);
  };
  await open();

  return {
    name,
    url: `http://${name}.test`,
    life: () => (alive ? lives : null),
    server,
    handle: async (request) => server().handler(request, {}),
    whileAlive: async (work) => {
      const { promise } = death;
      if (!alive) return null;
      const life = lives;
      const done = work(alive).catch((error: unknown) => {
        if (alive && lives === life) throw error;
        return null;
      });
      return Promise.race([done, promise]);
    },
    records: () => (records ??= openCatalog({ url: database.url, maxConnections: 1 })),
    crash,
    open,
    async close() {
      if (alive) await endOf(alive);
      await alive?.catalog.close();
      await Promise.all(ghosts);
      await (await records)?.close();
      await database.close();
    },
  };
}

/** What a dead node still tries fails, which is of no interest. */
async function endOf({ jobs, replication }: Pick<UnheardServer, "jobs" | "replication">) {
  await jobs.stop(0).catch(() => undefined);
  await replication.close().catch(() => undefined);
}

const CUT_CONNECTIONS = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;

/** So that nobody waits for signs of life of the dead. */
const LET_TIME_PASS = `UPDATE worker_pool SET heartbeat_at = now() - interval '1 minute'`;
