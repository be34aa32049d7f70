import type { Catalog } from "@entrepot/catalog";
import { readLag } from "@entrepot/replication";
import { sql } from "kysely";
import { Gauge, type Registry } from "prom-client";
import type { Log } from "../log.ts";
import { checkGroup } from "./check-metrics.ts";
import { garbageGroup } from "./garbage-metrics.ts";
import { storageGroup } from "./storage-metrics.ts";
import { recoveryGroup } from "./recovery-metrics.ts";

/** What was read is shown for as long, however often it is asked for. */
const FRESH_MS = 5_000;
/** A statement that takes longer is given up, and its part left as it was. */
const LONGEST = "5s";

type Db = Catalog["db"];
/** Reads one group and sets its gauges. */
type Group = (db: Db) => Promise<void>;

/**
 * Adds what the database says to `registry`. Returns the call that reads it again if it is older
 * than 5 s: a statement or two per group, one group after the other on one connection.
 */
export function catalogMetrics(
  registry: Registry,
  { db }: Pick<Catalog, "db">,
  log: Log,
): () => Promise<void> {
  const gauge = <L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
    new Gauge<L>({ name, help, labelNames: labels, registers: [registry] });
  const failed = gauge("entrepot_scrape_failed", "1 if a group could not be read.", ["group"]);
  const groups: Readonly<Record<string, Group>> = {
    lag: lagGroup(gauge),
    tasks: taskGroup(gauge),
    endpoints: endpointGroup(gauge),
    journal: journalGroup(gauge),
    backups: backupGroup(gauge),
    database: databaseGroup(gauge),
    garbage: garbageGroup(gauge),
    storage: storageGroup(gauge),
    checks: checkGroup(gauge),
    recovery: recoveryGroup(gauge),
  };
  let reading: Promise<void> | undefined;
  let readAt = -Infinity;

  const read = async () => {
    for (const [name, group] of Object.entries(groups)) {
      try {
        await db.transaction().execute(async (trx) => {
          await sql`SET LOCAL statement_timeout = ${sql.lit(LONGEST)}`.execute(trx);
          await group(trx);
        });
        failed.set({ group: name }, 0);
      } catch (error) {
        failed.set({ group: name }, 1);
        log.warn({ err: error, group: name }, "metrics could not be read");
      }
    }
    readAt = performance.now();
  };
  return () => {
    if (performance.now() - readAt < FRESH_MS) return Promise.resolve();
    return (reading ??= read().finally(() => (reading = undefined)));
  };
}

type MakeGauge = <L extends string = never>(
  name: string,
  help: string,
  labels?: readonly L[],
) => Gauge<L>;

function lagGroup(gauge: MakeGauge): Group {
  const labels = ["policy", "policy_name", "endpoint"] as const;
  const name = "entrepot_replication_lag";
  const seconds = gauge(`${name}_seconds`, "How long the oldest name behind waits.", labels);
  const items = gauge(`${name}_items`, "Names that have not arrived.", labels);
  const bytes = gauge(`${name}_bytes`, "What they hold, at most; absent if not known.", labels);
  const failing = gauge(`${name}_failing`, "Names behind that failed at least once.", labels);
  const enabled = gauge("entrepot_replication_policy_enabled", "1 if it is.", labels);
  return async (db) => {
    const all = await readLag(db);
    for (const one of [seconds, items, bytes, failing, enabled]) one.reset();
    for (const lag of all) {
      const policy = String(lag.policyId);
      const of = { policy, policy_name: lag.policyName, endpoint: lag.endpointName };
      seconds.set(of, lag.seconds);
      items.set(of, lag.items);
      failing.set(of, lag.failing);
      enabled.set(of, lag.enabled ? 1 : 0);
      if (lag.bytes !== null) bytes.set(of, lag.bytes);
    }
  };
}

