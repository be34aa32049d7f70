import { asDigest, type Descriptor, isRepositoryName, isTag, RegistryError } from "@entrepot/oci";
import { REF_NAME } from "./layout-index.ts";

/** How the entries of an index.json are called. */
export interface RefNames {
  /** What an entry is; null if it is nothing that this naming shows. `tag` null: it has none. */
  read(entry: Descriptor): { readonly repository: string; readonly tag: string | null } | null;
  /** The entry for `content` under `tag`, or without one. */
  entry(repository: string, tag: string | null, content: Descriptor): Descriptor;
}

/** Whether `name` may be a repository's anywhere: other registries know names without a project. */
export function isAnyRepositoryName(name: string): boolean {
  return isRepositoryName(name) || isRepositoryName(`x/${name}`);
}

/**
 * The names of a layout that holds one repository, `only`: plain tags, as `skopeo copy … oci:D:1`
 * and oras write them; what has no tag has no name.
 */
export function plainTags(only: string): RefNames {
  return {
    read(entry) {
      const name = entry.annotations?.[REF_NAME];
      if (name === undefined) return { repository: only, tag: null };
      return isTag(name) ? { repository: only, tag: name } : null;
    },
    entry(repository, tag, content) {
      if (repository === only) return named(content, tag ?? undefined);
      throw new RegistryError(
        "NAME_INVALID",
        `this layout is opened for the repository ${only} alone; ${repository} cannot be in it`,
      );
    },
  };
}

/** The names of a layout of several repositories: `repository:tag`, and `repository@digest`. */
export const fullReferences: RefNames = {
  read(entry) {
    const name = entry.annotations?.[REF_NAME] ?? "";
    const at = name.indexOf("@");
    const colon = at < 0 ? name.lastIndexOf(":") : at;
    const repository = name.slice(0, Math.max(colon, 0));
    const reference = name.slice(colon + 1);
    if (!isAnyRepositoryName(repository)) return null;
    if (at >= 0) return asDigest(reference) === entry.digest ? { repository, tag: null } : null;
    return isTag(reference) ? { repository, tag: reference } : null;
  },
  entry: (repository, tag, content) =>
    named(content, tag === null ? `${repository}@${content.digest}` : `${repository}:${tag}`),
};

function named(content: Descriptor, name: string | undefined): Descriptor {
  const { annotations, ...rest } = content;
  const { [REF_NAME]: _, ...others } = annotations ?? {};
  const all = name === undefined ? others : { ...others, [REF_NAME]: name };
  return Object.keys(all).length > 0 ? { ...rest, annotations: all } : rest;
}

/** `names`, working out once what each entry is: an index is read again with every tag. */
export function remembering(names: RefNames): RefNames {
  const known = new WeakMap<Descriptor, ReturnType<RefNames["read"]>>();
  return {
    ...names,
    read(entry) {
      if (!known.has(entry)) known.set(entry, names.read(entry));
      return known.get(entry) ?? null;
    },
  };
}
