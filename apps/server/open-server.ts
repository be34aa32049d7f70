import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadMasterKey } from "@entrepot/access";
import { addressGuard } from "@entrepot/distribution/client";
import { openCatalog } from "@entrepot/catalog";
import { startEmbedded } from "@entrepot/catalog/embedded";
import { decryptedWith } from "@entrepot/recovery";
import { openApi } from "./api/index.ts";
import type { Config } from "./config.ts";
import { readDrillKey } from "./drill-key.ts";
import { drillScratch, removeDrills } from "./drill-scratch.ts";
import { type Handler, openHttp } from "./http.ts";
import { listen } from "./listen.ts";
import type { Log } from "./log.ts";
import { openStoredNames } from "./names-archive.ts";
import { answerMetrics } from "./metrics/answer-metrics.ts";
import { GRACE_MS, type OnStop, openParts, type Parts, startWork } from "./open-parts.ts";
import { openStores } from "./open-store.ts";
import { siteConnector } from "./remote-site.ts";

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

/** Runs `begin`. What it noted with `onStop` is ended by `stop`, and at once when it fails. */
export async function stoppable<T extends object>(
  begin: (onStop: OnStop) => Promise<T>,
): Promise<T & { stop(): Promise<void> }> {
  const started: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      for (const end of started.toReversed()) await end();
    })());

  try {
    return { ...(await begin((end) => started.push(end))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
  const names = await openStoredNames(catalog, config.storage, log, onStop);
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
    drill: { scratch: drillScratch(drillFolder), key },
    catalog,
    store,
    moving,
    log,
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

/** Listens, and answers with `parts`. Returns the address. */
export async function serve(
  parts: Parts,
  config: Pick<Config, "host" | "port" | "tls" | "publicUrl" | "metrics" | "metricsListen"> &
    Partial<Pick<Config, "trustedProxies">>,
  onStop: OnStop,
): Promise<string> {
  const { publicUrl, trustedProxies } = config;
  const readers = config.metricsListen ? "off" : config.metrics;
  const closing = new AbortController();
  const api = openApi({ ...parts, publicUrl, closing: closing.signal });
  const http = openHttp({ ...parts, publicUrl, trustedProxies, api, readers });
  const server = await listen(config, http, parts.log);
  onStop(() => server.close(GRACE_MS));
  onStop(async () => closing.abort());
  return server.url;
}

/** Serves metrics alone, to whoever reaches `address`. */
async function serveMetrics(
  { metrics, access, log }: Parts,
  address: { readonly host: string; readonly port: number },
  onStop: OnStop,
): Promise<void> {
  const handler: Handler = (request) =>
    new URL(request.url).pathname === "/metrics"
      ? answerMetrics({ metrics, access, readers: "public" }, request, "")
      : new Response("Metrics are at /metrics.\n", { status: 404 });
  const server = await listen({ ...address, tls: null }, handler, log);
  log.info(`metrics are at ${server.url}/metrics`);
  onStop(() => server.close(GRACE_MS));
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
