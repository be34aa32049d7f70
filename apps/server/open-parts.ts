import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { type Access, openAccess, openSecretBox } from "@entrepot/access";
import { type Catalog, openSettings, type Settings } from "@entrepot/catalog";
import { type Content, forgetTombstones, openContent } from "@entrepot/content";
import { type AddressGuard, addressGuard, guardedLookup } from "@entrepot/distribution/client";
import {
  type Audit,
  type Events,
  openAudit,
  openEvents,
  openPurges,
  openSigner,
  type Purges,
} from "@entrepot/events";
import {
  DEFAULT_KEPT,
  type Jobs,
  type Kept,
  openJobs,
  openPacing,
  type Pacing,
} from "@entrepot/jobs";
import {
  compileGlob,
  type Connect,
  openReplication,
  type Pace,
  type Replication,
} from "@entrepot/replication";
import {
  openRetention,
  openSweeps,
  type Retention,
  type SweepContext,
  type Sweeps,
  UPLOAD_REST_MS,
} from "@entrepot/retention";
import type {
  Backups,
  Checks,
  Drills,
  Mending,
  openDrills,
  Repairs,
  Restores,
} from "@entrepot/recovery";
import { openDownloads, openPullThrough, type PullThrough } from "@entrepot/proxy";
import type { BlobStore } from "@entrepot/storage";
import { type Metrics, openMetrics } from "./metrics/open-metrics.ts";
import { KNOWN_SETTINGS, READ_ONLY } from "./known-settings.ts";
import { loginNotes } from "./audit-notes.ts";
import { type ChangeFeed, openChangeFeed } from "./change-feed.ts";
import { directoryNetwork } from "./directory-network.ts";
import { expireProxied } from "./expire-proxied.ts";
import { localSite } from "./local-site.ts";
import type { Log } from "./log.ts";
import { lagOver } from "./lag-over.ts";
import type { Stores } from "./open-store.ts";
import type { StorageConfig } from "./storage-settings.ts";
import { openStorageMove, type StorageMove } from "./storage-move.ts";
import { webhookPost } from "./post-webhook.ts";
import { readOnlyContent } from "./read-only.ts";
import { openRecovery } from "./open-recovery.ts";
import { reporting } from "./reporting.ts";
import { GRACE_MS, type OnStop } from "./stopping.ts";
import { openUpstreams, type Upstreams } from "./upstreams.ts";
import { connectSite } from "./remote-site.ts";

/** What a server is made of, over an open catalog and an open store. */
export interface Parts {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  readonly access: Access;
  /** What administrators set while the server runs. */
  readonly settings: Settings;
  /** Who did what. */
  readonly audit: Audit;
  /** Purges of it that are asked for. */
  readonly purges: Purges;
  /** What happens, for pages that follow it. */
  readonly feed: ChangeFeed;
  readonly content: Content;
  readonly jobs: Jobs;
  /** Has background work rest while somebody waits for an answer. */
  readonly pacing: Pacing;
  readonly replication: Replication;
  /** What stays, what cannot be changed, and how much there may be. */
  readonly retention: Retention;
  /** What puts names back. */
  readonly restores: Restores;
  readonly metrics: Metrics;
  /** Webhooks. */
  readonly events: Events;
  readonly storageMove: StorageMove;
  /** What holds the blobs. Source: Harbor's registry_storage_provider_name. */
  readonly storageKind: "filesystem" | "s3";
  readonly backups: Backups;
  /** Trial restores. */
  readonly drills: Drills;
  /** Garbage collection. */
  readonly sweeps: Sweeps;
  /** Looking for damage, mending it, and pulls that meet it. */
  readonly checks: Checks;
  readonly repairs: Repairs;
  readonly mending: Mending;
  /** Which repositories have another registry behind them, and what fetches from it. */
  readonly upstreams: Upstreams;
  readonly pullThrough: PullThrough;
  readonly log: Log;
  /** Admin's password, if it was made just now. */
  readonly firstPassword: string | null;
}

/** What the parts are opened with. */
export interface PartsOptions extends Pick<Parts, "catalog" | "store" | "log"> {
  /** 32 bytes that seal secrets. */
  readonly masterKey: Buffer;
  /** Admin's, where there is no administrator yet; one is made if absent. */
  readonly adminPassword?: string | undefined;
  /** What is moved into the store from an old one, if anything is. */
  readonly moving?: Stores["moving"] | undefined;
  /** How endpoints are reached, if not over the network. */
  readonly connect?: Connect | undefined;
  /** Where webhooks may be; anywhere but where nobody may go, if absent. */
  readonly guard?: AddressGuard | undefined;
  /** The public address, where it is known. */
  readonly publicUrl?: string | null | undefined;
  /** How soon replication tries again. */
  readonly pace?: Pace | undefined;
  readonly pacing?: Pacing | undefined;
  /** Which runs are kept. */
  readonly keptRuns?: Kept | undefined;
  /** Where backups may be on this machine; nowhere if absent. */
  readonly backupFolders?: readonly string[] | undefined;
  /** Where blobs lie, as configured; S3's keys are those of backups, too. A folder if absent. */
  readonly storage?: Pick<StorageConfig, "url" | "keys"> | undefined;
  /** Where drills restore into, and what opens encrypted backups for them; nowhere if absent. */
  readonly drill?:
    | (Pick<Parameters<typeof openDrills>[0], "scratch" | "key"> & {
        /** Other nodes do the work, and may have a key that this one has not. */
        readonly isElsewhere?: boolean;
      })
    | undefined;
  /** How long garbage collection waits; a day each if absent. */
  readonly garbage?: Pick<SweepContext, "graceMs" | "quarantineMs"> | undefined;
}

