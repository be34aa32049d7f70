import { anyOf, type Database } from "@entrepot/catalog";
import { asDigest, type Digest } from "@entrepot/oci";
import { type Kysely, sql } from "kysely";
import type { Facts } from "./facts.ts";
import type { Selection } from "./filters.ts";
import { rewriteIndex, type TakesPlatform } from "@entrepot/registry";
import { type LocalArtifact, localFacts } from "./local-facts.ts";
import { choiceKey, type NameChange, type Planned } from "./planner.ts";
import { rewritesFor } from "./policy-platforms.ts";
import { newestTags } from "./selected.ts";

/** Artifacts asked about in one query. */
const BATCH = 500;

/**
 * Which of `changes` here the filters by content take, as `choiceKey`s; undefined where there are
 * no such filters. Where platforms are selected only tags are taken: what is pushed without one is
 * most often what an index is going to hold, for a platform that may not be selected.
 * A query for all changes, and one more for the tags of their repositories where the newest are
 * asked for.
 */
async function chosenOf(
  db: Kysely<Database>,
  selection: Selection,
  changes: readonly NameChange[],
): Promise<ReadonlySet<string> | undefined> {
  if (selection.needs.size === 0) return undefined;
  const named = changes.flatMap((change): LocalArtifact[] => {
    const { kind, repository, reference, digest } = change;
    const tag = kind === "tag" ? reference : null;
    if (digest === null || !selection.repository(repository)) return [];
    if (selection.platform && tag === null) return [];
    return selection.tag(tag ?? "") ? [{ repository, tag, digest }] : [];
  });
  if (selection.newest === null) {
    const facts = await factsOf(db, named, selection);
    const taken = named.filter((_, i) => facts[i] != null && selection.artifact(facts[i]));
    return new Set(taken.map(keyOf));
  }
  const repositories = [...new Set(named.map(({ repository }) => repository))];
  const tags = await tagsIn(db, repositories);
  const facts = await factsOf(db, tags, selection);
  const known = tags.map((one, i) => ({ ...one, tag: one.tag!, facts: facts[i] ?? null }));
  const newest = [...Map.groupBy(known, ({ repository }) => repository).values()].flatMap((of) =>
    newestTags(of, selection),
  );
  return new Set(newest.map(keyOf));
}

const keyOf = ({ repository, tag, digest }: LocalArtifact): string =>
  choiceKey({ repository, reference: tag ?? digest, digest });

async function factsOf(
  db: Kysely<Database>,
  artifacts: readonly LocalArtifact[],
  { needs }: Selection,
): Promise<(Facts | null)[]> {
  const facts: (Facts | null)[] = [];
  for (let at = 0; at < artifacts.length; at += BATCH) {
    facts.push(...(await localFacts(db, artifacts.slice(at, at + BATCH), needs)));
  }
  return facts;
}

async function tagsIn(
  db: Kysely<Database>,
  repositories: readonly string[],
): Promise<LocalArtifact[]> {
  if (repositories.length === 0) return [];
  const rows = await db
    .selectFrom("tag")
    .innerJoin("repository", "repository.id", "tag.repository_id")
    .select(["repository.name as repository", "tag.name as tag", "digest"])
    .where("repository.name", "=", anyOf(repositories))
    .execute();
  return rows as LocalArtifact[];
}

/**
 * `plan` with what it chooses of `changes`, and the changes as it is to see them: where indexes are
 * rewritten for its platforms, with the digests that they then have.
 */
export async function chosenBy(
  db: Kysely<Database>,
  plan: Planned,
  changes: readonly NameChange[],
): Promise<{ plan: Planned; changes: readonly NameChange[] }> {
  const chosen = await chosenOf(db, plan.selection, changes);
  if (!chosen) return { plan, changes };
  const takes = rewritesFor(plan.policy);
  if (!takes) return { plan: { ...plan, chosen }, changes };
  const taken = changes.filter((change) => chosen.has(choiceKey(change)));
  const digests = await rewrittenDigests(db, taken, takes);
  const seen = new Set<string>();
  const rewritten = changes.map((change) => {
    const digest = digests.get(`${change.repository}@${change.digest}`) ?? change.digest;
    if (chosen.has(choiceKey(change))) seen.add(choiceKey({ ...change, digest }));
    return { ...change, digest };
  });
  return { plan: { ...plan, chosen: seen }, changes: rewritten };
}

async function rewrittenDigests(
  db: Kysely<Database>,
  changes: readonly NameChange[],
  takes: TakesPlatform,
): Promise<Map<string, Digest>> {
  const { rows } = await sql<{ key: string; media_type: string; bytes: Buffer }>`
    SELECT DISTINCT ON (key) k.repository || '@' || k.digest AS key, m.media_type, m.bytes
    FROM unnest(${changes.map((change) => change.repository)}::text[],
                ${changes.map((change) => change.digest)}::text[]) AS k (repository, digest)
    JOIN repository r ON r.name = k.repository
    JOIN manifest m ON m.repository_id = r.id AND m.digest = k.digest
  `.execute(db);
  return new Map(
    rows.flatMap(({ key, media_type: mediaType, bytes }) => {
      const index = rewriteIndex(bytes, mediaType, takes);
      return index ? [[key, index.content.digest] as const] : [];
    }),
  );
}

/** An artifact about which something changed that filters may ask for. */
export interface Touched {
  readonly repository: string;
  readonly digest: Digest;
  readonly because: "labels" | "signed";
}

/**
 * `touched` artifacts under all names that they have here now (their tags, or else their digests),
 * each as the change that made the name: that is what would travel, on its own path.
 */
export async function namesOf(
  db: Kysely<Database>,
  touched: readonly Touched[],
  here: string,
): Promise<NameChange[]> {
  if (touched.length === 0) return [];
  const { rows } = await sql<{
    i: number;
    reference: string;
    origin: string | null;
    origin_seq: number | null;
    path: string[] | null;
    clock: string | null;
  }>`
    SELECT k.i, coalesce(t.name, k.digest) AS reference, made.origin, made.origin_seq, made.path,
      made.clock
    FROM unnest(${touched.map((one) => one.repository)}::text[],
                ${touched.map((one) => one.digest)}::text[])
      WITH ORDINALITY AS k (repository, digest, i)
    JOIN repository r ON r.name = k.repository
    JOIN manifest m ON m.repository_id = r.id AND m.digest = k.digest
    LEFT JOIN tag t ON t.repository_id = r.id AND t.digest = m.digest
    LEFT JOIN LATERAL (
      SELECT origin, origin_seq, path, clock FROM journal
      WHERE journal.kind = CASE WHEN t.name IS NULL THEN 'manifest' ELSE 'tag' END
        AND journal.key = k.repository || CASE WHEN t.name IS NULL THEN '@' || k.digest
                                               ELSE ':' || t.name END
      ORDER BY seq DESC LIMIT 1
    ) AS made ON true
    ORDER BY k.i
  `.execute(db);
  return rows.map(({ i, reference, origin, origin_seq: seq, path, clock }) => {
    const { repository, digest, because } = touched[i - 1]!;
    const made = { registry: origin ?? here, seq: seq ?? 0, path: [...(path ?? []), here] };
    return {
      kind: asDigest(reference) ? "manifest" : "tag",
      repository,
      reference,
      digest,
      subject: null,
      because,
      origin: { ...made, ...(clock !== null && { clock }) },
    };
  });
}
