import { randomBytes } from "node:crypto";
import { access, mkdir, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { openCatalog, openDatabase } from "@entrepot/catalog";
import { startEmbedded } from "@entrepot/catalog/embedded";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { RegistryError } from "@entrepot/oci";
import type { Scratch } from "@entrepot/recovery";
import { openStorage } from "@entrepot/storage";
import { openLog } from "./log.ts";
import { openParts } from "./open-parts.ts";
import { serve } from "./serve.ts";
import { stoppable } from "./stopping.ts";

const CONNECTIONS = 4;
/** A disk that is full stops more than the drill. */
const SPARE = 1.1;
const LOOPBACK = {
  host: "127.0.0.1",
  port: 0,
  tls: null,
  publicUrl: null,
  metrics: "off",
  metricsListen: null,
} as const;

/**
 * Opens places for drills below `folder`: each a database and a storage of their own, and in the
 * end a server that listens on this machine alone and does nothing by itself.
 */
export function drillScratch(folder: string): (id: number) => Promise<Scratch> {
  return async (id) => {
    const place = join(folder, String(id));
    await removePlace(place);
    await mkdir(place, { recursive: true });
    try {
      const { stop, ...scratch } = await stoppable(async (onStop) => {
        const store = await openStorage(`file:${join(place, "storage")}`);
        onStop(() => store.close());
        const dataDir = join(place, "postgres");
        const database = await startEmbedded({ dataDir, log: () => undefined });
        onStop(() => database.stop());
        const { url } = database;
        const db = openDatabase({ url });
        onStop(() => db.destroy());
        const open = async () => {
          const catalog = await openCatalog({ url, maxConnections: CONNECTIONS });
          onStop(() => catalog.close());
          const log = openLog("silent");
          const masterKey = randomBytes(32);
          const parts = await openParts({ catalog, store, log, masterKey }, onStop);
          const credential = { username: `drill-${id}`, password: randomBytes(18).toString("hex") };
          const account = { ...credential, sysadmin: true };
          await parts.access.createAccount({ name: "system:drill", cause: "drill" }, account);
          const address = await serve(parts, LOOPBACK, onStop);
          const fetch = endpointFetch();
          onStop(() => fetch.close());
          return remoteRegistry({ url: address, credential, fetch });
        };
        return { db, store, serve: open, reserve: (bytes: number) => reserve(place, bytes) };
      });
      return { ...scratch, close: () => stop().finally(() => removePlace(place)) };
    } catch (error) {
      await removePlace(place);
      throw error;
    }
  };
}

/** Ends and removes what drills of a process that was killed have left below `folder`. */
export async function removeDrills(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) await removePlace(join(folder, name));
}

async function removePlace(place: string): Promise<void> {
  const dataDir = join(place, "postgres");
  // Its PostgreSQL outlives a process that is killed: taken over, it can be ended.
  const left = await access(join(dataDir, "cluster/postmaster.pid")).then(
    () => true,
    () => false,
  );
  if (left) await (await startEmbedded({ dataDir, log: () => undefined })).stop();
  await rm(place, { recursive: true, force: true });
}

async function reserve(place: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(place);
  if (bavail * bsize >= bytes * SPARE) return;
  throw new RegistryError(
    "PRECONDITION",
    `a drill needs ${Math.ceil(bytes * SPARE)} bytes below ${place}, and ${bavail * bsize} are ` +
      "free; make room in the data folder",
  );
}
