import { anyOf, type Catalog, type Database } from "@entrepot/catalog";
import { asDigest, type Digest, RegistryError } from "@entrepot/oci";
import { type Kysely, sql } from "kysely";
import { compileFilters } from "./filters.ts";
import { policyOf, type PolicyRow } from "./policy-rows.ts";
import { RUN } from "./run-task.ts";
import { READER } from "./cursor.ts";
import { type Unexplained, waitingReasons } from "./waiting.ts";

/** An image here, by tag or digest. */
export interface ImageName {
  readonly repository: string;
  readonly reference: string;
}

/** Where one policy should have brought an image. */
export interface Destination {
  readonly policyId: number;
  readonly policyName: string;
  readonly endpointName: string;
  /** The repository at the target; null while it is not planned. */
  readonly target: string | null;
  readonly arrived: boolean;
  /** Why it has not arrived; empty if it has. */
  readonly why: string;
}

/** Where an image should be, and whether it is there. */
export interface Whereabouts extends ImageName {
  /** What it names here now. */
  readonly digest: Digest;
  readonly arrived: boolean;
  /** One for each policy that replicates it. */
  readonly destinations: readonly Destination[];
}

interface Found extends ImageName {
  readonly digest: Digest;
  /** The journal's newest entry about it. */
  readonly seq: number;
}

interface ReplicaRow {
  readonly policy_id: number;
  readonly repository: string;
  readonly reference: string;
  readonly target: string;
  readonly wanted: Digest | null;
  readonly arrived: Digest | null;
  readonly wanted_since: Date;
  readonly attempts: number;
  readonly next_attempt: Date | null;
  readonly stopped: boolean;
  readonly last_error: string | null;
}

type PushPolicy = PolicyRow & {
  readonly endpoint_id: number;
  readonly endpoint_name: string;
  readonly status: string;
  readonly status_text: string;
};

/**
 * Where `images` should be, and whether they are there with the digest that they have here now.
 * Counted are all enabled event-based policies, or those of `policyIds`. Nothing has arrived before
 * the trigger has read the push in the journal. Throws NOT_FOUND for an image that is not here.
 */
export async function whereabouts(
  { db }: Pick<Catalog, "db">,
  images: readonly ImageName[],
  policyIds?: readonly number[],
): Promise<Whereabouts[]> {
  const found = await findImages(db, images);
  const [policies, cursor] = await Promise.all([pushPolicies(db, policyIds), readCursor(db)]);
  const [replicas, runs] = await Promise.all([
    replicasOf(db, found, policies),
    openRuns(db, policies),
  ]);
  const all: Whereabouts[] = [];
  for (const image of found) {
    const destinations: Destination[] = [];
    for (const policy of policies) {
      const rows = replicas.filter(
        (row) => row.policy_id === policy.id && isAbout(row, image) && row.wanted !== null,
      );
      const unread = policy.trigger_type === "event_based" && cursor < image.seq;
      const one = await standingAt(db, { image, policy, rows, unread, runs });
      if (one) destinations.push(one);
    }
    const { repository, reference, digest } = image;
    const arrived = destinations.every((one) => one.arrived);
    all.push({ repository, reference, digest, arrived, destinations });
  }
  return all;
}

/** A tag goes by its own row; an artifact by digest may travel under any of its tags. */
function isAbout(row: ReplicaRow, { repository, reference, digest }: Found): boolean {
  if (row.repository !== repository) return false;
  return row.reference === reference || (reference === digest && row.wanted === digest);
}

interface Question {
  readonly image: Found;
  readonly policy: PushPolicy;
  readonly rows: readonly ReplicaRow[];
  readonly unread: boolean;
  readonly runs: ReadonlySet<number>;
}

/** Null where the policy does not replicate the image. */
async function standingAt(db: Kysely<Database>, question: Question): Promise<Destination | null> {
  const { image, policy, rows, unread, runs } = question;
  const there = rows.find((row) => row.wanted === image.digest && row.arrived === image.digest);
  const row = there ?? rows.find((one) => one.wanted === image.digest) ?? rows[0];
  const about = {
    policyId: policy.id,
    policyName: policy.name,
    endpointName: policy.endpoint_name,
    target: row?.target ?? null,
    arrived: there !== undefined && !unread,
  };
  if (about.arrived) return { ...about, why: "" };
  if (!row && !selects(policy, image)) return null;
  if (unread) return { ...about, why: "the journal has not been read this far yet" };
  if (!row) {
    if (runs.has(policy.id)) return { ...about, why: "a run that lists everything is under way" };
    if (hasFiltersByContent(policy)) return null;
    return { ...about, why: "the policy has not met it yet; run the policy" };
  }
  if (row.wanted !== image.digest) {
    const why = `the target is to have ${row.wanted}, not ${image.digest}; run the policy`;
    return { ...about, why };
  }
  const [reason] = await waitingReasons(db, [unexplained(policy, row)]);
  return { ...about, why: reason!.why };
}

