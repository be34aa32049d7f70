import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadMasterKey } from "@entrepot/access";
import { addressGuard } from "@entrepot/distribution/client";
import { openCatalog } from "@entrepot/catalog";
import { startEmbedded } from "@entrepot/catalog/embedded";
import { openPacing } from "@entrepot/jobs";
import { decryptedWith } from "@entrepot/recovery";
import type { Config } from "./config.ts";
import { readDrillKey } from "./drill-key.ts";
import { drillScratch, removeDrills } from "./drill-scratch.ts";
import type { Log } from "./log.ts";
import { openStoredNames } from "./names-archive.ts";
import { openParts, startWork } from "./open-parts.ts";
import { openStores } from "./open-store.ts";
import { siteConnector } from "./remote-site.ts";
import { serve, serveMetrics } from "./serve.ts";
import { type OnStop, stoppable } from "./stopping.ts";

/** A server that runs. */
export interface Running {
  /** Where it listens; null for a node that only works. */
  readonly url: string | null;
  /** Admin's password, if it was made just now. */
  readonly firstPassword: string | null;
  /** Stops everything that was started, in the reverse order. Repeating does nothing. */
  stop(): Promise<void>;
}

/** Connections to the database, per node; PostgreSQL's default is 100 for all. */
const CONNECTIONS = 24;

/** Builds everything `config` asks for and starts it. What was started is stopped when it fails. */
export function openServer(config: Config, log: Log): Promise<Running> {
  return stoppable((onStop) => start(config, log, onStop));
}

async function start(config: Config, log: Log, onStop: OnStop) {
  // What keeps the server from starting is told before anything runs.
  const keyText = await readDrillKey(config);
  const key = keyText === null ? null : decryptedWith(keyText);
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

  const { store, moving } = await openStores(config.storage, onStop);
  const pacing = openPacing();
  const names = await openStoredNames(catalog, config.storage, { log, pacing }, onStop);
  const masterKey = await loadMasterKey(
    join(config.dataDir, "secret.key"),
    config.secretKey ?? undefined,
  );
  const adminPassword = config.adminPassword ?? undefined;
  const guard = addressGuard(config.endpointNetworks);
  const connect = siteConnector(guard, config.layoutFolders);
  const { keptRuns, publicUrl, garbage, backupFolders } = config;
  const secrets = { masterKey, adminPassword };
  const drillFolder = join(config.dataDir, "drill");
  if (config.role !== "api") await removeDrills(drillFolder);
  const options = {
    drill: { scratch: drillScratch(drillFolder), key, isElsewhere: config.role === "api" },
    catalog,
    store,
    moving,
    log,
    pacing,
    ...secrets,
    connect,
    guard,
    keptRuns,
    publicUrl,
    garbage,
    backupFolders,
    storage: config.storage,
  };
  const parts = await openParts(options, onStop);
  const { firstPassword } = parts;
  if (config.metricsListen) await serveMetrics(parts, config.metricsListen, onStop);
  if (config.role !== "api") {
    names?.start();
    await startWork(parts, config.workers, onStop);
  }
  if (config.role === "worker") return { url: null, firstPassword };
  return { url: await serve(parts, config, onStop), firstPassword };
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
