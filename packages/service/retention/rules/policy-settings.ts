import { RegistryError } from "@entrepot/oci";
import { checkPatterns, type CompileGlob } from "../immutable/rule-settings.ts";

/** What a rule keeps, by Harbor's names; each but `always` has a parameter of its own name. */
export const TEMPLATES = [
  "latestPushedK",
  "latestPulledN",
  "nDaysSinceLastPush",
  "nDaysSinceLastPull",
  "always",
] as const;
export type Template = (typeof TEMPLATES)[number];

/** Which tags a rule is about. */
export interface TagSelector {
  readonly decoration: "matches" | "excludes";
  /** Empty: all. */
  readonly pattern: string;
  /** Of artifacts without a tag: whether they match the pattern. Source: Harbor, `extras`. */
  readonly untagged: boolean;
}

/** Which repositories a rule is about, by the name without its project. */
export interface RepositorySelector {
  readonly decoration: "repoMatches" | "repoExcludes";
  readonly pattern: string;
}

/** Keeps what its selectors take and its template says. */
export interface RetentionRule {
  readonly disabled: boolean;
  readonly template: Template;
  /** How many, or how many days; of `always` 0. */
  readonly count: number;
  /** An artifact is taken if all of these take it. */
  readonly tags: readonly TagSelector[];
  readonly repositories: readonly RepositorySelector[];
}

/** What of a project stays: whatever one of the rules keeps, where one is about the repository. */
export interface RetentionSettings {
  readonly rules: readonly RetentionRule[];
  /** Six fields; null: run by hand only. */
  readonly cron: string | null;
  readonly timeZone: string;
}

/** A stored policy. */
export interface RetentionPolicy extends RetentionSettings {
  readonly id: number;
  readonly projectId: number;
  readonly project: string;
}

/** Source: Harbor, handler/retention.go. */
const MOST_RULES = 15;
const MOST_SELECTORS = 10;
const MOST_COUNT = 32_766;
const MOST_DAYS = 36_500;

/** Throws BAD_REQUEST for settings that cannot be, CONFLICT if a rule is there twice. */
export function checkSettings({ rules }: RetentionSettings, glob: CompileGlob): void {
  if (rules.length > MOST_RULES) {
    throw bad(`a retention policy has at most ${MOST_RULES} rules; these are ${rules.length}`);
  }
  const seen = new Map<string, number>();
  for (const [i, rule] of rules.entries()) {
    const most = rule.template.startsWith("latest") ? MOST_COUNT : MOST_DAYS;
    if (!Number.isInteger(rule.count) || rule.count < 0 || rule.count > most) {
      throw bad(`rule ${i + 1}: ${rule.template} is a whole number from 0 to ${most}`);
    }
    const selectors = [...rule.tags, ...rule.repositories];
    if (selectors.length > MOST_SELECTORS) {
      throw bad(`rule ${i + 1} has more than ${MOST_SELECTORS} selectors`);
    }
    checkPatterns(
      glob,
      selectors.map(({ pattern }) => pattern),
    );
    const text = JSON.stringify(rule);
    const twin = seen.get(text);
    if (twin !== undefined) {
      throw new RegistryError("CONFLICT", `rules ${twin + 1} and ${i + 1} are the same`);
    }
    seen.set(text, i);
  }
}

function bad(message: string): RegistryError {
  return new RegistryError("BAD_REQUEST", message);
}
