import type { Catalog, Database } from "@entrepot/catalog";
import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import { asDigest, type Digest, RegistryError } from "@entrepot/oci";
import type { Registry } from "@entrepot/registry";
import { sql, type Transaction } from "kysely";
import { destinationOf } from "./destination.ts";
import { compileFilters } from "./filters.ts";
import { type Compared, keyOf, planRun, type RunRules, type Step } from "./planner.ts";
import type { ListedArtifact, Policy, Site } from "./ports.ts";
import { type ReplicateOptions, retryDelays } from "./replicate-task.ts";
import { storeSteps } from "./replicas.ts";
import { READER } from "./trigger.ts";

/** The kind of the task that lists and compares both sides and plans what a whole run does. */
export const RUN = "plan";

/** Names compared at a time, and how many of them at once. */
const BATCH = 200;
const AT_ONCE = 32;

/** Both sides of a policy, and what is being done. */
interface Both {
  readonly policy: Policy;
  readonly source: Site;
  readonly target: Registry;
  readonly rules: RunRules;
  readonly run: TaskRun;
  readonly catalog: Catalog;
}

/**
 * The task that manual, scheduled and first runs begin with. It goes through the source in batches,
 * compares each with the target and adds tasks for what differs, so that copying starts while
 * listing goes on. After a complete listing, and only then, deletions are planned.
 */
export function runTask(options: ReplicateOptions): TaskHandler {
  const { catalog, policies, endpoints, local, pace } = options;
  return {
    kind: RUN,
    maxAttempts: 5,
    retryDelayMs: retryDelays(pace),
    async run(run) {
      const policy = await policies.get(run.execution.vendorId);
      if (!policy) return run.log("warn", "the policy has been deleted since; nothing to do");
      const push = policy.destEndpointId !== null;
      const endpointId = (policy.destEndpointId ?? policy.srcEndpointId)!;
      const remote = await endpoints.site(endpointId);
      const peerId = push
        ? ((await endpoints.get(endpointId))?.peerId ?? null)
        : (await remote.ping()).peerId;
      const first = push ? catalog.registryId : peerId;
      const origin = {
        registry: first ?? catalog.registryId,
        seq: await catalog.head(),
        path: first ? [first] : [],
      };
      const giveBack = run.execution.trigger === "manual";
      const rules = { origin, peerId: push ? peerId : null, giveBack };
      const [source, target] = push ? [local, remote] : [remote, local];
      await runPolicy({ policy, source, target: target.registry(origin), rules, run, catalog });
    },
  };
}

async function runPolicy(both: Both): Promise<void> {
  const { policy, run, source } = both;
  const listed = new Set<string>();
  const totals = { listed: 0, copy: 0, equal: 0, kept: 0, delete: 0 };

  for await (const batch of batches(source.list(compileFilters(policy.filters)), BATCH)) {
    run.signal.throwIfAborted();
    const compared = await compare(both, batch);
    for (const artifact of batch) listed.add(keyOf(artifact));
    const { steps, kept } = await store(both, compared);
    for (const { target, reference } of kept) {
      run.log("warn", `${target}:${reference} has another digest there and is kept (override)`);
    }
    totals.listed += batch.length;
    totals.kept += kept.length;
    totals.equal += steps.filter((step) => step.operation === "settle").length;
    totals.copy += steps.filter((step) => step.operation === "copy").length;
    run.progress({ stage: "comparing", ...totals });
  }
  if (policy.deletion) totals.delete = await storeDeletions(both, listed);
  run.progress({ stage: "planned", ...totals });
  run.log(
    "info",
    `compared ${totals.listed} artifacts: ${totals.copy} to copy, ${totals.equal} there already, ` +
      `${totals.kept} kept as they are, ${totals.delete} to delete`,
  );
}

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** What both sides have under each name; at most AT_ONCE questions at a time. */
async function compare(both: Both, batch: readonly ListedArtifact[]): Promise<Compared[]> {
  const { policy, source, target, rules } = both;
  const { origin } = rules;
  const compared: Compared[] = [];
  const queue = [...batch.entries()];
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [i, { repository, reference, digest }] = next;
      const name = destinationOf(
        repository,
        policy.destNamespace,
        policy.destNamespaceReplaceCount,
      );
      const atSource = digest ?? (await digestAt(source.registry(origin), repository, reference));
      const atTarget = await digestAt(target, name, reference);
      compared[i] = { repository, reference, target: name, atSource, atTarget };
    }
  });
  await Promise.all(workers);
  return compared;
}

