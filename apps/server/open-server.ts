import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadMasterKey, openAccess, openSecretBox } from "@entrepot/access";
import { openCatalog } from "@entrepot/catalog";
import { startEmbedded } from "@entrepot/catalog/embedded";
import { openContent } from "@entrepot/content";
import { openJobs } from "@entrepot/jobs";
import { openReplication } from "@entrepot/replication";
import { openStorage } from "@entrepot/storage";
import { openApi } from "./api/index.ts";
import type { Config } from "./config.ts";
import { openHttp } from "./http.ts";
import { listen } from "./listen.ts";
import { localSite } from "./local-site.ts";
import type { Log } from "./log.ts";
import { connectSite } from "./remote-site.ts";

/** A server that runs. */
export interface Running {
  /** Where it listens; null for a node that only works. */
  readonly url: string | null;
  /** Admin's password, if it was made just now. */
  readonly firstPassword: string | null;
  /** Stops everything that was started, in the reverse order. Repeating does nothing. */
  stop(): Promise<void>;
}

/** How long running requests and tasks may take to end. */
const GRACE_MS = 10_000;
/** Connections to the database, per node; PostgreSQL's default is 100 for all. */
const CONNECTIONS = 24;
/** Unfinished uploads are forgotten after this long without a byte. */
const DRAFT_AGE_MS = 7 * 24 * 3_600_000;

/** Builds everything `config` asks for and starts it. What was started is stopped when it fails. */
export async function openServer(config: Config, log: Log): Promise<Running> {
  const started: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      for (const end of started.toReversed()) await end();
    })());

  try {
    const { url, firstPassword } = await start(config, log, (end) => started.push(end));
    return { url, firstPassword, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(config: Config, log: Log, onStop: (end: () => Promise<unknown>) => void) {
  await makeDataDir(config.dataDir);
  let databaseUrl = config.databaseUrl;
  if (databaseUrl === null) {
    const dataDir = join(config.dataDir, "postgres");
    const database = await startEmbedded({ dataDir, log: (line) => log.info(line) });
    onStop(() => database.stop());
    databaseUrl = database.url;
  }
  const catalog = await openCatalog({ url: databaseUrl, maxConnections: CONNECTIONS });
  onStop(() => catalog.close());

  const store = await openStorage(config.storage);
  onStop(() => store.close());
  const masterKey = await loadMasterKey(
    join(config.dataDir, "secret.key"),
    config.secretKey ?? undefined,
  );
  const box = openSecretBox(masterKey);
  const access = await openAccess({ catalog, box });
  const firstPassword = await access.ensureAdmin(config.adminPassword ?? undefined);
  const content = openContent({ catalog, store });
  await content.projects.ensure({ name: "system:setup", cause: "setup" }, "library", true);

  const onError = (error: unknown): void => log.warn({ err: error }, "background work failed");
  const jobs = await openJobs({ catalog });
  onStop(() => jobs.stop(GRACE_MS));
  const replication = openReplication({
    catalog,
    jobs,
    box,
    connect: connectSite,
    local: localSite(content),
    onError,
  });
  onStop(() => replication.close());
  if (config.role !== "api") {
    await jobs.start({ workers: config.workers });
    replication.start();
    onStop(sweeping(() => store.sweepDrafts(DRAFT_AGE_MS), onError));
  }
  if (config.role === "worker") return { url: null, firstPassword };

  const parts = { catalog, store, access, content, jobs, replication, log };
  const { publicUrl } = config;
  const api = openApi({ ...parts, publicUrl });
  const server = await listen(config, openHttp({ access, content, publicUrl, log, api }), log);
  onStop(() => server.close(GRACE_MS));
  return { url: server.url, firstPassword };
}

async function makeDataDir(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the data folder ${folder} cannot be made (${why}); choose another --data`, {
      cause: error,
    });
  }
}

/** Calls `work` now and every hour. Returns the call that ends it. */
function sweeping(
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const sweep = () => void work().catch(onError);
  sweep();
  const timer = setInterval(sweep, 3_600_000);
  return async () => clearInterval(timer);
}
