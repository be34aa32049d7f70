import type { JournalKind } from "@entrepot/catalog";
import { type RawBuilder, sql, type SqlBool } from "kysely";

/** Part of the registry, by its names as they were; everything, if nothing is said. */
export interface Scope {
  readonly project?: string | undefined;
  /** Without the project. Goes with it. */
  readonly repository?: string | undefined;
  /** Of the repository; not together with `digest`. */
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

/** The keys of one kind from `from` up to, and without, `to`. */
export interface KeyRange {
  readonly kind: JournalKind;
  readonly from: string;
  readonly to: string;
}

/** Where a kind's keys have their project: the whole of it, before a slash, or nowhere. */
type Place = "all" | "before slash" | null;

/** Every kind of name. */
const PROJECT_IN_KEY: Readonly<Record<JournalKind, Place>> = {
  access_token: null,
  account: null,
  artifact_label: "before slash",
  conflict: "before slash",
  endpoint: null,
  immutable: "before slash",
  label: "before slash",
  manifest: "before slash",
  member: "before slash",
  policy: null,
  project: "all",
  quota: "all",
  repository: "before slash",
  retention: "all",
  robot: "before slash",
  setting: null,
  tag: "before slash",
  user_group: null,
  webhook: "before slash",
};

/** `text` as a kind of name, null if there is none of that name. */
export function asJournalKind(text: string): JournalKind | null {
  return Object.hasOwn(PROJECT_IN_KEY, text) ? (text as JournalKind) : null;
}

/**
 * The keys that are in `scope`, by kind; null for the whole registry. Names compare byte by byte,
 * and the character that ends a name is followed by one that no name has.
 */
export function rangesOf(scope: Scope): readonly KeyRange[] | null {
  const { project, repository, tag, digest } = scope;
  if (project === undefined) return null;
  if (repository === undefined) {
    return (Object.entries(PROJECT_IN_KEY) as [JournalKind, Place][]).flatMap(([kind, place]) => {
      if (place === null) return [];
      if (place === "all") return [exactly(kind, project)];
      return [{ kind, from: `${project}/`, to: `${project}0` }];
    });
  }
  const name = `${project}/${repository}`;
  if (tag !== undefined)
    return [exactly("tag", `${name}:${tag}`), exactly("conflict", `${name}:${tag}`)];
  if (digest !== undefined) {
    return [
      exactly("artifact_label", `${name}@${digest}`),
      exactly("manifest", `${name}@${digest}`),
    ];
  }
  return [
    { kind: "artifact_label", from: `${name}@`, to: `${name}A` },
    { kind: "conflict", from: `${name}:`, to: `${name};` },
    { kind: "manifest", from: `${name}@`, to: `${name}A` },
    exactly("repository", name),
    { kind: "tag", from: `${name}:`, to: `${name};` },
  ];
}

/** The keys of `kind` in `scope`, null if it has none of them there. */
export function rangeOf(kind: JournalKind, scope: Scope): KeyRange | null {
  const ranges = rangesOf(scope);
  if (ranges === null) return { kind, from: "", to: HIGHEST };
  return ranges.find((range) => range.kind === kind) ?? null;
}

/** Whether the entry `journal` is in `range`. */
export function isIn({ kind, from, to }: KeyRange): RawBuilder<SqlBool> {
  return sql<SqlBool>`journal.kind = ${kind} AND journal.key >= ${from} AND journal.key < ${to}`;
}

/** After every key: they are ASCII. */
const HIGHEST = "\u{10FFFF}";

function exactly(kind: JournalKind, key: string): KeyRange {
  return { kind, from: key, to: `${key}\u0001` };
}
