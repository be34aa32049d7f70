import {
  type BackupRun,
  type BackupSnapshot,
  type BackupTarget as ShownTarget,
  type NewBackupTarget,
  routes,
} from "@entrepot/api";
import type { Execution } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { BACKUP, type BackupTarget, type Backups, type TargetSettings } from "@entrepot/recovery";
import { confirmRestored, restoredNote } from "../confirm-restored.ts";
import { type ApiOptions, type App, needing } from "./app.ts";
import { paged } from "./paged.ts";

const { backups: room } = routes;

/** Adds the routes of backups. */
export function addBackups(app: App, options: ApiOptions): void {
  addTargets(app, options);
  addRuns(app, options);
  addExecutions(app, options);
  addRestored(app, options);
}

function addTargets(app: App, options: ApiOptions): void {
  const { targets } = options.backups;

  app.openapi(needing(options, room.list), async (context) => {
    const query = context.req.valid("query");
    const all = await targets.list();
    const start = (query.page - 1) * query.page_size;
    const items = all.slice(start, start + query.page_size).map(shownTarget);
    return paged(context, query, { items, total: all.length });
  });
  app.openapi(needing(options, room.create), async (context) => {
    const id = await targets.create(settingsOf(context.req.valid("json")));
    context.header("Location", `${context.req.path}/${id}`);
    return context.body(null, 201);
  });
  app.openapi(needing(options, room.get), async (context) =>
    context.json(shownTarget(await targets.get(context.req.valid("param").id)), 200),
  );
  app.openapi(needing(options, room.update), async (context) => {
    const { id } = context.req.valid("param");
    await targets.update(id, settingsOf(context.req.valid("json")));
    return context.body(null, 200);
  });
  app.openapi(needing(options, room.delete), async (context) => {
    const { id } = context.req.valid("param");
    if (!(await targets.remove(id))) await targets.get(id);
    return context.body(null, 200);
  });
}

function addRuns(app: App, options: ApiOptions): void {
  const { backups } = options;
  const locationOf = (path: string, id: number) =>
    `${path.replace(/\/[a-z]+$/, "/executions")}/${id}`;

  app.openapi(needing(options, room.run), async (context) => {
    const { id } = context.req.valid("param");
    const { full, dry_run: dryRun } = context.req.valid("json");
    const execution = await backups.run(id, context.get("actor"), full, dryRun);
    context.header("Location", locationOf(context.req.path, execution));
    return context.body(null, 201);
  });
  app.openapi(needing(options, room.verify), async (context) => {
    const { id } = context.req.valid("param");
    const { share } = context.req.valid("json");
    const execution = await backups.verify(id, context.get("actor"), share);
    context.header("Location", locationOf(context.req.path, execution));
    return context.body(null, 201);
  });
  app.openapi(needing(options, room.prune), async (context) => {
    const execution = await backups.prune(context.req.valid("param").id, context.get("actor"));
    context.header("Location", locationOf(context.req.path, execution));
    return context.body(null, 201);
  });
  app.openapi(needing(options, room.prunePlan), async (context) => {
    const { removed, kept } = await backups.prunePlan(context.req.valid("param").id);
    const shown = removed.map(({ id, at, to }) => ({ id, at, seq: to }));
    return context.json({ removed: shown, kept: [...kept] }, 200);
  });
  app.openapi(needing(options, room.growth), async (context) => {
    const { days } = context.req.valid("query");
    return context.json(await backups.growth(context.req.valid("param").id, days), 200);
  });
  app.openapi(needing(options, room.snapshots), async (context) => {
    const chains = await backups.snapshots(context.req.valid("param").id);
    return context.json(chains.map(shownSnapshot), 200);
  });
}

