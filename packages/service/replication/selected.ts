import type { Catalog } from "@entrepot/catalog";
import { asDigest, type Digest } from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import type { Facts } from "./facts.ts";
import type { Selection } from "./filters.ts";
import { localFacts } from "./local-facts.ts";
import type { ListedArtifact, Origin, Site } from "./ports.ts";
import { remoteFacts } from "./remote-facts.ts";

/** Artifacts asked about together, and at a time where each costs requests. */
const BATCH = 200;
const AT_ONCE = 16;

/** Tells the facts of some artifacts; null of one that is gone. */
export type AskFacts = (artifacts: readonly ListedArtifact[]) => Promise<(Facts | null)[]>;

/** Where artifacts are selected from. */
export interface SelectedFrom {
  readonly site: Site;
  /** Our tables, where the site is our own. */
  readonly catalog: Pick<Catalog, "db"> | null;
  readonly origin: Origin;
}

/**
 * Everything at a site that `selection` selects, repository by repository: what the site lists by
 * name, and of that what the filters by content take. Throws as the listing does.
 */
export function selectedArtifacts(
  { site, catalog, origin }: SelectedFrom,
  selection: Selection,
): AsyncIterable<ListedArtifact> {
  const listed = site.list(selection);
  if (selection.needs.size === 0) return listed;
  const ask = catalog ? askHere(catalog, selection) : askThere(site, origin, selection);
  return selection.newest === null
    ? selected(listed, selection, ask)
    : newestOf(listed, selection, ask);
}

async function* selected(
  listed: AsyncIterable<ListedArtifact>,
  selection: Selection,
  ask: AskFacts,
): AsyncGenerator<ListedArtifact> {
  for await (const batch of grouped(listed, (_, size) => size < BATCH)) {
    const facts = await ask(batch);
    yield* batch.filter((_, i) => facts[i] != null && selection.artifact(facts[i]));
  }
}

/** Memory holds one repository's names. */
async function* newestOf(
  listed: AsyncIterable<ListedArtifact>,
  selection: Selection,
  ask: AskFacts,
): AsyncGenerator<ListedArtifact> {
  const sameRepository = (one: ListedArtifact, next: ListedArtifact) =>
    one.repository === next.repository;
  for await (const repository of grouped(listed, (group, _, next) => sameRepository(group, next))) {
    const tags = repository.filter(({ reference }) => asDigest(reference) === null);
    const facts = await ask(tags);
    yield* newestTags(
      tags.map((tag, i) => ({ tag: tag.reference, facts: facts[i] ?? null, artifact: tag })),
      selection,
    ).map(({ artifact }) => artifact);
  }
}

/** Of a repository's tags those that `selection` selects, the newest as it says, newest first. */
export function newestTags<T extends { readonly tag: string; readonly facts: Facts | null }>(
  tags: readonly T[],
  selection: Selection,
): T[] {
  const time = ({ facts }: T) => facts?.pushedAt?.getTime() ?? 0;
  return tags
    .filter(({ tag, facts }) => selection.tag(tag) && facts !== null && selection.artifact(facts))
    .toSorted((a, b) => time(b) - time(a) || (a.tag < b.tag ? 1 : -1))
    .slice(0, selection.newest ?? undefined);
}

/** `items` in groups that grow while `joins` says so of their first, their size and the next. */
async function* grouped<T>(
  items: AsyncIterable<T>,
  joins: (first: T, size: number, next: T) => boolean,
): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    if (group.length > 0 && !joins(group[0]!, group.length, item)) {
      yield group;
      group = [];
    }
    group.push(item);
  }
  if (group.length > 0) yield group;
}

function askHere({ db }: Pick<Catalog, "db">, { needs }: Selection): AskFacts {
  return async (artifacts) => {
    const facts: (Facts | null)[] = [];
    for (let at = 0; at < artifacts.length; at += BATCH) {
      const batch = artifacts.slice(at, at + BATCH).map((one) => ({
        repository: one.repository,
        tag: asDigest(one.reference) ? null : one.reference,
        digest: one.digest as Digest,
      }));
      facts.push(...(await localFacts(db, batch, needs)));
    }
    return facts;
  };
}

function askThere(site: Site, origin: Origin, { needs }: Selection): AskFacts {
  const registry = site.registry(origin);
  return async (artifacts) => {
    const facts: (Facts | null)[] = [];
    await eachOf([...artifacts.entries()], AT_ONCE, async ([i, one]) => {
      facts[i] = await remoteFacts(registry.repository(one.repository), one, needs);
    });
    return facts;
  };
}
