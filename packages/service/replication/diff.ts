import type { Catalog } from "@entrepot/catalog";
import { asDigest, cosignSubjectOf, type Digest, RegistryError } from "@entrepot/oci";
import type { Registry, Repository } from "@entrepot/registry";
import { destinationOf } from "./destination.ts";
import type { Endpoints } from "./endpoints.ts";
import { compileFilters } from "./filters.ts";
import type { ListedArtifact, Origin, Policy, Site } from "./ports.ts";
import { selectedArtifacts } from "./selected.ts";

/** How a name stands: see `diffPolicy`. */
export type DiffState = "equal" | "different" | "missing" | "extra" | "unreferenced";

/** A name at source and target, side by side. */
export interface DiffEntry {
  readonly state: DiffState;
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
  /** The repository at the target. */
  readonly target: string;
  /** What it names at the source and at the target; null where it is not there. */
  readonly atSource: Digest | null;
  readonly atTarget: Digest | null;
  /** Of a signature, SBOM or the like: what it belongs to. */
  readonly subject: Digest | null;
}

/** What comparing needs. */
export interface DiffOptions {
  readonly catalog: Pick<Catalog, "db" | "registryId">;
  readonly endpoints: Pick<Endpoints, "site">;
  readonly local: Site;
  readonly policy: Policy;
  readonly signal?: AbortSignal;
}

interface Sides {
  readonly policy: Policy;
  readonly source: Registry;
  readonly target: Registry;
  readonly selectsTag: (tag: string) => boolean;
}

/** Names asked about at once. */
const AT_ONCE = 16;
const PAGE = 1_000;

/**
 * Compares what `policy` selects at its source with its target, without changing either. Per name:
 * `equal`; `different` digests; `missing` at the target; `extra` at the target (a tag that the
 * filters take, in a repository that the policy brings there or has brought there); `unreferenced`,
 * a signature or other referrer whose subject the target lacks. Repository by repository; memory
 * holds one repository's names. Throws what either side's registry throws: a comparison that ends
 * is whole.
 */
export async function* diffPolicy(options: DiffOptions): AsyncGenerator<DiffEntry> {
  const { catalog, endpoints, local, policy, signal } = options;
  const push = policy.destEndpointId !== null;
  const remote = await endpoints.site((policy.destEndpointId ?? policy.srcEndpointId)!);
  const [from, to] = push ? [local, remote] : [remote, local];
  const origin: Origin = { registry: catalog.registryId, seq: 0, path: [] };
  const selection = compileFilters(policy.filters);
  const sides: Sides = {
    policy,
    source: from.registry(origin),
    target: to.registry(origin),
    selectsTag: (tag) => selection.tag(tag),
  };
  const seen = new Set<string>();
  const source = { site: from, catalog: push ? catalog : null, origin };
  for await (const group of byRepository(selectedArtifacts(source, selection))) {
    seen.add(group[0]!.repository);
    for await (const entry of diffRepository(sides, group)) {
      signal?.throwIfAborted();
      yield entry;
    }
  }
  yield* goneRepositories(options, sides, seen);
}

async function* byRepository(
  listed: AsyncIterable<ListedArtifact>,
): AsyncGenerator<ListedArtifact[]> {
  let group: ListedArtifact[] = [];
  for await (const artifact of listed) {
    if (group.length > 0 && group[0]!.repository !== artifact.repository) {
      yield group;
      group = [];
    }
    group.push(artifact);
  }
  if (group.length > 0) yield group;
}

async function* diffRepository(
  sides: Sides,
  group: readonly ListedArtifact[],
): AsyncGenerator<DiffEntry> {
  const { policy } = sides;
  const { repository } = group[0]!;
  const name = destinationOf(repository, policy.destNamespace, policy.destNamespaceReplaceCount);
  const source = sides.source.repository(repository);
  const target = sides.target.repository(name);
  const about = { repository, target: name };
  const tagsThere = await allTags(target);
  const here = new Set(group.map((artifact) => artifact.reference));
  const subjects = new Set<Digest>();

  const questions = group.map((artifact) => async (): Promise<DiffEntry[]> => {
    const { reference } = artifact;
    const isTag = asDigest(reference) === null;
    const atSource = artifact.digest ?? (await digestAt(source, reference));
    const asked = tagsThere !== null && (!isTag || tagsThere.has(reference));
    const atTarget = asked ? await digestAt(target, reference) : null;
    if (atSource === null) return [];
    const subject = isTag ? cosignSubjectOf(reference) : null;
    const first = { ...about, reference, atSource, atTarget, subject };
    const entry: DiffEntry = { ...first, state: stateOf(atSource, atTarget) };
    if (subjects.has(atSource)) return [entry];
    subjects.add(atSource);
    const lacksSubject = atTarget !== atSource && !(await has(target, tagsThere, atSource));
    const more = await diffReferrers({ source, target, tagsThere, atSource, lacksSubject, about });
    return [entry, ...more];
  });
  for await (const entries of inOrder(questions)) {
    for (const entry of entries) yield await unreferencedIf(target, entry);
  }
  if (tagsThere === null) return;
  const extra = [...tagsThere].filter((tag) => !here.has(tag) && sides.selectsTag(tag));
  const asked = extra.map((reference) => async (): Promise<DiffEntry> => {
    const atTarget = await digestAt(target, reference);
    const subject = cosignSubjectOf(reference);
    return { ...about, state: "extra", reference, atSource: null, atTarget, subject };
  });
  for await (const entry of inOrder(asked)) {
    // One that has gone meanwhile is no difference.
    if (entry.atTarget !== null) yield await unreferencedIf(target, entry);
  }
}

