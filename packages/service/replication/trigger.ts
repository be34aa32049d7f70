import {
  anyOf,
  type Catalog,
  type Database,
  type JournalEntry,
  type JournalReader,
} from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { asDigest, cosignSubjectOf, type Digest } from "@entrepot/oci";
import { sql, type Transaction } from "kysely";
import {
  type NameChange,
  planEvents,
  type Planned,
  planned,
  type ReplicaState,
  type Step,
} from "./planner.ts";
import { chosenBy, namesOf, type Touched } from "./chosen.ts";
import { askPayload, underCeiling } from "./ceiling.ts";
import { READER } from "./cursor.ts";
import { VENDOR } from "./policies.ts";
import { policyOf } from "./policy-rows.ts";
import { RUN, storeSteps } from "./replicas.ts";
import { storeHeld } from "./stored-plan.ts";

export { READER } from "./cursor.ts";

/** Indexes within indexes, as deep as copies follow them. */
const DEEPEST_INDEX = 8;

/** How long changes are gathered while no policy waits for them: a new one waits so long, once. */
const GATHER_MS = 250;

/** The trigger, and how it follows the journal. */
export interface Trigger extends JournalReader {
  /** See `FollowOptions`. */
  gatherMs(): number | undefined;
}

/**
 * The reader of the journal that event-based policies live on: what changed here is planned, and
 * the plan, its tasks and the cursor are stored in one transaction.
 */
export function replicationTrigger(catalog: Catalog, jobs: Jobs): Trigger {
  let isWaitedFor = true;
  return {
    name: READER,
    gatherMs: () => (isWaitedFor ? undefined : GATHER_MS),
    async read(entries, db) {
      const here = catalog.registryId;
      const named = entries.flatMap((entry) => nameChange(entry, here));
      const touched = [...named.flatMap(signed), ...entries.flatMap(labelled)];
      if (named.length === 0 && touched.length === 0) return;
      const changes = [...(await withIndexes(db, named)), ...(await namesOf(db, touched, here))];
      if (changes.length === 0) return;
      const policies = await eventPolicies(db);
      isWaitedFor = policies.length > 0;
      for (const policy of policies) {
        const { plan, changes: seen } = await chosenBy(db, policy, changes);
        const known = await knownReplicas(db, plan.policy.id, seen);
        const steps = planEvents(plan, seen, known);
        await startSteps(jobs, plan, steps, db);
      }
    },
  };
}

async function startSteps(
  jobs: Jobs,
  { policy }: Planned,
  asked: readonly Step[],
  db: Transaction<Database>,
): Promise<void> {
  const { steps, held } = await underCeiling(db, policy, asked);
  const execution = {
    vendor: VENDOR,
    vendorId: policy.id,
    trigger: "event_based",
    actor: `system:${READER}`,
  };
  const tasks = await storeSteps(db, policy, steps);
  if (tasks.length > 0) {
    await jobs.execute({ ...execution, plan: steps.length <= 500 ? steps : null, tasks }, db);
  }
  if (held.length === 0) return;
  // It only fails, and says why: nothing is deleted before a run confirms it.
  const ask = { kind: RUN, lane: `policy:${policy.id}`, payload: askPayload(policy, held) };
  const id = await jobs.execute({ ...execution, tasks: [ask] }, db);
  await storeHeld(db, id, held);
}

async function eventPolicies(db: Transaction<Database>): Promise<Planned[]> {
  const rows = await db
    .selectFrom("replication_policy")
    .innerJoin("registry_endpoint", "registry_endpoint.id", "dest_endpoint_id")
    .selectAll("replication_policy")
    .select("registry_endpoint.peer_id")
    .where("enabled", "=", true)
    .where("trigger_type", "=", "event_based")
    .execute();
  return rows.map((row) => planned(policyOf(row), row.peer_id));
}