function addExecutions(app: App, options: ApiOptions): void {
  const { jobs } = options;
  const executionOf = async (given: { id: number; execution_id: number }) => {
    const execution = await jobs.execution(given.execution_id);
    if (execution?.vendor === BACKUP && execution.vendorId === given.id) return execution;
    const message = `backup target ${given.id} has no execution ${given.execution_id}`;
    throw new RegistryError("NOT_FOUND", message);
  };

  app.openapi(needing(options, room.executions), async (context) => {
    const query = context.req.valid("query");
    const { id } = await options.backups.targets.get(context.req.valid("param").id);
    const asked = { vendor: BACKUP, vendorId: id, page: query.page, pageSize: query.page_size };
    const { items, total } = await jobs.executions(asked);
    const shown = await Promise.all(items.map((execution) => shownRun(jobs, execution)));
    return paged(context, query, { items: shown, total });
  });
  app.openapi(needing(options, room.execution), async (context) => {
    const execution = await executionOf(context.req.valid("param"));
    const { items } = await jobs.tasks({ executionId: execution.id, page: 1, pageSize: 1 });
    const task = items[0];
    const lines = task ? await jobs.taskLog(task.id, 0, 1_000) : [];
    const shown = {
      id: execution.id,
      status: execution.status,
      status_text: task?.statusText || execution.statusText,
      trigger: execution.trigger,
      progress: { ...task?.progress },
      task_id: task?.id ?? null,
      log: lines.map(({ at, level, text }) => `${at.toISOString()} [${level}] ${text}`),
      start_time: execution.startTime.toISOString(),
      end_time: execution.endTime?.toISOString() ?? null,
    };
    return context.json(shown, 200);
  });
  app.openapi(needing(options, room.stop), async (context) => {
    const { id } = await executionOf(context.req.valid("param"));
    await jobs.stopExecution(id);
    return context.body(null, 200);
  });
}

async function shownRun(jobs: ApiOptions["jobs"], execution: Execution): Promise<BackupRun> {
  const { items } = await jobs.tasks({ executionId: execution.id, page: 1, pageSize: 1 });
  const task = items[0];
  return {
    id: execution.id,
    // Tasks are called `backup`, `backup-verify` and `backup-prune`.
    kind: (task?.kind ?? "backup").replace(/^backup-/, "") as BackupRun["kind"],
    status: execution.status,
    status_text: task?.statusText || execution.statusText,
    trigger: execution.trigger,
    progress: { ...task?.progress },
    task_id: task?.id ?? null,
    start_time: execution.startTime.toISOString(),
    end_time: execution.endTime?.toISOString() ?? null,
  };
}

function addRestored(app: App, options: ApiOptions): void {
  app.openapi(needing(options, room.restored), async (context) => {
    const { projects = [], ...note } = await restoredNote(options);
    const { policies, targets, timeline } = note;
    return context.json({ policies, targets, timeline, projects }, 200);
  });
  app.openapi(needing(options, room.confirm), async (context) => {
    await confirmRestored(options, context.get("actor"));
    return context.body(null, 200);
  });
}

function settingsOf(given: NewBackupTarget): TargetSettings {
  return {
    name: given.name,
    description: given.description,
    address: given.address,
    enabled: given.enabled,
    cron: given.cron,
    timeZone: given.time_zone,
    continuous: given.continuous,
    recipients: given.recipients,
    scope: given.scope,
    bytesPerSecond: given.bytes_per_second,
    snapshotEveryDays: given.snapshot_every_days,
    keepLast: given.keep_last,
    keepDays: given.keep_days,
    drillCron: given.drill_cron,
  };
}

function shownTarget(target: BackupTarget): ShownTarget {
  const { tip } = target;
  return {
    id: target.id,
    name: target.name,
    description: target.description,
    address: target.address,
    enabled: target.enabled,
    cron: target.cron,
    time_zone: target.timeZone,
    continuous: target.continuous,
    recipients: [...target.recipients],
    scope: [...target.scope],
    bytes_per_second: target.bytesPerSecond,
    snapshot_every_days: target.snapshotEveryDays,
    keep_last: target.keepLast,
    keep_days: target.keepDays,
    drill_cron: target.drillCron ?? "",
    newest: tip && { snapshot: tip.snapshot, segments: tip.n, seq: tip.seq, at: tip.at },
    behind_since: target.behindSince?.toISOString() ?? null,
    last_error: target.lastError,
    creation_time: target.createdAt.toISOString(),
    update_time: target.updatedAt.toISOString(),
  };
}

type Chain = Awaited<ReturnType<Backups["snapshots"]>>[number];

function shownSnapshot({ id, links, problems }: Chain): BackupSnapshot {
  const first = links[0]?.manifest;
  const last = links.at(-1)?.manifest;
  // What a segment names may have been there before it.
  const blobs = links.map(({ manifest: { n, blobCount, blobBytes, newCount, newBytes } }) =>
    n === 0 || newCount === undefined
      ? { count: blobCount, bytes: blobBytes }
      : { count: newCount, bytes: newBytes ?? 0 },
  );
  return {
    id,
    from: first ? { seq: first.to, at: first.at } : null,
    to: last ? { seq: last.to, at: last.at } : null,
    timeline: first?.timeline ?? null,
    segments: Math.max(0, links.length - 1),
    blobs: blobs.reduce((total, { count }) => total + count, 0),
    bytes: blobs.reduce((total, { bytes }) => total + bytes, 0),
    problems: [...problems],
  };
}
