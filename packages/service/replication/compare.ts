import type { Catalog, Database } from "@entrepot/catalog";
import { asDigest, type Digest } from "@entrepot/oci";
import { eachOf, type Registry } from "@entrepot/registry";
import { type Kysely, sql } from "kysely";
import { destinationOf } from "./destination.ts";
import type { Endpoints } from "./endpoints.ts";
import { compileFilters } from "./filters.ts";
import { namesAfter } from "./kept-place.ts";
import { keyOf } from "./planner.ts";
import type { Compared, RunRules } from "./plan-run.ts";
import type { ListedArtifact, Policy, Site } from "./ports.ts";
import { digestAt, type TargetNames, targetNames } from "./target-names.ts";
import { rewritesFor, selectedPlatforms } from "./policy-platforms.ts";
import { selectedArtifacts } from "./selected.ts";

/** Names compared at a time, and how many of them at once. */
const BATCH = 200;
const AT_ONCE = 32;

/** Both sides of a policy. */
export interface Sides {
  readonly policy: Policy;
  readonly source: Site;
  readonly target: Site;
  readonly rules: RunRules;
  readonly catalog: Catalog;
  readonly signal: AbortSignal;
}

/** Where a comparison goes on, and who is told of what comes before. */
export interface GoOn {
  /** See `Place`; null: at the beginning. */
  readonly last: string | null;
  passed(name: ListedArtifact): void;
}

/** What finding the sides needs. */
export interface SidesOptions {
  readonly catalog: Catalog;
  readonly endpoints: Pick<Endpoints, "get" | "site">;
  readonly local: Site;
}

/** The sides of `policy`. Throws NOT_FOUND for an unknown endpoint, and what a ping throws. */
export async function sidesOf(
  { catalog, endpoints, local }: SidesOptions,
  policy: Policy,
  { giveBack, signal }: { giveBack: boolean; signal: AbortSignal },
): Promise<Sides> {
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
  const rules = { origin, peerId: push ? peerId : null, giveBack };
  const [source, target] = push ? [local, remote] : [remote, local];
  return { policy, source, target, rules, catalog, signal };
}

/**
 * Everything that the policy selects at the source beside what the target has, batch by batch;
 * with `from`, only what comes after its place. While one is stored the next is compared already.
 */
export async function* compareAll(sides: Sides, from?: GoOn): AsyncGenerator<Compared[]> {
  const { signal } = sides;
  let before: Promise<Compared[]> | null = null;
  const lookUp = targetNames(sides.target, sides.rules.origin);
  const names = from ? namesAfter(selectedBy(sides), from.last, from.passed) : selectedBy(sides);
  for await (const batch of batches(names, BATCH)) {
    signal.throwIfAborted();
    const begun = compare(sides, batch, lookUp);
    // It is heard when its turn comes, if nothing else has failed by then.
    begun.catch(() => undefined);
    if (before) yield before;
    before = begun;
  }
  if (before) yield before;
}

