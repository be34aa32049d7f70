import { asDigest, type Digest, RegistryError } from "@entrepot/oci";
import { eachOf, type Registry } from "@entrepot/registry";
import type { Origin, Site } from "./ports.ts";

/** Questions at a time. */
const AT_ONCE = 32;
/** So many names of one repository are worth reading its list; … */
const WORTH_LISTING = 8;
/** … as far as it is not so many times as long. */
const LONGEST_LIST = 50;
/** Lists of repositories that are kept: names come repository by repository. */
const KEPT_LISTS = 4;

/** A name that is looked up, and what it is probably to be. */
export interface Sought {
  readonly target: string;
  readonly reference: string;
  readonly atSource: Digest | null;
}

/** What each of some names means at the target, in their order; null: nothing. */
export type TargetNames = (sought: readonly Sought[]) => Promise<(Digest | null)[]>;

/**
 * Looks up names at `site` in as few questions as it lets us. One name of a repository is asked for
 * first. Where it is not there, and for many names where the list tells digests, the list is read;
 * what that does not tell is asked for one by one. What a list says may be older than the answer to
 * a question would be, by as long as it takes to compare a repository.
 */
export function targetNames(site: Site, origin: Origin): TargetNames {
  const registry = site.registry(origin);
  const lists = keptLists(site);
  const ask = async ({ target, reference, atSource }: Sought): Promise<Digest | null> =>
    atSource !== null && site.named
      ? nullIfUnknown(site.named(target, reference, atSource))
      : digestAt(registry, target, reference);

  const lookUp = async (names: readonly Sought[], found: Map<Sought, Digest | null>) => {
    const [first, ...others] = names;
    found.set(first!, await ask(first!));
    const isNew = found.get(first!) === null;
    const isWorth = site.listsDigests ? others.length >= WORTH_LISTING : isNew && others.length > 0;
    const list = isWorth ? await lists(first!.target, names.length) : null;
    for (const one of list ? others : []) {
      const told = list!.get(one.reference);
      // A manifest without a tag is in no list.
      if (told !== null && asDigest(one.reference) === null) found.set(one, told ?? null);
    }
    const open = others.filter((one) => !found.has(one));
    await eachOf(open, AT_ONCE, async (one) => void found.set(one, await ask(one)));
  };

  return async (sought) => {
    const byTarget = Map.groupBy(sought, ({ target }) => target);
    const found = new Map<Sought, Digest | null>();
    await eachOf([...byTarget.values()], AT_ONCE, (names) => lookUp(names, found));
    return sought.map((one) => found.get(one) ?? null);
  };
}

/** What `reference` names, or null; a repository or project that is not there has nothing. */
export async function digestAt(
  registry: Pick<Registry, "repository">,
  repository: string,
  reference: string,
): Promise<Digest | null> {
  const resolved = registry.repository(repository).resolve(reference);
  return nullIfUnknown(resolved.then((found) => found?.digest ?? null));
}

async function nullIfUnknown(asked: Promise<Digest | null>): Promise<Digest | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "NAME_UNKNOWN") return null;
    throw error;
  }
}

type List = Awaited<ReturnType<NonNullable<Site["tags"]>>>;

/** The tags of a repository, as far as `names` of them are worth it; null where that is no help. */
function keptLists(site: Site): (repository: string, names: number) => Promise<List> {
  const kept = new Map<string, Promise<List>>();
  return (repository, names) => {
    const known = kept.get(repository);
    if (known) return known;
    const most = LONGEST_LIST * names;
    // Who gives no list is asked for each name, and says then what is wrong.
    const read = site.tags?.(repository, most).catch(() => null) ?? Promise.resolve(null);
    kept.set(repository, read);
    const [oldest] = kept.keys();
    if (kept.size > KEPT_LISTS) kept.delete(oldest!);
    return read;
  };
}