/** How long running tasks may: less than the 10 s after which containers are killed. */
const DRAIN_MS = 7_000;
const DAY_MS = 24 * 3_600_000;

/** Builds the parts, and what a new registry starts with. Nothing works in the background yet. */
export async function openParts(options: PartsOptions, onStop: OnStop): Promise<Parts> {
  const { catalog, store, log, pacing = openPacing() } = options;
  const ground = await openGround(options, onStop);
  const { box, settings, audit, access, firstPassword, everything } = ground;
  const content = readOnlyContent(everything, settings);
  const metrics = openMetrics(catalog, log);
  const { keptRuns: kept = DEFAULT_KEPT } = options;
  const opened = await openJobs({ catalog, log: (level, text) => log[level](text), kept });
  const jobs = metrics.jobs(opened);
  const feed = openChangeFeed(catalog, jobs, reporting(log));
  const storageMove = openStorageMove(jobs, options.moving ?? null);
  const replication = openReplication({
    catalog,
    jobs,
    box,
    connect: options.connect ?? connectSite,
    pace: options.pace,
    local: localSite(content),
    onError: reporting(log),
  });
  onStop(() => replication.close());
  const { deleteArtifact } = content;
  const retention = openRetention({ catalog, jobs, glob: compileGlob, deleteArtifact });
  const sweeps = openGarbage({ catalog, store, jobs, content, pacing }, options.garbage ?? {});
  const post = webhookPost(options.guard ?? addressGuard());
  onStop(post.close);
  const host = options.publicUrl ? new URL(options.publicUrl).host : "";
  const lag = () => lagOver(catalog);
  const events = openEvents({ catalog, jobs, box, post, host, lag, onError: reporting(log) });
  // Before the connections that its tasks work with.
  onStop(() => jobs.stop(DRAIN_MS));
  onStop(() => events.close());
  const upstreams = openUpstreams(catalog, replication, reporting(log));
  await upstreams.refresh();
  const lasting = { catalog, store, content: everything, jobs, pacing, replication, retention };
  const recovery = openRecovery({ ...lasting, upstreams, log }, options, onStop);
  const pullThrough = openPullThrough({
    upstreamOf: upstreams.of,
    arrivingAt: upstreams.arrivingAt,
    store: () => everything.as({ name: "system:proxy", cause: randomUUID() }, { sparse: true }),
    downloads: openDownloads(),
    onError: reporting(log),
  });
  onStop(() => Promise.race([pullThrough.settled(), pause(GRACE_MS, null, { ref: false })]));
  return {
    catalog,
    store,
    access,
    settings,
    audit,
    purges: openPurges({ catalog, jobs, audit }),
    feed,
    content,
    jobs,
    pacing,
    replication,
    retention,
    ...recovery,
    upstreams,
    pullThrough,
    metrics,
    events,
    storageMove,
    storageKind: options.storage?.url.startsWith("s3:") ? "s3" : "filesystem",
    sweeps,
    log,
    firstPassword,
  };
}

/** What everything else stands on, and what a new registry starts with. */
async function openGround(options: PartsOptions, onStop: OnStop) {
  const { catalog, store, log, masterKey, adminPassword } = options;
  const onError = reporting(log);
  const box = openSecretBox(masterKey);
  const settings = await openSettings({ catalog, box, known: KNOWN_SETTINGS, onError });
  onStop(() => settings.close());
  const guard = options.guard ?? addressGuard();
  const audit = openAudit({
    catalog,
    signer: openSigner(masterKey),
    settings,
    host: options.publicUrl ? new URL(options.publicUrl).hostname : hostname(),
    lookup: guardedLookup(guard),
    onSeal: ({ n, hash }) => log.info({ n, sha256: hash.toString("hex") }, "audit log sealed"),
    onError,
  });
  onStop(audit.close);
  const network = directoryNetwork(guard);
  onStop(network.close);
  const onLogin = loginNotes(audit);
  const access = await openAccess({ catalog, box, settings, network, onLogin, onError });
  const firstPassword = await access.ensureAdmin(adminPassword);
  const everything = openContent({ catalog, store, onError });
  onStop(() => everything.pulls.close());
  await everything.projects.ensure({ name: "system:setup", cause: "setup" }, "library", true);
  return { box, settings, audit, access, firstPassword, everything };
}

/** Garbage collection, which waits as long as `garbage` says. */
function openGarbage(
  { content, ...given }: Pick<Parts, "catalog" | "store" | "jobs" | "content" | "pacing">,
  { graceMs = DAY_MS, quarantineMs = DAY_MS }: Partial<NonNullable<PartsOptions["garbage"]>>,
): Sweeps {
  const deleteUntagged: SweepContext["deleteUntagged"] = (repository, digest, cause) =>
    content.deleteUntagged({ name: "system:gc", cause }, repository, digest);
  return openSweeps({ ...given, graceMs, quarantineMs, deleteUntagged });
}

/** Starts what runs in the background: tasks, `workers` at a time, replication, housekeeping. */
export async function startWork(parts: Parts, workers: number, onStop: OnStop): Promise<void> {
  const { events, catalog, content, jobs, replication, retention, store, log } = parts;
  await jobs.start({ workers });
  replication.start();
  events.start();
  await parts.audit.start();
  parts.backups.start();
  const tidyUp = async () => {
    await store.sweepDrafts(UPLOAD_REST_MS);
    if (!parts.settings.get(READ_ONLY)) await expireProxied(catalog, content);
    await content.pulls.forgetGone();
    await forgetTombstones(catalog);
    await retention.use.sample();
    await parts.restores.forget();
    await parts.access.tidyUp();
    await parts.audit.purgeOld();
  };
  onStop(sweeping(tidyUp, reporting(log)));
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