function selectedBy({ policy, source, catalog, rules }: Sides): AsyncIterable<ListedArtifact> {
  const own = policy.destEndpointId !== null;
  const from = { site: source, catalog: own ? catalog : null, origin: rules.origin };
  return selectedArtifacts(from, compileFilters(policy.filters));
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
async function compare(
  sides: Sides,
  batch: readonly ListedArtifact[],
  lookUp: TargetNames,
): Promise<Compared[]> {
  const { policy, source, rules } = sides;
  const rewrites = rewritesFor(policy) !== null;
  const whole = source.registry(rules.origin);
  const from: Pick<Registry, "repository"> = {
    repository: (name) => selectedPlatforms(policy, whole.repository(name)),
  };
  const found: Omit<Compared, "atTarget">[] = [];
  await eachOf([...batch.entries()], AT_ONCE, async ([i, { repository, reference, digest }]) => {
    const { destNamespace, destNamespaceReplaceCount } = policy;
    const target = destinationOf(repository, destNamespace, destNamespaceReplaceCount);
    const atSource =
      digest !== null && !rewrites ? digest : await digestAt(from, repository, reference);
    const listed = rewrites && digest ? { listed: digest } : {};
    found[i] = { repository, reference, target, atSource, ...listed };
  });
  const busy = await underWay(sides, found);
  const there = await lookUp(found);
  return found.map((one, i) => ({
    ...one,
    atTarget: there[i]!,
    ...(busy.has(keyOf(one)) && { inDoubt: true }),
  }));
}

/**
 * Of `names` those of which something is on its way, before the target is asked: what it answers
 * then may be overtaken, by a deletion above all, of which no trace is left once it has arrived.
 */
async function underWay(
  { catalog, policy }: Sides,
  names: readonly { repository: string; reference: string }[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ repository: string; reference: string }>`
    SELECT repository, reference FROM replica
    JOIN unnest(${names.map((one) => one.repository)}::text[],
                ${names.map((one) => one.reference)}::text[]) AS k (repository, reference)
      USING (repository, reference)
    WHERE policy_id = ${policy.id}
      AND (wanted IS DISTINCT FROM arrived OR sent IS DISTINCT FROM arrived AND sent IS NOT NULL)
  `.execute(catalog.db);
  return new Set(rows.map(keyOf));
}

/** What a tag names by now. Of one that is rewritten and has moved, a next run learns that. */
function asNow({ listed, atSource }: Compared, digest: Digest | null): Digest | null {
  if (listed === undefined) return digest;
  return digest === listed ? atSource : null;
}

/** A name as our tables have it now, and the newest change of it; null where there is none. */
interface ReadAgain {
  readonly i: number;
  readonly known: boolean;
  readonly arrived: Digest | null;
  readonly sent: Digest | null;
  /** The clock of the change that the replica is about. */
  readonly told: string | null;
  readonly digest: Digest | null;
  readonly origin: string | null;
  readonly origin_seq: number | null;
  readonly path: string[] | null;
  readonly clock: string | null;
}

/**
 * `compared` with what our tables say in `db`: what this policy has brought to the target; and,
 * where we are the source, what the tags name now and where that came from, since a listing may be
 * older than an event that has been planned already, and a run carries changes on, it makes none.
 */
export async function readAgain(
  db: Kysely<Database>,
  { policy, catalog }: Pick<Sides, "policy" | "catalog">,
  compared: readonly Compared[],
): Promise<Compared[]> {
  const push = policy.destEndpointId !== null;
  const ours = push
    ? sql`
    LEFT JOIN repository ON repository.name = k.repository
    LEFT JOIN tag ON tag.repository_id = repository.id AND tag.name = k.reference
    LEFT JOIN LATERAL (
      SELECT origin, origin_seq, path, clock FROM journal
      WHERE journal.kind = k.kind AND journal.key = k.key
      ORDER BY seq DESC LIMIT 1
    ) AS made ON true`
    : sql`
    CROSS JOIN (SELECT NULL::text AS digest) AS tag
    CROSS JOIN (SELECT NULL::text AS origin, NULL::bigint AS origin_seq, NULL::text[] AS path,
                       NULL::text AS clock) AS made`;
  const { rows } = await sql<ReadAgain>`
    SELECT k.i, replica.policy_id IS NOT NULL AS known, replica.arrived, replica.sent,
           replica.origin ->> 'clock' AS told, tag.digest,
           made.origin, made.origin_seq, made.path, made.clock
    FROM unnest(${compared.map((one) => one.repository)}::text[],
                ${compared.map((one) => one.reference)}::text[],
                ${compared.map((one) => one.target)}::text[],
                ${compared.map((one) => (asDigest(one.reference) ? "manifest" : "tag"))}::text[],
                ${compared.map(keyOf)}::text[])
      WITH ORDINALITY AS k (repository, reference, target, kind, key, i)
    LEFT JOIN replica ON replica.policy_id = ${policy.id}
      AND replica.repository = k.repository AND replica.reference = k.reference
      AND replica.target = k.target
    ${ours}
  `.execute(db);
  const again = new Map(rows.map((row) => [row.i, row]));
  return compared.map((one, n) => {
    const { known, arrived, sent, told, digest, origin: registry, ...made } = again.get(n + 1)!;
    const brought = [arrived, sent].filter((what) => what !== null);
    const atSource = push && !asDigest(one.reference) ? asNow(one, digest) : one.atSource;
    const onItsWay = arrived !== atSource || (sent !== null && sent !== arrived);
    const isUntold = known && (onItsWay || told !== made.clock);
    const now = { ...one, atSource, brought, inDoubt: one.inDoubt === true || isUntold };
    if (registry === null) return now;
    const path = [...made.path!, catalog.registryId];
    const clock = made.clock === null ? {} : { clock: made.clock };
    return { ...now, origin: { registry, seq: made.origin_seq!, path, ...clock } };
  });
}