/** Replicas of the names that changed, and of whatever a changed signature or SBOM refers to. */
export async function knownReplicas(
  db: Transaction<Database>,
  policyId: number,
  changes: readonly NameChange[],
): Promise<ReplicaState[]> {
  const repositories = [...new Set(changes.map((change) => change.repository))];
  const references = [...new Set(changes.map((change) => change.reference))];
  const subjects = [...new Set(changes.flatMap(subjectsOf))];
  const rows = await db
    .selectFrom("replica")
    .select(["repository", "reference", "wanted", "arrived", "sent"])
    .where("policy_id", "=", policyId)
    .where("repository", "=", anyOf(repositories))
    .where((where) =>
      where.or([
        where("reference", "=", anyOf(references)),
        // Nothing to look for there would still have it read all names of a repository.
        ...(subjects.length > 0
          ? [where("wanted", "=", anyOf(subjects)), where("arrived", "=", anyOf(subjects))]
          : []),
      ]),
    )
    .execute();
  return rows as ReplicaState[];
}

/** The digests by which a change may concern names other than its own. */
function subjectsOf(change: NameChange): Digest[] {
  const { kind, digest, reference, subject } = change;
  if (kind === "manifest" && digest === null) return [reference as Digest];
  const referred = kind === "tag" ? cosignSubjectOf(reference) : subject;
  return referred ? [referred, ...(change.indexes ?? [])] : [];
}

/** Tells of each signature and the like which indexes hold what it refers to. */
export async function withIndexes(
  db: Transaction<Database>,
  changes: readonly NameChange[],
): Promise<NameChange[]> {
  const referring = changes.flatMap((change, i) => {
    const [subject] = change.digest === null ? [] : subjectsOf(change);
    return subject ? [{ i, subject, repository: change.repository }] : [];
  });
  if (referring.length === 0) return [...changes];
  const { rows } = await sql<{ i: number; digest: Digest }>`
    WITH RECURSIVE holding AS (
      SELECT k.i, repository.id AS repository_id, k.subject COLLATE "C" AS digest, 0 AS depth
      FROM unnest(${referring.map(({ i }) => i)}::integer[],
                  ${referring.map(({ repository }) => repository)}::text[],
                  ${referring.map(({ subject }) => subject)}::text[]) AS k (i, name, subject)
      JOIN repository ON repository.name = k.name
      UNION
      SELECT holding.i, holding.repository_id, manifest.digest, depth + 1
      FROM holding
      JOIN manifest_reference child ON child.digest = holding.digest AND child.kind = 'manifest'
      JOIN manifest ON manifest.id = child.manifest_id
        AND manifest.repository_id = holding.repository_id
      WHERE depth < ${DEEPEST_INDEX}
    )
    SELECT DISTINCT i, digest FROM holding WHERE depth > 0
  `.execute(db);
  return changes.map((change, i) => {
    const indexes = rows.filter((row) => row.i === i).map((row) => row.digest);
    return indexes.length > 0 ? { ...change, indexes } : change;
  });
}

/** The change of a name that an entry tells of; none if it tells of something else. */
export function nameChange(entry: JournalEntry, here: string): NameChange[] {
  if (entry.kind !== "tag" && entry.kind !== "manifest") return [];
  const separator = entry.kind === "tag" ? ":" : "@";
  const at = entry.key.indexOf(separator);
  const origin = {
    registry: entry.origin,
    seq: entry.originSeq,
    path: [...entry.path, here],
    ...(entry.clock != null && { clock: entry.clock }),
  };
  return [
    {
      kind: entry.kind,
      repository: entry.key.slice(0, at),
      reference: entry.key.slice(at + 1),
      digest: digestIn(entry.after, "digest"),
      subject: digestIn(entry.after, "subject"),
      origin,
    },
  ];
}

/** What a signature that has come refers to: it may be signed only now. */
function signed(change: NameChange): Touched[] {
  const [digest] = change.digest === null ? [] : subjectsOf(change);
  return digest ? [{ repository: change.repository, digest, because: "signed" }] : [];
}

function labelled({ kind, key }: JournalEntry): Touched[] {
  if (kind !== "artifact_label") return [];
  const at = key.indexOf("@");
  const digest = asDigest(key.slice(at + 1));
  return digest ? [{ repository: key.slice(0, at), digest, because: "labels" }] : [];
}

function digestIn(after: JournalEntry["after"], column: string): Digest | null {
  const value = after?.[column];
  return typeof value === "string" ? asDigest(value) : null;
}