function taskGroup(gauge: MakeGauge): Group {
  const tasks = gauge("entrepot_tasks", "Tasks that have not ended.", ["kind", "status"]);
  const oldest = gauge("entrepot_task_oldest_seconds", "Age of the oldest waiting task.", ["kind"]);
  const paused = gauge("entrepot_queue_paused", "1 for each queue that is paused.", ["queue"]);
  return async (db) => {
    const stopped = await db.selectFrom("job_pause").select("job_type").execute();
    paused.reset();
    for (const { job_type: queue } of stopped) paused.set({ queue }, 1);
    const { rows } = await sql<{ kind: string; status: string; count: number; age: number }>`
      SELECT kind, CASE status WHEN 'Running' THEN 'running'
                        WHEN 'Scheduled' THEN 'delayed' ELSE 'waiting' END AS status,
             count(*) AS count, extract(epoch FROM now() - min(start_time))::float8 AS age
      FROM task WHERE status IN ('Pending', 'Scheduled', 'Running') GROUP BY 1, 2
    `.execute(db);
    tasks.reset();
    oldest.reset();
    for (const { kind, status, count, age } of rows) {
      tasks.set({ kind, status }, count);
      if (status === "waiting") oldest.set({ kind }, age);
    }
  };
}

function endpointGroup(gauge: MakeGauge): Group {
  const healthy = gauge("entrepot_endpoint_healthy", "1 if it answered when last asked.", [
    "endpoint",
    "type",
  ]);
  const checked = gauge("entrepot_endpoint_checked_seconds", "Since it was last asked.", [
    "endpoint",
  ]);
  return async (db) => {
    const rows = await db
      .selectFrom("registry_endpoint")
      .select(["name", "type", "status", "checked_at"])
      .execute();
    healthy.reset();
    checked.reset();
    for (const { name, type, status, checked_at: at } of rows) {
      healthy.set({ endpoint: name, type }, status === "healthy" ? 1 : 0);
      if (at) checked.set({ endpoint: name }, Math.max(0, Date.now() - at.getTime()) / 1000);
    }
  };
}

function journalGroup(gauge: MakeGauge): Group {
  const head = gauge("entrepot_journal_head", "The newest entry's seq.");
  const unread = gauge("entrepot_journal_unread_entries", "Entries a reader has yet to read.", [
    "reader",
  ]);
  return async (db) => {
    const { rows } = await sql<{ head: number; reader: string | null; seq: number }>`
      SELECT head.seq AS head, reader, journal_cursor.seq
      FROM journal_head head LEFT JOIN journal_cursor ON true
    `.execute(db);
    unread.reset();
    for (const row of rows) {
      head.set(row.head);
      if (row.reader !== null) unread.set({ reader: row.reader }, Math.max(0, row.head - row.seq));
    }
  };
}

function backupGroup(gauge: MakeGauge): Group {
  const labels = ["target"] as const;
  const behind = gauge(
    "entrepot_backup_behind_seconds",
    "Age of the oldest change that is not in the target: what would be lost.",
    labels,
  );
  const age = gauge("entrepot_backup_age_seconds", "Since the newest backup's moment.", labels);
  const failing = gauge("entrepot_backup_failing", "1 if its last run failed.", labels);
  return async (db) => {
    const { rows } = await sql<{
      name: string;
      behind: number | null;
      age: number | null;
      failing: boolean;
    }>`
      SELECT name, last_error <> '' AS failing,
        extract(epoch FROM now() - (tip ->> 'at')::timestamptz)::float8 AS age,
        extract(epoch FROM now() - (SELECT at FROM journal
          WHERE seq > coalesce((tip ->> 'seq')::bigint, 0) ORDER BY seq LIMIT 1))::float8 AS behind
      FROM backup_target WHERE enabled
    `.execute(db);
    for (const one of [behind, age, failing]) one.reset();
    for (const row of rows) {
      const of = { target: row.name };
      behind.set(of, Math.max(0, row.behind ?? 0));
      if (row.age !== null) age.set(of, row.age);
      failing.set(of, row.failing ? 1 : 0);
    }
  };
}

function databaseGroup(gauge: MakeGauge): Group {
  const connections = gauge("entrepot_database_connections", "Connections, by state.", ["state"]);
  const size = gauge("entrepot_database_bytes", "Size of the database.");
  return async (db) => {
    const { rows } = await sql<{ state: string; count: number; bytes: number }>`
      SELECT coalesce(state, 'other') AS state, count(*) AS count,
             pg_database_size(current_database()) AS bytes
      FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1
    `.execute(db);
    connections.reset();
    for (const { state, count, bytes } of rows) {
      connections.set({ state }, count);
      size.set(bytes);
    }
  };
}
