import type { CompileGlob } from "../immutable/rule-settings.ts";
import type { RetentionRule, TagSelector } from "./policy-settings.ts";

/** A manifest of a repository, as the planner sees it. Times in ms since the epoch. */
export interface Candidate {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Of the manifest itself, in bytes. */
  readonly size: number;
  readonly pushedAt: number;
  /** Null: nobody has. */
  readonly pulledAt: number | null;
  /** Of an index: what it holds. */
  readonly children: readonly string[];
  /** What it is about, if that is here: by its subject, or by cosign's tag. */
  readonly subject: string | null;
  /** Part of an index, and without a tag of its own: it is kept or goes with that. */
  readonly isPart: boolean;
  /** The first of its tags that an immutable rule matches. */
  readonly immutableTag: string | null;
  /** Why it stays whatever the rules say. */
  readonly held?: string | undefined;
}

/** What is to become of one manifest, and why. */
export interface Verdict {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly size: number;
  readonly pushedAt: number;
  readonly pulledAt: number | null;
  readonly verdict: "keep" | "delete";
  readonly reason: string;
  /** An artifact of its own, and so counted: not a part of an index, nor about another one. */
  readonly counted: boolean;
}

/** What is to become of a repository's manifests. */
export interface RetentionPlan {
  /** Kept ones first, then what is deleted, in an order in which it can be. */
  readonly items: readonly Verdict[];
  /** Artifacts of their own, and how many of them stay. */
  readonly total: number;
  readonly retained: number;
}

const DAY_MS = 24 * 3_600_000;
/** What has no tag yet may be part of a push that goes on: this long it is left alone. */
const FRESH_MS = 600_000;

/** Whether a rule that is enabled is about `repository` (without its project). */
export function isAbout(rule: RetentionRule, repository: string, glob: CompileGlob): boolean {
  if (rule.disabled) return false;
  return rule.repositories.every(
    ({ decoration, pattern }) =>
      (pattern === "" || glob(pattern)(repository)) === (decoration === "repoMatches"),
  );
}

/**
 * What `rules`, all of which are about the repository, make of its manifests at the time `now`.
 * Pure. Whatever one rule keeps stays, and with it what its index holds and what refers to it.
 */
export function planRetention(
  rules: readonly RetentionRule[],
  candidates: readonly Candidate[],
  now: number,
  glob: CompileGlob,
): RetentionPlan {
  const own = candidates.filter((one) => one.subject === null && !one.isPart);
  const reasons = new Map<string, string>();
  const keep = (digest: string, reason: string) => {
    if (!reasons.has(digest)) reasons.set(digest, reason);
  };
  for (const [i, rule] of rules.entries()) {
    const selected = own.filter((one) => rule.tags.every((tags) => selects(tags, one.tags, glob)));
    for (const one of keptBy(rule, selected, now)) {
      keep(one.digest, `rule ${i + 1}: ${saidOf(rule)}`);
    }
  }
  for (const one of candidates) {
    if (one.held !== undefined) keep(one.digest, one.held);
    else if (one.immutableTag !== null) keep(one.digest, `tag ${one.immutableTag} is immutable`);
    else if (one.tags.length === 0 && one.pushedAt > now - FRESH_MS) {
      keep(one.digest, "pushed just now, and without a tag yet");
    }
  }
  keepWhatBelongs(candidates, reasons, keep);

  const counted = new Set(own.map(({ digest }) => digest));
  const verdictOf = (one: Candidate): Verdict => {
    const { digest, tags, size, pushedAt, pulledAt } = one;
    const reason = reasons.get(digest);
    const verdict = reason === undefined ? "delete" : "keep";
    const shown = { digest, tags, size, pushedAt, pulledAt, counted: counted.has(digest) };
    return { ...shown, verdict, reason: reason ?? whyGone(one) };
  };
  const kept = candidates.filter(({ digest }) => reasons.has(digest));
  const gone = candidates.filter(({ digest }) => !reasons.has(digest));
  const newest = kept.toSorted((a, b) => b.pushedAt - a.pushedAt || compare(a.digest, b.digest));
  return {
    items: [...newest, ...deletable(gone)].map(verdictOf),
    total: own.length,
    retained: own.filter(({ digest }) => reasons.has(digest)).length,
  };
}

