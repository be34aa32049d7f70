import { compileGlob, type Matcher } from "./glob.ts";

/** What a policy selects. Filters of one kind are ANDed, as in Harbor. */
export interface Filter {
  readonly type: "name" | "tag";
  /** A doublestar pattern; empty selects everything. */
  readonly value: string;
  /** Tag filters only. */
  readonly decoration?: "matches" | "excludes";
}

/** A policy's filters, compiled. */
export interface Selection {
  /** The full repository name, `project/repository`. */
  repository(name: string): boolean;
  /** A tag; the empty string stands for an untagged artifact. */
  tag(tag: string): boolean;
}

/** Compiles `filters`. Throws BAD_REQUEST for a malformed pattern, naming it. */
export function compileFilters(filters: readonly Filter[]): Selection {
  const names: Matcher[] = [];
  const tags: Matcher[] = [];
  for (const filter of filters) {
    if (filter.value === "") continue;
    const matches = compileGlob(filter.value);
    if (filter.type === "name") names.push(matches);
    else tags.push(filter.decoration === "excludes" ? (tag) => !matches(tag) : matches);
  }
  return {
    repository: (name) => names.every((matches) => matches(name)),
    tag: (tag) => tags.every((matches) => matches(tag)),
  };
}
