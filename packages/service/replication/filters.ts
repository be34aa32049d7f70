import { RegistryError } from "@entrepot/oci";
import semver from "semver";
import type { Fact, Facts } from "./facts.ts";
import { compileGlob, type Matcher } from "./glob.ts";
import { compileRegex } from "./regex.ts";

/** The kinds of filters; the first four are Harbor's. */
export const FILTER_TYPES = [
  "name",
  "tag",
  "label",
  "resource",
  "name_regex",
  "tag_regex",
  "tag_semver",
  "newest",
  "media_type",
  "artifact_type",
  "platform",
  "signed",
] as const;
export type FilterType = (typeof FILTER_TYPES)[number];

/**
 * What a policy selects. All filters must be met, several of a kind too, as in Harbor.
 *
 *     name, tag              a doublestar pattern
 *     name_regex, tag_regex  a regular expression of the whole name
 *     tag_semver             a range; a tag that is no version is not in it
 *     label                  labels, all of which the artifact carries
 *     media_type             a doublestar pattern, or several of which one matches
 *     artifact_type          the same, of the artifact's type or its config's media type
 *     platform               `linux/amd64`, several in a list or with commas: what is copied of an
 *                            index, and which indexes; what is no index is taken as it is
 *     signed                 `true`: a signature refers to it
 *     newest                 of each repository so many tags, by push time, after all other filters
 *     resource               `image` or `artifact`: Harbor's word, which selects nothing here
 */
export interface Filter {
  readonly type: FilterType;
  /** Empty selects everything. */
  readonly value: string | readonly string[];
  /** Not for `name`, `newest` and `resource`. */
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
  /** What `artifact` has to be told. */
  readonly needs: ReadonlySet<Fact>;
  /** Whether an artifact is selected whose names are. */
  artifact(facts: Facts): boolean;
  /** So many tags of each repository, the newest of those that are selected; null: all. */
  readonly newest: number | null;
  /** Which platforms of an index are copied; null: all. */
  readonly platform: ((platform: string) => boolean) | null;
}

/** Compiles `filters`. Throws BAD_REQUEST for a malformed one, naming it. */
export function compileFilters(filters: readonly Filter[]): Selection {
  const names: Matcher[] = [];
  const tags: Matcher[] = [];
  const needs = new Set<Fact>();
  const artifacts: ((facts: Facts) => boolean)[] = [];
  const platforms: Matcher[] = [];
  let newest: number | null = null;
  for (const filter of filters) {
    const values = valuesOf(filter);
    if (values.length === 0 || filter.type === "resource") continue;
    if (filter.type === "newest") {
      newest = Math.min(newest ?? Infinity, countIn(values));
      needs.add("pushedAt");
      continue;
    }
    const list = NAMES[filter.type];
    if (list) {
      const matches = list.compile(values[0]!);
      (list.of === "name" ? names : tags).push(decorated(filter, matches));
      continue;
    }
    const { fact, meets } = factTest(filter.type, values);
    if (filter.type === "platform") platforms.push(decorated(filter, platformIn(values)));
    else artifacts.push(decorated(filter, meets));
    needs.add(fact);
  }
  const platform = platforms.length > 0 ? every(platforms) : null;
  if (platform) {
    artifacts.push(({ platforms: of }) => of == null || of.length === 0 || of.some(platform));
  }
  const projects = projectsIn(filters);
  return {
    ...(projects && { projects }),
    repository: every(names),
    tag: every(tags),
    needs,
    artifact: every(artifacts),
    newest,
    platform,
  };
}

const every =
  <T>(tests: readonly ((value: T) => boolean)[]) =>
  (value: T): boolean =>
    tests.every((test) => test(value));

function decorated<T>({ decoration }: Filter, test: (value: T) => boolean): (value: T) => boolean {
  return decoration === "excludes" ? (value) => !test(value) : test;
}

/** Filters that ask for nothing but a name. */
const NAMES: Partial<
  Record<FilterType, { of: "name" | "tag"; compile: (value: string) => Matcher }>
