import type { Actor, Catalog, Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { BlobStore } from "@entrepot/storage";
import { sql, type Transaction } from "kysely";
import { heldMoment } from "../history/held-moment.ts";
import { lookForContent } from "./content-facts.ts";
import { noteCopies, noteDifferences, noteUndone } from "./differences.ts";
import { type BackupMoment, noteBackup, openMoment } from "./from-backup.ts";
import { noteItsTags, noteNeeded } from "./needed.ts";
import { type Decided, planRestore, type RestoreFacts } from "./plan-restore.ts";
import type { Counts, Image, OpenBackup, RestoreRequest } from "./ports.ts";
import { parseScope, projectOfScope, type Scope } from "./scope.ts";
import { summaryOf } from "./stored-plan.ts";

/** What plans are made with. */
export interface Planning {
  readonly catalog: Catalog;
  readonly store: Pick<BlobStore, "stat">;
  /** Absent: none are read. */
  readonly openBackup?: OpenBackup | undefined;
  /** Kinds that can be put back, in the order in which they come into being. */
  readonly kinds: readonly string[];
}

/** Names decided at a time. */
const PAGE = 5_000;
/** For so long a plan waits to be carried out, and what it needs is held. */
export const PLAN_HOURS = 24;

/**
 * Makes and stores a plan; nothing else is changed. Returns its id. Throws BAD_REQUEST for a
 * request that does not do, NOT_FOUND for a cause that the journal does not have.
 */
export async function makePlan(
  planning: Planning,
  request: RestoreRequest,
  actor: Actor,
): Promise<number> {
  const { catalog } = planning;
  const scope = parseScope(request.name);
  const backup =
    request.from === undefined ? null : await openMoment(planning.openBackup, request, scope);
  try {
    const seq = backup?.seq ?? (await momentAsked(catalog, request));
    await checkInto(catalog, request, scope);
    const head = await catalog.head();
    const { id } = await catalog.db
      .insertInto("restore_plan")
      .values({ actor: actor.name, request: JSON.stringify(request), moment: seq, head })
      .returning("id")
      .executeTakeFirstOrThrow();
    return await keptOrDropped(catalog, id, async () => {
      if (!backup) await holdMoment(catalog, id, seq, request);
      const asked = { id, scope, seq, head, request, backup };
      await catalog.transaction((db) => fillPlan(planning, db, asked));
    });
  } finally {
    await backup?.close();
  }
}

/** Plan `id`, once `make` has made it; nothing of it is left if that fails. */
async function keptOrDropped(
  { db }: Catalog,
  id: number,
  make: () => Promise<void>,
): Promise<number> {
  try {
    await make();
    return id;
  } catch (error) {
    await db.deleteFrom("history_hold").where("holder", "=", `restore:${id}`).execute();
    await db.deleteFrom("restore_plan").where("id", "=", id).execute();
    throw error;
  }
}

/** First of all, so that nothing that is found is gone when it is needed. */
async function holdMoment(
  catalog: Catalog,
  id: number,
  seq: number | null,
  request: RestoreRequest,
): Promise<void> {
  const from = seq ?? (await firstOf(catalog, request.cause!));
  await holdHistory(catalog, id, from, request);
  // Folding looks at holds before it says so: what is still exact now stays.
  await heldMoment(catalog, { seq: from });
}

interface Asked {
  readonly id: number;
  readonly scope: Scope;
  readonly seq: number | null;
  readonly head: number;
  readonly request: RestoreRequest;
  readonly backup: BackupMoment | null;
}

async function fillPlan(
  planning: Planning,
  db: Transaction<Database>,
  { id, scope, seq, head, request, backup }: Asked,
): Promise<void> {
  const { kinds, catalog } = planning;
  let { store } = planning;
  const about = { planId: id, scope, kinds, head };
  // Entries of a large scope are sorted in memory.
  await sql`SET LOCAL work_mem = '64MB'`.execute(db);
  if (backup) {
    const { registryId } = catalog;
    store = await noteBackup(db, backup, store, { ...about, request, registryId });
  } else if (seq === null) await noteUndone(db, about, request.cause!);
  else if (request.into !== undefined) {
    await noteCopies(db, about, { from: request.name, into: request.into, seq });
  } else await noteDifferences(db, about, seq);
  // Planned without figures, the pages below would each read all of it.
  await sql`ANALYZE restore_item`.execute(db);
  if (scope.kind === "artifact" && seq !== null) {
    const { repository, digest } = scope;
    await noteItsTags(db, id, { repository, digest, seq }, kinds.indexOf("tag") + 1);
  }
  // A backup's project or repository has all that it needs.
  if (request.into === undefined && !backup) await noteNeeded(db, { planId: id, kinds });
  const counts = await decideAll({ store, kinds }, db, id, request);
  const tags = request.into === undefined ? await tagsIn(db, scope) : 0;
  const sums = await bytesByProject(db, id);
  const objections = sums.flatMap(({ project, bytes, room }) =>
    room === null || bytes <= room
      ? []
      : [`the quota of project '${project}' leaves ${room} bytes, and ${bytes} would come back`],
  );
  await db
    .updateTable("restore_plan")
    .set({
      counts: JSON.stringify(await summaryOf(db, id, counts, tags)),
      bytes: sums.reduce((total, { bytes }) => total + bytes, 0),
      objections,
    })
    .where("id", "=", id)
    .execute();
}

/** Where an item stands in its plan's order. */
interface Place {
  readonly phase: number;
  readonly rank: number;
}

interface ItemRow extends Place {
  readonly kind: string;
  readonly key: string;
  readonly wanted: Image;
  readonly present: Image;
  readonly changedSince: boolean;
  readonly source: string | null;
}

/** Decides page by page, in the order in which it would be done, so that memory stays flat. */
async function decideAll(
  { store, kinds }: Pick<Planning, "store" | "kinds">,
  db: Transaction<Database>,
  planId: number,
  request: RestoreRequest,
): Promise<Counts> {
  const counts = { create: 0, change: 0, remove: 0, keep: 0, conflict: 0 };
  const broken = new Map<string, string>();
  const projectsGone = await goneProjects(db, planId);
  let after: Place = { phase: -1, rank: 0 };
  for (;;) {
    const page = await pageOf(db, planId, after);
    if (page.length === 0) return counts;
    const returning = page.filter(({ kind, wanted }) => kind === "manifest" && wanted !== null);
    await lookForContent(db, store, planId, returning, broken);
    const moving = page.filter(({ kind, present }) => kind === "tag" && present !== null);
    const immutable = await immutableTags(
      db,
      moving.map(({ key }) => key),
    );
    const gone = await goneReferents(db, page);
    const known = new Set(kinds);
    const facts: RestoreFacts = { kinds: known, projectsGone, broken, immutable, gone };
    const decided = planRestore(page, facts, request);
    for (const { verdict } of decided) counts[verdict]++;
    await noteVerdicts(db, planId, page, decided);
    after = page.at(-1)!;
  }
}

async function pageOf(db: Transaction<Database>, planId: number, after: Place): Promise<ItemRow[]> {
  const { rows } = await sql<ItemRow>`
    SELECT kind, key, phase, rank, wanted, present, changed_since AS "changedSince", source
    FROM restore_item
    WHERE plan_id = ${planId} AND (phase, rank) > (${after.phase}, ${after.rank}::bigint)
    ORDER BY phase, rank LIMIT ${PAGE}
  `.execute(db);
  return rows;
}

/** Items stand there as if nothing spoke against them: only the others are changed. */
async function noteVerdicts(
  db: Transaction<Database>,
  planId: number,
  page: readonly ItemRow[],
  decided: readonly Decided[],
): Promise<void> {
  const others = decided.flatMap((one, n) => (one.why === null ? [] : [{ ...page[n]!, ...one }]));
  if (others.length === 0) return;
  await sql`
    UPDATE restore_item SET verdict = k.verdict, why = k.why
    FROM unnest(${others.map(({ phase }) => phase)}::smallint[],
                ${others.map(({ rank }) => rank)}::bigint[],
                ${others.map(({ verdict }) => verdict)}::text[],
                ${others.map(({ why }) => why)}::text[]) AS k (phase, rank, verdict, why)
    WHERE plan_id = ${planId} AND restore_item.phase = k.phase AND restore_item.rank = k.rank
  `.execute(db);
}

/** Those of the tags that a rule of their project keeps as they are. */
async function immutableTags(
  db: Transaction<Database>,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    SELECT k.key FROM unnest(${[...keys]}::text[]) AS k (key)
    JOIN repository ON repository.name = split_part(k.key, ':', 1)
    WHERE immutable_rule_of(repository.project_id, repository.name, split_part(k.key, ':', 2))
      IS NOT NULL
  `.execute(db);
  return new Set(rows.map(({ key }) => key));
}

/** Projects that names of the plan lie in and that are not there, nor come back by it. */
async function goneProjects(
  db: Transaction<Database>,
  planId: number,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ name: string }>`
    SELECT DISTINCT split_part(key, '/', 1) AS name FROM restore_item
    WHERE plan_id = ${planId} AND wanted IS NOT NULL AND kind NOT IN ('project', 'policy')
      AND NOT EXISTS (SELECT FROM project WHERE name = split_part(key, '/', 1))
      AND NOT EXISTS (
        SELECT FROM restore_item AS it WHERE it.plan_id = ${planId} AND it.kind = 'project'
          AND it.key = split_part(restore_item.key, '/', 1) AND it.wanted IS NOT NULL)
  `.execute(db);
  return new Set(rows.map(({ name }) => name).filter((name) => name !== ""));
}

/** Accounts, groups and endpoints that members and policies refer to and that do not exist. */
async function goneReferents(
  db: Transaction<Database>,
  page: readonly ItemRow[],
): Promise<ReadonlySet<string>> {
  const named = (of: string, field: string) =>
    page.flatMap(({ kind, wanted }) =>
      kind === of && wanted?.[field] ? [String(wanted[field])] : [],
    );
  const { rows } = await sql<{ name: string }>`
    SELECT 'account:' || k AS name FROM unnest(${named("member", "username")}::text[]) AS k
    WHERE NOT EXISTS (SELECT FROM account WHERE username = k)
    UNION ALL
    SELECT 'group:' || k FROM unnest(${named("member", "group")}::text[]) AS k
    WHERE NOT EXISTS (SELECT FROM user_group WHERE member_name = k)
    UNION ALL
    SELECT 'endpoint:' || k FROM unnest(${named("policy", "endpoint")}::text[]) AS k
    WHERE NOT EXISTS (SELECT FROM registry_endpoint WHERE name = k)
  `.execute(db);
  return new Set(rows.map(({ name }) => name));
}

/** What manifests that come back weigh, with those of their blobs that the project has not. */
async function bytesByProject(
  db: Transaction<Database>,
  planId: number,
): Promise<{ project: string; bytes: number; room: number | null }[]> {
  const { rows } = await sql<{ project: string; bytes: number; room: number | null }>`
    WITH back AS (
      SELECT split_part(key, '/', 1) AS project, split_part(key, '@', 2) AS digest, source,
        (wanted ->> 'size')::bigint AS size
      FROM restore_item WHERE plan_id = ${planId} AND kind = 'manifest' AND verdict = 'create'
    ), parts AS (
      SELECT DISTINCT back.project, blob.digest, blob.size
      FROM back JOIN past_reference ref ON ref.manifest = back.digest AND back.source IS NULL
      JOIN restore_blob blob ON blob.plan_id = ${planId} AND blob.digest = ref.digest
      WHERE NOT EXISTS (
        SELECT FROM repository_blob has JOIN project ON project.id = has.project_id
        WHERE has.digest = blob.digest AND project.name = back.project)
    )
    SELECT project, sum(size)::bigint AS bytes, (
      SELECT storage - used FROM quota JOIN project p ON p.id = quota.project_id
      WHERE p.name = all_of_it.project) AS room
    FROM (
      SELECT project, size FROM (SELECT DISTINCT project, digest, size FROM back) AS manifests
      UNION ALL SELECT project, size FROM parts
    ) AS all_of_it GROUP BY project ORDER BY project
  `.execute(db);
  return rows;
}

/** Tags in the scope, as they are now. */
async function tagsIn(db: Transaction<Database>, scope: Scope): Promise<number> {
  if (scope.kind === "tag" || scope.kind === "artifact") return 0;
  const project = projectOfScope(scope);
  let tags = db
    .selectFrom("tag")
    .innerJoin("repository", "repository.id", "tag.repository_id")
    .select(({ fn }) => fn.countAll<number>().as("n"));
  if (scope.kind === "repository") tags = tags.where("repository.name", "=", scope.repository);
  else if (project !== null) {
    tags = tags
      .where("repository.name", ">=", `${project}/`)
      .where("repository.name", "<", `${project}0`);
  }
  return Number((await tags.executeTakeFirstOrThrow()).n);
}

async function momentAsked(catalog: Catalog, request: RestoreRequest): Promise<number | null> {
  const { at, seq, cause } = request;
  if ([at, seq, cause].filter((one) => one !== undefined).length !== 1) {
    throw wrong("say one of these: a time, a seq of the journal, or a cause to undo");
  }
  if (cause !== undefined) {
    if (request.name !== "" || request.into !== undefined) {
      throw wrong("a cause is undone as a whole: give no name with it");
    }
    return null;
  }
  return (await heldMoment(catalog, seq === undefined ? { at: at! } : { seq })).seq;
}

async function checkInto({ db }: Catalog, { into }: RestoreRequest, scope: Scope): Promise<void> {
  if (into === undefined) return;
  if (scope.kind !== "project") throw wrong("only a project can be put beside itself");
  if (parseScope(into).kind !== "project") throw wrong(`'${into}' does not name a project`);
  const taken = await db
    .selectFrom("project")
    .select("id")
    .where("name", "=", into)
    .executeTakeFirst();
  if (taken) throw new RegistryError("CONFLICT", `project '${into}' exists; choose another name`);
}

async function firstOf({ db }: Catalog, cause: string): Promise<number> {
  const { first } = await db
    .selectFrom("journal")
    .select(({ fn }) => fn.min("seq").as("first"))
    .where("cause", "=", cause)
    .executeTakeFirstOrThrow();
  if (first !== null) return Number(first) - 1;
  throw new RegistryError("NOT_FOUND", `the journal has no change by cause '${cause}'`);
}

async function holdHistory(
  { db }: Catalog,
  id: number,
  seq: number,
  { name, cause }: RestoreRequest,
): Promise<void> {
  const what = cause === undefined ? name || "the registry" : `what ${cause} did`;
  await sql`
    INSERT INTO history_hold (holder, seq, reason, expires_at)
    VALUES (${`restore:${id}`}, ${seq}, ${`restore plan ${id} of ${what}`},
      now() + ${PLAN_HOURS} * interval '1 hour')
  `.execute(db);
}

function wrong(text: string): RegistryError {
  return new RegistryError("BAD_REQUEST", text);
}