function stateOf(atSource: Digest, atTarget: Digest | null): DiffState {
  if (atTarget === null) return "missing";
  return atSource === atTarget ? "equal" : "different";
}

/** A signature at the target, by cosign's tag, whose image is not there is unreferenced. */
async function unreferencedIf(target: Repository, entry: DiffEntry): Promise<DiffEntry> {
  const { subject, atTarget, state } = entry;
  if (subject === null || atTarget === null || state === "unreferenced") return entry;
  return (await digestAt(target, subject)) === null ? { ...entry, state: "unreferenced" } : entry;
}

interface Referred {
  readonly source: Repository;
  readonly target: Repository;
  readonly tagsThere: ReadonlySet<string> | null;
  readonly atSource: Digest;
  readonly lacksSubject: boolean;
  readonly about: Pick<DiffEntry, "repository" | "target">;
}

/** What refers to an artifact at the source, beside the target. */
async function diffReferrers(referred: Referred): Promise<DiffEntry[]> {
  const { source, target, atSource, lacksSubject, about } = referred;
  const { items } = await source.referrers(atSource, { n: PAGE });
  const entries: DiffEntry[] = [];
  for (const { digest } of items) {
    const atTarget = referred.tagsThere === null ? null : await digestAt(target, digest);
    const there = lacksSubject ? "unreferenced" : "equal";
    const state = atTarget === null ? "missing" : there;
    const about2 = { ...about, reference: digest, atSource: digest, atTarget };
    entries.push({ ...about2, state, subject: atSource });
  }
  return entries;
}

/** What the policy had brought from repositories that its source no longer shows. */
async function* goneRepositories(
  { catalog, policy, signal }: DiffOptions,
  sides: Sides,
  seen: ReadonlySet<string>,
): AsyncGenerator<DiffEntry> {
  let after = { repository: "", reference: "" };
  for (;;) {
    const rows = await catalog.db
      .selectFrom("replica")
      .select(["repository", "reference", "target"])
      .where("policy_id", "=", policy.id)
      .where("arrived", "is not", null)
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple("repository", "reference"), ">", tuple(after.repository, after.reference)),
      )
      .orderBy("repository")
      .orderBy("reference")
      .limit(PAGE)
      .execute();
    const gone = rows.filter((row) => !seen.has(row.repository));
    const asked = gone.map((row) => async (): Promise<DiffEntry> => {
      const atTarget = await digestAt(sides.target.repository(row.target), row.reference);
      return { ...row, state: "extra", atSource: null, atTarget, subject: null };
    });
    for await (const entry of inOrder(asked)) {
      signal?.throwIfAborted();
      if (entry.atTarget !== null) yield entry;
    }
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last;
  }
}

/** The tags of a repository; null if it does not exist. */
async function allTags(repository: Repository): Promise<Set<string> | null> {
  const tags = new Set<string>();
  let last: string | undefined;
  try {
    do {
      const page = await repository.tags({ n: PAGE, ...(last !== undefined && { last }) });
      for (const tag of page.items) tags.add(tag);
      last = page.next ?? undefined;
    } while (last !== undefined);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "NAME_UNKNOWN") return null;
    throw error;
  }
  return tags;
}

async function has(
  target: Repository,
  tagsThere: ReadonlySet<string> | null,
  digest: Digest,
): Promise<boolean> {
  return tagsThere !== null && (await digestAt(target, digest)) !== null;
}

async function digestAt(repository: Repository, reference: string): Promise<Digest | null> {
  try {
    return (await repository.resolve(reference))?.digest ?? null;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "NAME_UNKNOWN") return null;
    throw error;
  }
}

/** Answers to `questions` in their order, at most AT_ONCE asked at a time. */
async function* inOrder<T>(questions: readonly (() => Promise<T>)[]): AsyncGenerator<T> {
  const asked: Promise<T>[] = [];
  for (let next = 0; next < questions.length || asked.length > 0;) {
    while (asked.length < AT_ONCE && next < questions.length) {
      const answer = questions[next++]!();
      // Whoever comes to it in turn is told; nobody else needs to be.
      answer.catch(() => undefined);
      asked.push(answer);
    }
    yield await asked.shift()!;
  }
}