/**
 * `candidates` as they may be planned anew where somebody has agreed to `shown`: all that it does
 * not delete is held, and so is what has been pushed, pulled, tagged or untagged since. Pure.
 */
export function heldToShown(candidates: readonly Candidate[], shown: RetentionPlan): Candidate[] {
  const then = new Map(shown.items.map((item) => [item.digest, item]));
  return candidates.map((one): Candidate => {
    const item = then.get(one.digest);
    if (!item) return { ...one, held: "pushed since this was planned" };
    if (item.verdict === "keep") return { ...one, held: item.reason };
    const same =
      one.pushedAt === item.pushedAt &&
      one.pulledAt === item.pulledAt &&
      one.tags.join(" ") === item.tags.join(" ");
    return same ? one : { ...one, held: "pushed, pulled or tagged since this was planned" };
  });
}

/** Source: Harbor, selectors/doublestar: any of its tags; of the untagged `extras` says it. */
function selects(selector: TagSelector, tags: readonly string[], glob: CompileGlob): boolean {
  const { decoration, pattern, untagged } = selector;
  const wanted = decoration === "matches";
  if (tags.length === 0) return untagged === wanted;
  const matches = pattern === "" ? () => true : glob(pattern);
  return tags.some((tag) => matches(tag) === wanted);
}

function keptBy(
  { template, count }: RetentionRule,
  selected: readonly Candidate[],
  now: number,
): readonly Candidate[] {
  const latest = (time: (one: Candidate) => number) =>
    selected.toSorted((a, b) => time(b) - time(a) || compare(a.digest, b.digest)).slice(0, count);
  const since = now - count * DAY_MS;
  switch (template) {
    case "latestPushedK":
      return latest((one) => one.pushedAt);
    case "latestPulledN":
      // Those that nobody has pulled come last, the newest push first.
      return latest((one) => one.pulledAt ?? one.pushedAt - now);
    case "nDaysSinceLastPush":
      return selected.filter((one) => one.pushedAt >= since);
    case "nDaysSinceLastPull":
      return selected.filter((one) => one.pulledAt !== null && one.pulledAt >= since);
    case "always":
      return selected;
  }
}

function saidOf({ template, count }: RetentionRule): string {
  const days = `${count} ${count === 1 ? "day" : "days"}`;
  switch (template) {
    case "latestPushedK":
      return `among the ${count} most recently pushed`;
    case "latestPulledN":
      return `among the ${count} most recently pulled`;
    case "nDaysSinceLastPush":
      return `pushed within the last ${days}`;
    case "nDaysSinceLastPull":
      return `pulled within the last ${days}`;
    case "always":
      return "always kept";
  }
}

/** Parts of a kept index stay, and so does what refers to what is kept. */
function keepWhatBelongs(
  candidates: readonly Candidate[],
  kept: ReadonlyMap<string, string>,
  keep: (digest: string, reason: string) => void,
): void {
  const byDigest = new Map(candidates.map((one) => [one.digest, one]));
  const about = Map.groupBy(candidates, (one) => one.subject);
  const queue = [...kept.keys()];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    const parts = byDigest.get(digest)?.children ?? [];
    const follow = (belonging: string, reason: string) => {
      if (kept.has(belonging) || !byDigest.has(belonging)) return;
      keep(belonging, reason);
      queue.push(belonging);
    };
    for (const part of parts) follow(part, `part of ${digest}`);
    for (const one of about.get(digest) ?? []) follow(one.digest, `refers to ${digest}`);
  }
}

function whyGone({ isPart, subject }: Candidate): string {
  if (subject !== null) return `refers to ${subject}, which goes`;
  return isPart ? "part of an index that goes" : "no rule keeps it";
}

/** An index before its parts, for while it is there they cannot go. */
function deletable(gone: readonly Candidate[]): Candidate[] {
  const byDigest = new Map(gone.map((one) => [one.digest, one]));
  const after: Candidate[] = [];
  const seen = new Set<string>();
  const visit = (one: Candidate) => {
    if (seen.has(one.digest)) return;
    seen.add(one.digest);
    for (const child of one.children) {
      const part = byDigest.get(child);
      if (part) visit(part);
    }
    after.push(one);
  };
  for (const one of gone.toSorted((a, b) => compare(a.digest, b.digest))) visit(one);
  return after.toReversed();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