> = {
  name: { of: "name", compile: compileGlob },
  name_regex: { of: "name", compile: compileRegex },
  tag: { of: "tag", compile: compileGlob },
  tag_regex: { of: "tag", compile: compileRegex },
  tag_semver: { of: "tag", compile: compileRange },
};

/** Filters that take several values. */
const LISTS: ReadonlySet<FilterType> = new Set([
  "label",
  "media_type",
  "artifact_type",
  "platform",
]);
const UNDECORATED: ReadonlySet<FilterType> = new Set(["name", "newest", "resource"]);

/** The filter's values; none if it selects everything. Throws BAD_REQUEST. */
function valuesOf({ type, value, decoration }: Filter): string[] {
  if (decoration !== undefined && UNDECORATED.has(type)) {
    throw wrong(`a ${type} filter has no decoration`);
  }
  if (typeof value !== "string" && !LISTS.has(type)) {
    throw wrong(`the value of a ${type} filter is a text, not a list; give several filters`);
  }
  const given = typeof value === "string" ? [value] : value;
  const values = type === "platform" ? given.flatMap((one) => one.split(",")) : given;
  const kept = values.map((one) => one.trim()).filter((one) => one !== "");
  if (kept.length > 100) throw wrong(`a ${type} filter has 100 values at most`);
  if (type === "resource" && kept.some((one) => one !== "image" && one !== "artifact")) {
    throw wrong(`a resource filter is image or artifact, not ${JSON.stringify(value)}`);
  }
  return kept;
}

function countIn([text = ""]: string[]): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw wrong(`newest ${JSON.stringify(text)} is no number of tags, such as 10`);
}

function compileRange(text: string): Matcher {
  const range = text.length <= 256 ? semver.validRange(text) : null;
  if (range === null) {
    throw wrong(`tag_semver ${JSON.stringify(text)} is no range of versions, such as '>=1.2 <3'`);
  }
  return (tag) => semver.valid(tag) !== null && semver.satisfies(tag, range);
}

interface FactTest {
  readonly fact: Fact;
  readonly meets: (facts: Facts) => boolean;
}

function factTest(type: FilterType, values: string[]): FactTest {
  switch (type) {
    case "label":
      return {
        fact: "labels",
        meets: ({ labels = [] }) => values.every((label) => labels.includes(label)),
      };
    case "media_type": {
      const matches = oneOf(values);
      return { fact: "mediaType", meets: ({ mediaType = "" }) => matches(mediaType) };
    }
    case "artifact_type": {
      const matches = oneOf(values);
      return { fact: "artifactType", meets: ({ artifactType = "" }) => matches(artifactType) };
    }
    case "signed":
      if (values[0] !== "true") throw wrong("a signed filter's value is true; or exclude them");
      return { fact: "signed", meets: ({ signed = false }) => signed };
    default:
      // An index's platforms are looked at one by one.
      return { fact: "platforms", meets: () => true };
  }
}

function oneOf(patterns: readonly string[]): Matcher {
  const matchers = patterns.map(compileGlob);
  return (text) => matchers.some((matches) => matches(text));
}

/** `linux/arm` stands for its variants too. */
function platformIn(values: readonly string[]): Matcher {
  for (const value of values) {
    if (/^[\w.-]+\/[\w.-]+(?:\/[\w.-]+)?$/.test(value)) continue;
    throw wrong(`platform ${JSON.stringify(value)} is not of the form linux/amd64 or linux/arm/v7`);
  }
  return (platform) =>
    values.some((value) => platform === value || platform.startsWith(`${value}/`));
}

function wrong(text: string): RegistryError {
  return new RegistryError("BAD_REQUEST", text);
}

/** What the first components of all name filters have in common; null if one leaves them open. */
function projectsIn(filters: readonly Filter[]): readonly string[] | null {
  const literal = filters
    .flatMap(({ type, value }) => (type === "name" ? String(value) : []))
    .filter((value) => value.includes("/"))
    .map((value) => literalsOf(value.slice(0, value.indexOf("/"))))
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