/** What `reference` names, or null; a repository or project that is not there has nothing. */
async function digestAt(
  registry: Registry,
  repository: string,
  reference: string,
): Promise<Digest | null> {
  try {
    return (await registry.repository(repository).resolve(reference))?.digest ?? null;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "NAME_UNKNOWN") return null;
    throw error;
  }
}

/**
 * Stores what a batch asks for. In push mode the trigger's cursor is locked and the source's tags
 * are read again: a listing may be older than an event that has been planned already, and must not
 * undo it. Where they came from is read too: a run carries their changes on, it makes no new ones.
 */
async function store(both: Both, compared: Compared[]) {
  const { catalog, policy, rules, run } = both;
  return catalog.transaction(async (db) => {
    const fresh =
      policy.destEndpointId === null ? compared : await readAgain(db, compared, catalog.registryId);
    const plan = planRun(policy, fresh, rules);
    await run.addTasks(await storeSteps(db, policy, plan.steps), db);
    return plan;
  });
}

async function readAgain(
  db: Transaction<Database>,
  compared: Compared[],
  here: string,
): Promise<Compared[]> {
  await lockCursor(db);
  const { rows } = await sql<ReadAgain>`
    SELECT k.i, tag.digest, made.origin, made.origin_seq, made.path
    FROM unnest(${compared.map((one) => one.repository)}::text[],
                ${compared.map((one) => one.reference)}::text[],
                ${compared.map((one) => (asDigest(one.reference) ? "manifest" : "tag"))}::text[],
                ${compared.map(keyOf)}::text[])
      WITH ORDINALITY AS k (repository, reference, kind, key, i)
    LEFT JOIN repository ON repository.name = k.repository
    LEFT JOIN tag ON tag.repository_id = repository.id AND tag.name = k.reference
    LEFT JOIN LATERAL (
      SELECT origin, origin_seq, path FROM journal
      WHERE journal.kind = k.kind AND journal.key = k.key
      ORDER BY seq DESC LIMIT 1
    ) AS made ON true
  `.execute(db);
  const again = new Map(rows.map((row) => [row.i, row]));
  return compared.map((one, n) => {
    const { digest, origin: registry, origin_seq: seq, path } = again.get(n + 1)!;
    const atSource = asDigest(one.reference) ? one.atSource : digest;
    if (registry === null) return { ...one, atSource };
    return { ...one, atSource, origin: { registry, seq: seq!, path: [...path!, here] } };
  });
}

/** A name as our tables have it now, and the newest change of it; null where there is none. */
interface ReadAgain {
  i: number;
  digest: Digest | null;
  origin: string | null;
  origin_seq: number | null;
  path: string[] | null;
}

async function lockCursor(db: Transaction<Database>): Promise<void> {
  await db
    .selectFrom("journal_cursor")
    .select("seq")
    .where("reader", "=", READER)
    .forUpdate()
    .execute();
}

/** What this policy had replicated and the source no longer has. */
async function storeDeletions(
  { catalog, policy, run, rules }: Both,
  listed: ReadonlySet<string>,
): Promise<number> {
  const { origin } = rules;
  return catalog.transaction(async (db) => {
    if (policy.destEndpointId !== null) await lockCursor(db);
    const rows = await db
      .selectFrom("replica")
      .select(["repository", "reference", "target", "arrived"])
      .where("policy_id", "=", policy.id)
      .where("arrived", "is not", null)
      .where("wanted", "is not", null)
      .execute();
    const gone = rows.filter((row) => !listed.has(keyOf(row)));
    const still = policy.destEndpointId === null ? new Set() : await stillHere(db, gone);
    const steps = gone
      .filter((row) => !still.has(keyOf(row)))
      .map(({ repository, reference, target }): Step => ({
        operation: "delete",
        repository,
        reference,
        target,
        digest: null,
        origin,
      }));
    await run.addTasks(await storeSteps(db, policy, steps), db);
    return steps.length;
  });
}

/** Names of `gone` that our own source has after all: pushed meanwhile, or no longer selected. */
async function stillHere(
  db: Transaction<Database>,
  gone: readonly { repository: string; reference: string }[],
): Promise<Set<unknown>> {
  const { rows } = await sql<{ repository: string; reference: string }>`
    SELECT k.repository, k.reference
    FROM unnest(${gone.map((row) => row.repository)}::text[],
                ${gone.map((row) => row.reference)}::text[]) AS k (repository, reference)
    JOIN repository ON repository.name = k.repository
    WHERE EXISTS (SELECT FROM tag
                  WHERE repository_id = repository.id AND name = k.reference)
       OR EXISTS (SELECT FROM manifest
                  WHERE repository_id = repository.id AND digest = k.reference)
  `.execute(db);
  return new Set(rows.map(keyOf));
}
