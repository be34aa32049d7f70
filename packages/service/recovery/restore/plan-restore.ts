import type { Image, RestoreRequest, Verdict } from "./ports.ts";

/** A name that is now other than it was, or shall be. */
export interface Difference {
  readonly kind: string;
  readonly key: string;
  /** What it was. */
  readonly wanted: Image;
  /** What it is. */
  readonly present: Image;
  /** Of an undo: it was changed again after the cause. */
  readonly changedSince: boolean;
}

/** What a plan depends on beside the journal. */
export interface RestoreFacts {
  /** Kinds that can be put back. */
  readonly kinds: ReadonlySet<string>;
  /** Projects (by name) that are not there, and that the plan does not bring back. */
  readonly projectsGone: ReadonlySet<string>;
  /** Why a manifest (`repository@digest`) cannot come back. */
  readonly broken: ReadonlyMap<string, string>;
  /** Tags that may neither be moved nor deleted. */
  readonly immutable: ReadonlySet<string>;
  /** Accounts, groups and endpoints, `account:name`, that names refer to and that are gone. */
  readonly gone: ReadonlySet<string>;
}

/** What becomes of one name, and why if not what was asked for. */
export interface Decided {
  readonly kind: string;
  readonly key: string;
  readonly verdict: Verdict;
  readonly why: string | null;
}

/**
 * What becomes of each of `differences`, in their order. Pure. A conflict is a name that will be
 * left as it is, and says why.
 */
export function planRestore(
  differences: readonly Difference[],
  facts: RestoreFacts,
  request: Pick<RestoreRequest, "keepNewer" | "force">,
): Decided[] {
  return differences.map((difference) => {
    const { kind, key, wanted, present } = difference;
    const conflict = conflictOf(difference, facts, request);
    if (conflict !== null) return { kind, key, verdict: "conflict", why: conflict };
    if (wanted === null && request.keepNewer) {
      return { kind, key, verdict: "keep", why: "it came later" };
    }
    const verdict = wanted === null ? "remove" : present === null ? "create" : "change";
    return { kind, key, verdict, why: null };
  });
}

function conflictOf(
  { kind, key, wanted, present, changedSince }: Difference,
  facts: RestoreFacts,
  { force }: Pick<RestoreRequest, "force">,
): string | null {
  if (!facts.kinds.has(kind)) return NOT_KEPT[kind] ?? "names of this kind cannot be put back";
  if (changedSince && !force) return "it was changed again since";
  const project = projectOf(kind, key);
  if (wanted !== null && project !== null && facts.projectsGone.has(project)) {
    return `project '${project}' is deleted; restore that`;
  }
  if (kind === "tag") {
    if (present !== null && facts.immutable.has(key)) return "the tag is immutable";
    const manifest = wanted && `${key.slice(0, key.indexOf(":"))}@${String(wanted["digest"])}`;
    return manifest === null ? null : (facts.broken.get(manifest) ?? null);
  }
  if (kind === "manifest" || kind === "artifact_label") {
    return wanted === null ? null : (facts.broken.get(key) ?? null);
  }
  if (wanted === null) return null;
  if (kind === "member") {
    const [what, name] = wanted["group"]
      ? ["group", wanted["group"]]
      : ["account", wanted["username"]];
    if (facts.gone.has(`${what}:${name}`)) return `${what} '${name}' does not exist any more`;
  }
  if (kind === "policy" && facts.gone.has(`endpoint:${String(wanted["endpoint"])}`)) {
    return `registry endpoint '${String(wanted["endpoint"])}' does not exist any more`;
  }
  return null;
}

/** The project that a name lies in; null for projects themselves and what lies in none. */
export function projectOf(kind: string, key: string): string | null {
  if (kind === "project" || kind === "policy") return null;
  return key.split("/", 1)[0] || null;
}

const NOT_KEPT: Readonly<Record<string, string>> = {
  user_group: "groups are not put back: their directory has them; name them anew",
  account: "accounts are not put back: their passwords are not in the journal",
  endpoint: "endpoints are not put back: their secrets are not in the journal",
  conflict: "it only tells of a conflict",
};
