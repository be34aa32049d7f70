import type { Digest } from "@entrepot/oci";
import type { Step } from "./planner.ts";
import type { Origin, Policy } from "./ports.ts";

/** An artifact listed at the source, beside what the target has under the same name. */
export interface Compared {
  readonly repository: string;
  readonly reference: string;
  readonly target: string;
  readonly atSource: Digest | null;
  readonly atTarget: Digest | null;
  /** What it names at the source, where `atSource` is an index rewritten of that. */
  readonly listed?: Digest;
  /** Which change made it at the source, where that is known. */
  readonly origin?: Origin;
  /** What this policy has brought there, or put under way, before. */
  readonly brought?: readonly Digest[];
  /**
   * Something that this policy has sent may not have arrived yet, or the target does not know of
   * the newest change. What it has is what is wanted, but a late copy could still take its place.
   */
  readonly inDoubt?: boolean;
}

/** What a run may do. */
export interface RunRules {
  /** What the run itself counts as, where no other origin is known. */
  readonly origin: Origin;
  /** The registry id of the Entrepot that is the target, if it is one. */
  readonly peerId: string | null;
  /** Give back to the target what once came from there and is there no more. */
  readonly giveBack: boolean;
}

/**
 * What is to become of a name at the target:
 *
 *     copy       it is not there
 *     overwrite  it names something else there
 *     conflict   the same, and somebody else has moved it there since this policy did
 *     equal      it is there
 *     keep       it names something else there, and the policy does not override
 *     returning  it came from the target, which has moved on since
 *     delete     this policy had brought it, and the source has it no more
 */
export const VERDICTS = [
  "copy",
  "overwrite",
  "conflict",
  "equal",
  "keep",
  "returning",
  "delete",
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One name of a plan. */
export interface Decision {
  readonly verdict: Verdict;
  readonly repository: string;
  readonly reference: string;
  readonly target: string;
  readonly atSource: Digest | null;
  readonly atTarget: Digest | null;
  /** What is done about it; null: nothing. */
  readonly step: Step | null;
}

/** How many names got which verdict. */
export type Counts = Readonly<Record<Verdict, number>>;

/** No names. */
export const NO_COUNTS: Counts = {
  copy: 0,
  overwrite: 0,
  conflict: 0,
  equal: 0,
  keep: 0,
  returning: 0,
  delete: 0,
};

/** `before`, and `decisions` counted. */
export function counted(before: Counts, decisions: readonly Decision[]): Counts {
  const counts = { ...before };
  for (const { verdict } of decisions) counts[verdict]++;
  return counts;
}

/**
 * What a run has to do for `compared`: the one planner of previews and runs. Pure. What the source
 * no longer has is left out. What came through the target is never sent over what that has now,
 * which can only be newer.
 */
export function planRun(
  policy: Pick<Policy, "override" | "options">,
  compared: readonly Compared[],
  rules: RunRules,
): Decision[] {
  return compared.flatMap((one) => {
    if (one.atSource === null) return [];
    const verdict = verdictOf(policy, one, rules);
    const { repository, reference, target, atSource, atTarget } = one;
    const operation = operationOf(policy, verdict, { ...rules, inDoubt: one.inDoubt ?? false });
    const origin = one.origin ?? rules.origin;
    const step = operation && {
      operation,
      repository,
      reference,
      target,
      digest: atSource,
      origin,
    };
    return [{ verdict, repository, reference, target, atSource, atTarget, step }];
  });
}

function verdictOf(
  policy: Pick<Policy, "override">,
  { atSource, atTarget, origin, brought = [] }: Compared,
  rules: RunRules,
): Verdict {
  if (atSource === atTarget) return "equal";
  const { peerId, giveBack } = rules;
  const travelled = peerId !== null && (origin ?? rules.origin).path.includes(peerId);
  if (travelled && (atTarget !== null || !giveBack)) return "returning";
  if (atTarget === null) return "copy";
  if (!policy.override) return "keep";
  return brought.length === 0 || brought.includes(atTarget) ? "overwrite" : "conflict";
}

function operationOf(
  { options }: Pick<Policy, "options">,
  verdict: Verdict,
  { peerId, inDoubt }: RunRules & { readonly inDoubt: boolean },
): Step["operation"] | null {
  // Told again, an Entrepot refuses whatever comes late, by its clock.
  if (verdict === "equal") return inDoubt ? "copy" : "settle";
  if (verdict === "keep" || verdict === "returning") return null;
  // Another Entrepot decides by the changes' clocks; elsewhere the policy says.
  const reported = peerId === null && options.onConflict === "report";
  return verdict === "conflict" && reported ? null : "copy";
}

/** The steps of `decisions`. */
export function stepsOf(decisions: readonly Decision[]): Step[] {
  return decisions.flatMap(({ step }) => step ?? []);
}

/**
 * How many deletions a policy's ceiling holds back: all `deletions` if they are more than it
 * allows of the `replicated` names, else 0. `confirmed`: somebody has agreed to so many. Pure.
 */
export function heldBack(
  { options }: Pick<Policy, "options">,
  deletions: number,
  replicated: number,
  confirmed = 0,
): number {
  if (deletions === 0 || deletions <= confirmed) return 0;
  const { maxDeletions, maxDeletionPercent } = options;
  if (maxDeletions !== null && deletions > maxDeletions) return deletions;
  const percent = (100 * deletions) / Math.max(replicated, deletions);
  return maxDeletionPercent !== null && percent > maxDeletionPercent ? deletions : 0;
}