function unexplained(policy: PushPolicy, row: ReplicaRow): Unexplained {
  return {
    endpointId: policy.endpoint_id,
    endpointName: policy.endpoint_name,
    push: true,
    enabled: policy.enabled,
    options: policyOf(policy).options,
    status: policy.status,
    statusText: policy.status_text,
    row: {
      repository: row.repository,
      reference: row.reference,
      target: row.target,
      wanted: row.wanted,
      arrived: row.arrived,
      wantedSince: row.wanted_since,
      attempts: row.attempts,
      nextAttempt: row.next_attempt,
      stopped: row.stopped,
      lastError: row.last_error,
    },
  };
}

/** By its name alone: what else filters ask for is in the journal's or a run's plan. */
function selects(policy: PushPolicy, { repository, reference }: Found): boolean {
  const selection = compileFilters(policyOf(policy).filters);
  return selection.repository(repository) && selection.tag(asDigest(reference) ? "" : reference);
}

function hasFiltersByContent(policy: PushPolicy): boolean {
  return policyOf(policy).filters.some(({ type }) => type !== "name" && type !== "tag");
}

async function findImages(db: Kysely<Database>, images: readonly ImageName[]): Promise<Found[]> {
  const { rows } = await sql<{ i: number; digest: Digest | null; seq: number | null }>`
    SELECT k.i, coalesce(tag.digest, m.digest) AS digest, made.seq
    FROM unnest(${images.map((image) => image.repository)}::text[],
                ${images.map((image) => image.reference)}::text[])
      WITH ORDINALITY AS k (repository, reference, i)
    LEFT JOIN repository home ON home.name = k.repository
    LEFT JOIN tag ON tag.repository_id = home.id AND tag.name = k.reference
    LEFT JOIN manifest m ON m.repository_id = home.id AND m.digest = k.reference
    LEFT JOIN LATERAL (
      SELECT seq FROM journal
      WHERE kind = CASE WHEN tag.id IS NULL THEN 'manifest' ELSE 'tag' END
        AND key = k.repository || CASE WHEN tag.id IS NULL THEN '@' ELSE ':' END || k.reference
      ORDER BY seq DESC LIMIT 1
    ) AS made ON true
    ORDER BY k.i
  `.execute(db);
  return rows.map(({ digest, seq }, i) => {
    const image = images[i]!;
    if (digest) return { ...image, digest, seq: seq ?? 0 };
    const { repository, reference } = image;
    const name = `${repository}${asDigest(reference) ? "@" : ":"}${reference}`;
    throw new RegistryError("NOT_FOUND", `${name} is not in this registry; push it first`);
  });
}

async function pushPolicies(
  db: Kysely<Database>,
  policyIds?: readonly number[],
): Promise<PushPolicy[]> {
  const some = policyIds?.length ? sql`policy.id = ANY(${policyIds}::integer[])` : null;
  const { rows } = await sql<PushPolicy>`
    SELECT policy.*, endpoint.id AS endpoint_id, endpoint.name AS endpoint_name,
           endpoint.status, endpoint.status_text
    FROM replication_policy policy
    JOIN registry_endpoint endpoint ON endpoint.id = policy.dest_endpoint_id
    WHERE ${some ?? sql`policy.enabled AND policy.trigger_type = 'event_based'`}
    ORDER BY policy.id
  `.execute(db);
  const missing = policyIds?.find((id) => !rows.some((row) => row.id === id));
  if (missing === undefined) return rows;
  const what = `replication policy ${missing} does not exist, or does not push from here`;
  throw new RegistryError("NOT_FOUND", what);
}

async function readCursor(db: Kysely<Database>): Promise<number> {
  const row = await db
    .selectFrom("journal_cursor")
    .select("seq")
    .where("reader", "=", READER)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

async function replicasOf(
  db: Kysely<Database>,
  images: readonly Found[],
  policies: readonly PushPolicy[],
): Promise<ReplicaRow[]> {
  const { rows } = await sql<ReplicaRow>`
    SELECT DISTINCT policy_id, replica.repository, replica.reference, target, wanted, arrived,
           wanted_since, attempts, last_error, nullif(next_attempt, 'infinity') AS next_attempt,
           coalesce(next_attempt = 'infinity', false) AS stopped
    FROM unnest(${images.map((image) => image.repository)}::text[],
                ${images.map((image) => image.reference)}::text[],
                ${images.map((image) => image.digest)}::text[])
      AS k (repository, reference, digest)
    JOIN replica ON replica.repository = k.repository
      AND (replica.reference = k.reference
           OR (k.reference = k.digest AND replica.wanted = k.digest))
    WHERE policy_id = ANY(${policies.map((policy) => policy.id)}::integer[])
  `.execute(db);
  return rows;
}

/** Policies of which a run is still listing and comparing. */
async function openRuns(
  db: Kysely<Database>,
  policies: readonly PushPolicy[],
): Promise<Set<number>> {
  const lanes = policies.map((policy) => `policy:${policy.id}`);
  if (lanes.length === 0) return new Set();
  const rows = await db
    .selectFrom("task")
    .select("lane")
    .where("lane", "=", anyOf(lanes))
    .where("kind", "=", RUN)
    .where("status", "in", ["Pending", "Scheduled", "Running"])
    .execute();
  return new Set(rows.map(({ lane }) => Number(lane.slice("policy:".length))));
}
