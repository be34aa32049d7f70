import { type Catalog, followJournal } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { sql } from "kysely";
import { every } from "./every.ts";
import { deliverTask } from "./deliver-task.ts";
import { type Deliveries, openDeliveries } from "./deliveries.ts";
import { webhookReader } from "./journal-reader.ts";
import type { LagOver, Post, SecretBox } from "./ports.ts";
import { openPulls, type Pulls } from "./pulls.ts";
import { onRecoveryFailed } from "./recovery-events.ts";
import { onExecution, watchLag } from "./replication-events.ts";
import { openWebhooks, type Webhooks } from "./webhooks.ts";

/** How often lag is looked at, and how often old deliveries are forgotten. */
const [LAG_EVERY_MS, SWEEP_EVERY_MS] = [15_000, 3_600_000];
/** How long after a change its webhooks are planned, together with what comes meanwhile. */
const GATHER_MS = 250;
/** How long deliveries are kept, and how many are forgotten at a time. */
const [KEPT_DAYS, SWEPT_AT_ONCE] = [30, 10_000];

/** What webhooks are made of. */
export interface EventsOptions {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly box: SecretBox;
  readonly post: Post;
  /** `host[:port]` of this registry, as clients know it; empty if it is not known. */
  readonly host: string;
  /** Replication policies that are behind. */
  readonly lag: () => Promise<readonly LagOver[]>;
  readonly onError: (error: unknown) => void;
  /** How soon a failed delivery is tried again. Default 5 s, growing. */
  readonly firstDelayMs?: number | undefined;
  /** How often lag is looked at. Default 15 s. */
  readonly lagEveryMs?: number | undefined;
}

/** Webhooks, and the machinery that tells them. */
export interface Events {
  readonly webhooks: Webhooks;
  readonly deliveries: Deliveries;
  readonly pulls: Pulls;
  /** Starts reading the journal and watching lag. Call on nodes that work. */
  start(): void;
  close(): Promise<void>;
}

/** Opens webhooks; the deliveries' handler is registered with `jobs`, so call before its start. */
export function openEvents(options: EventsOptions): Events {
  const { catalog, jobs, box, post, host, lag, onError, firstDelayMs } = options;
  const { lagEveryMs = LAG_EVERY_MS } = options;
  const context = { jobs, host };
  jobs.handle(deliverTask({ catalog, box, post, ...(firstDelayMs && { firstDelayMs }) }));
  jobs.onStatus(onExecution(context));
  jobs.onStatus(onRecoveryFailed(context));
  const pulls = openPulls(catalog, context, onError);
  const ends: (() => Promise<unknown>)[] = [];

  return {
    webhooks: openWebhooks(catalog, box, jobs),
    deliveries: openDeliveries(catalog, jobs, context),
    pulls,

    start() {
      const gathered = { gatherMs: () => GATHER_MS, onError };
      const reader = followJournal(catalog, webhookReader(context), gathered);
      ends.push(
        reader.stop,
        every(lagEveryMs, () => watchLag(catalog, context, lag), onError),
        every(SWEEP_EVERY_MS, () => sweep(catalog), onError),
      );
    },

    async close() {
      await Promise.all(ends.map((end) => end()));
      await pulls.close();
    },
  };
}

async function sweep({ db }: Catalog): Promise<void> {
  await sql`
    DELETE FROM webhook_delivery WHERE id IN (
      SELECT id FROM webhook_delivery
      WHERE created_at < now() - ${KEPT_DAYS} * interval '1 day' AND status <> 'Pending'
      LIMIT ${SWEPT_AT_ONCE})
  `.execute(db);
}
