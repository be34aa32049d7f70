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
  /**
   * The only projects (at Docker Hub: namespaces) that names of it can be in, where the filters say
   * so literally: just these need listing. Absent: any.
   */
  readonly projects?: readonly string[];
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
  const projects = projectsIn(filters);
  return {
    ...(projects && { projects }),
    repository: (name) => names.every((matches) => matches(name)),
    tag: (tag) => tags.every((matches) => matches(tag)),
  };
}

/** What the first components of all name filters have in common; null if one leaves them open. */
function projectsIn(filters: readonly Filter[]): readonly string[] | null {
  const literal = filters
    .filter(({ type, value }) => type === "name" && value.includes("/"))
    .map(({ value }) => literalsOf(value.slice(0, value.indexOf("/"))))
    .filter((projects) => projects !== null);
  if (literal.length === 0) return null;
  return literal.reduce((all, projects) => all.filter((one) => projects.includes(one)));
}

/** The names that a literal component, or one `{a,b}`, stands for; null for any other pattern. */
function literalsOf(component: string): readonly string[] | null {
  const [, inner] = /^\{([^{}]*)\}$/.exec(component) ?? [];
  const names = inner === undefined ? [component] : inner.split(",");
  return names.every((name) => /^[\w.-]+$/.test(name)) ? names : null;
}
