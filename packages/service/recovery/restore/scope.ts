import { asDigest, parseTag, RegistryError } from "@entrepot/oci";

/** What is put back: one name and what belongs to it, or everything. */
export type Scope =
  | { readonly kind: "registry" }
  | { readonly kind: "project"; readonly project: string }
  | { readonly kind: "repository"; readonly repository: string }
  | { readonly kind: "tag"; readonly repository: string; readonly tag: string }
  | { readonly kind: "artifact"; readonly repository: string; readonly digest: string };

/** Keys of one kind from `lo` on, below `hi` (null: all the others). Byte by byte. */
export interface KeyRange {
  readonly kind: string;
  readonly lo: string;
  readonly hi: string | null;
}

const PROJECT = /^[a-z0-9][a-z0-9._-]{0,254}$/;
const REPOSITORY = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9._-]+)+$/;

/**
 * `project`, `project/repository`, `…:tag` or `…@digest`; empty: the registry. Throws BAD_REQUEST
 * for anything else.
 */
export function parseScope(name: string): Scope {
  if (name === "") return { kind: "registry" };
  if (PROJECT.test(name)) return { kind: "project", project: name };
  const [repository = "", reference] = name.split(/[:@](.*)/s, 2);
  const digest = reference === undefined ? null : asDigest(reference);
  if (name.length <= 512 && REPOSITORY.test(repository)) {
    if (reference === undefined) return { kind: "repository", repository };
    if (name[repository.length] === "@" && digest) return { kind: "artifact", repository, digest };
    if (name[repository.length] === ":" && parseTag(reference)) {
      return { kind: "tag", repository, tag: reference };
    }
  }
  throw new RegistryError(
    "BAD_REQUEST",
    `${JSON.stringify(name)} is not project, project/repository, …:tag or …@digest`,
  );
}

/** The project that `scope` lies in; null: it is everything. */
export function projectOfScope(scope: Scope): string | null {
  if (scope.kind === "registry") return null;
  return scope.kind === "project" ? scope.project : scope.repository.split("/", 1)[0]!;
}

/** Which keys of `kinds` are in `scope`. Policies are found by what they say, not by their keys. */
export function rangesOf(scope: Scope, kinds: readonly string[]): KeyRange[] {
  const one = (kind: string, key: string): KeyRange => ({ kind, lo: key, hi: `${key}\u0001` });
  const below = (kind: string, start: string, next: string, from: string): KeyRange => ({
    kind,
    lo: `${from}${start}`,
    hi: `${from}${next}`,
  });
  switch (scope.kind) {
    case "registry":
      return kinds.map((kind) => ({ kind, lo: "", hi: null }));
    case "project":
      return kinds.flatMap((kind) =>
        kind === "policy" ? [] : [one(kind, scope.project), below(kind, "/", "0", scope.project)],
      );
    case "repository":
      return [
        one("repository", scope.repository),
        below("manifest", "@", "A", scope.repository),
        below("artifact_label", "@", "A", scope.repository),
        below("tag", ":", ";", scope.repository),
      ];
    case "tag":
      return [one("tag", `${scope.repository}:${scope.tag}`)];
    case "artifact": {
      const key = `${scope.repository}@${scope.digest}`;
      return [one("manifest", key), one("artifact_label", key)];
    }
  }
}
