import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testCatalog } from "@entrepot/catalog/testing";
import { decryptedWith } from "@entrepot/recovery";
import { openStorage } from "@entrepot/storage";
import { openApi } from "./api/index.ts";
import { drillScratch } from "./drill-scratch.ts";
import { type Handler, openHttp } from "./http.ts";
import { openLog } from "./log.ts";
import { openParts, type Parts, type PartsOptions, startWork } from "./open-parts.ts";
import { serve } from "./serve.ts";
import { type OnStop, stoppable } from "./stopping.ts";

export { expireProxied } from "./expire-proxied.ts";
export { siteConnector, siteOver } from "./remote-site.ts";

/** A whole server for one test, in this process. */
export interface TestServer extends Omit<Parts, "firstPassword"> {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** The system administrator. */
  readonly credential: { readonly username: string; readonly password: string };
  /** Its database, for a second node or a look from outside. */
  readonly databaseUrl: string;
  /** Where its blobs lie, for a test that damages them. */
  readonly blobFolder: string;
  /** Stops it, drops its database and removes its blobs. */
  close(): Promise<void>;
}

/** What may differ. */
export interface TestServerOptions {
  readonly publicUrl?: string;
  /** Whose X-Forwarded headers are believed. */
  readonly trustedProxies?: string;
  /** Tasks at a time, 4 if absent; 0: nothing works in the background. */
  readonly workers?: number;
  /** How long garbage collection waits. */
  readonly garbage?: PartsOptions["garbage"];
  /** Where backups may be. */
  readonly backupFolders?: readonly string[];
  /** The text of the key file that opens encrypted backups for drills. */
  readonly drillKey?: string;
  /** Of buckets that backups go to. */
  readonly s3Keys?: { readonly accessKey: string; readonly secretKey: string };
  /** How soon replication tries again. */
  readonly pace?: PartsOptions["pace"];
}

/**
 * A new registry over a database and a folder of its own, on a free port of this machine, with
 * `library` as its only project. For vitest with `tools/vitest-postgres.ts` as its globalSetup.
 */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { stop, ...server } = await stoppable((onStop) => start(options, onStop));
  return { ...server, close: stop };
}

async function start(
  { publicUrl, trustedProxies = "", workers = 4, ...options }: TestServerOptions,
  onStop: OnStop,
) {
  const { garbage, backupFolders, s3Keys, pace, drillKey } = options;
  const { catalog, url: databaseUrl, close } = await testCatalog();
  onStop(close);
  const folder = await mkdtemp(join(tmpdir(), "entrepot-server-"));
  onStop(() => rm(folder, { recursive: true, force: true }));
  const storage = { url: `file:${folder}`, keys: s3Keys ?? null };
  const store = await openStorage(storage.url);
  onStop(() => store.close());

  const log = openLog(process.env["ENTREPOT_TEST_LOG"] ?? "silent");
  const credential = { username: "admin", password: randomBytes(12).toString("base64url") };
  const masterKey = randomBytes(32);
  const adminPassword = credential.password;
  const drillFolder = `${folder}-drill`;
  onStop(() => rm(drillFolder, { recursive: true, force: true }));
  const key = drillKey === undefined ? null : decryptedWith(drillKey);
  const drill = { scratch: drillScratch(drillFolder), key };
  const given = { adminPassword, garbage, backupFolders, storage, pace, drill };
  const parts = await openParts({ catalog, store, log, masterKey, ...given }, onStop);
  if (workers > 0) await startWork(parts, workers, onStop);
  const address = {
    host: "127.0.0.1",
    port: 0,
    tls: null,
    publicUrl: publicUrl ?? null,
    metrics: "admin",
    metricsListen: null,
    trustedProxies,
  } as const;
  const url = await serve(parts, address, onStop);
  return { ...parts, url, credential, databaseUrl, blobFolder: folder };
}

/** A whole server that listens nowhere: requests are handed to it. */
export interface UnheardServer extends Parts {
  readonly handler: Handler;
  /** Begins to work in the background. Stop its jobs and its replication, in this order. */
  start(workers: number): Promise<void>;
}

/** Builds a server of `options` for a network of servers in one process. Its log is silent. */
export async function unheardServer(options: Omit<PartsOptions, "log">): Promise<UnheardServer> {
  const log = openLog(process.env["ENTREPOT_TEST_LOG"] ?? "silent");
  const onStop = () => undefined;
  const parts = await openParts({ ...options, log }, onStop);
  const api = openApi({ ...parts, publicUrl: null });
  return {
    ...parts,
    handler: openHttp({ ...parts, publicUrl: null, api, readers: "admin" }),
    start: async (workers) => {
      await parts.jobs.start({ workers });
      parts.replication.start();
    },
  };
}
