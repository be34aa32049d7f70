import type { Identity } from "@entrepot/access";
import { type BinItem, type Restore, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import {
  type BinEntry,
  parseMoment,
  parseScope,
  projectOfScope,
  type RestorePlan,
} from "@entrepot/recovery";
import { type ApiOptions, type App, requires } from "./app.ts";
import { paged } from "./paged.ts";
import { mayBeRestored, mayRestoreIn } from "./restore-rights.ts";

/** Adds restores: plans, their execution, and the bin. */
export function addRestores(app: App, options: ApiOptions): void {
  addPlan(app, options);
  addRuns(app, options);
  addBin(app, options);
}

function addPlan(app: App, options: ApiOptions): void {
  const { restores } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...routes.restores.create, middleware }, async (context) => {
    const given = context.req.valid("json");
    const [identity, actor] = [context.get("identity"), context.get("actor")];
    const project = projectOfScope(parseScope(given.name));
    // Who has no right here learns nothing of what there was.
    if (given.cause === undefined) await mayRestoreIn(options, identity, project);
    if (given.into !== undefined || given.from !== undefined) {
      await mayRestoreIn(options, identity, null);
    }
    const plan = await restores.plan(
      {
        name: given.name,
        ...(given.at !== undefined && parseMoment(given.at)),
        ...(given.cause !== undefined && { cause: given.cause }),
        keepNewer: given.keep_newer,
        force: given.force,
        ...(given.into !== undefined && { into: given.into }),
        ...(given.from !== undefined && { from: given.from }),
      },
      actor,
    );
    try {
      await mayBeRestored(options, identity, plan);
    } catch (error) {
      await restores.drop(plan.id);
      throw error;
    }
    if (!given.dry_run) await restores.execute(plan.id, actor);
    context.header("Location", `/api/v2.0/restores/${plan.id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...routes.restores.get, middleware }, async (context) => {
    const plan = await planFor(options, context.get("identity"), context.req.valid("param").id);
    return context.json(await shownPlan(options, plan), 200);
  });

  app.openapi({ ...routes.restores.items, middleware }, async (context) => {
    const { id } = await planFor(options, context.get("identity"), context.req.valid("param").id);
    const query = context.req.valid("query");
    const { items, total } = await restores.items(id, {
      page: query.page,
      pageSize: query.page_size,
      ...(query.verdict && { verdict: query.verdict }),
      ...(query.outcome && { outcome: query.outcome }),
    });
    const shown = items.map(({ kind, key, ...item }) => ({
      ...item,
      resource_type: kind,
      resource: key,
    }));
    return paged(context, query, { items: shown, total });
  });
}

function addRuns(app: App, options: ApiOptions): void {
  const { restores, jobs } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...routes.restores.execute, middleware }, async (context) => {
    const { id } = await planFor(options, context.get("identity"), context.req.valid("param").id);
    const executionId = await restores.execute(id, context.get("actor"));
    context.header("Location", `/api/v2.0/restores/${id}/executions/${executionId}`);
    return context.body(null, 201);
  });

  app.openapi({ ...routes.restores.stop, middleware }, async (context) => {
    const plan = await planFor(options, context.get("identity"), context.req.valid("param").id);
    if (plan.executionId !== null) await jobs.stopExecution(plan.executionId);
    return context.body(null, 200);
  });
}

function addBin(app: App, options: ApiOptions): void {
  const { bin } = options.restores;
  const signedIn = requires(options, "account");

  app.openapi({ ...routes.bin.list, middleware: signedIn }, async (context) => {
    const query = context.req.valid("query");
    const project = query.project ?? null;
    await mayRestoreIn(options, context.get("identity"), project);
    const { items, total } = await bin.list({
      project,
      page: query.page,
      pageSize: query.page_size,
      ...(query.kind && { kind: query.kind }),
    });
    return paged(context, query, { items: items.map(shownEntry), total });
  });

  app.openapi({ ...routes.bin.settings, middleware: signedIn }, async (context) =>
    context.json({ recovery_days: await bin.days() }, 200),
  );

  app.openapi(
    { ...routes.bin.change, middleware: requires(options, "system") },
    async (context) => {
      await bin.setDays(context.req.valid("json").recovery_days);
      return context.body(null, 200);
    },
  );
}

/** The plan, for whoever may carry it out; nobody else learns that it exists. */
async function planFor(options: ApiOptions, identity: Identity, id: number): Promise<RestorePlan> {
  const plan = await options.restores.get(id);
  const missing = new RegistryError("NOT_FOUND", `restore plan ${id} does not exist here`);
  if (!plan) throw missing;
  try {
    await mayBeRestored(options, identity, plan);
  } catch {
    throw missing;
  }
  return plan;
}

async function shownPlan({ jobs }: ApiOptions, plan: RestorePlan): Promise<Restore> {
  const { request, executionId } = plan;
  const run = executionId === null ? null : await jobs.execution(executionId);
  return {
    id: plan.id,
    name: request.name,
    moment_seq: plan.moment,
    cause: request.cause ?? null,
    into: request.into ?? null,
    from: request.from ?? null,
    head_seq: plan.head,
    counts: { ...plan.counts, unchanged: plan.unchangedTags },
    bytes: plan.bytes,
    objections: [...plan.objections],
    creator: plan.actor,
    creation_time: plan.createdAt.toISOString(),
    execution: run && {
      id: run.id,
      status: run.status,
      status_text: run.statusText,
      done: plan.done,
      left: plan.left,
      start_time: run.startTime.toISOString(),
      end_time: run.endTime?.toISOString() ?? null,
    },
  };
}

function shownEntry(entry: BinEntry): BinItem {
  return {
    resource_type: entry.kind,
    resource: entry.name,
    digest: entry.digest,
    deletion_time: entry.deletedAt.toISOString(),
    deleted_by: entry.deletedBy,
    cause: entry.cause,
    restorable_until: entry.until.toISOString(),
    before_seq: entry.beforeSeq,
  };
}
