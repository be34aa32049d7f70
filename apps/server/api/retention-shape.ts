import type {
  RetentionPolicy as ShownPolicy,
  RetentionRule as ShownRule,
  RetentionTask,
  RetentionVerdict,
} from "@entrepot/api";
import type { Task } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type {
  RetentionPolicy,
  RetentionRule,
  RetentionSettings,
  RunPayload,
  Verdict,
} from "@entrepot/retention";

/** How many a rule keeps that does not say. Source: Harbor, the evaluators' defaults. */
const DEFAULT_COUNT = { latest: 10, days: 30 } as const;

/** What the API was given, as it is stored. Throws BAD_REQUEST. */
export function settingsOf(given: ShownPolicy): RetentionSettings {
  const { cron = "", time_zone: timeZone = "UTC" } = given.trigger.settings ?? {};
  return { rules: given.rules.map(ruleOf), cron: cron === "" ? null : cron, timeZone };
}

function ruleOf(rule: ShownRule): RetentionRule {
  const { template, disabled } = rule;
  return {
    disabled,
    template,
    count: template === "always" ? 0 : countOf(rule),
    tags: rule.tag_selectors.map(({ decoration, pattern, extras }) => {
      // Source: Harbor, selectors/doublestar: untagged ones match, and are not excluded.
      const untagged = untaggedIn(extras) ?? decoration === "matches";
      return { decoration, pattern, untagged };
    }),
    repositories: rule.scope_selectors.repository.map(({ decoration, pattern }) => ({
      decoration,
      pattern,
    })),
  };
}

function countOf({ template, params }: ShownRule): number {
  const given = params[template];
  if (given === undefined) {
    return template.startsWith("latest") ? DEFAULT_COUNT.latest : DEFAULT_COUNT.days;
  }
  const count = Number(given);
  if (Number.isInteger(count)) return count;
  throw new RegistryError("BAD_REQUEST", `${template} is a whole number, not '${given}'`);
}

function untaggedIn(extras: string): boolean | null {
  if (extras === "") return null;
  try {
    const said: unknown = JSON.parse(extras)?.untagged;
    return typeof said === "boolean" ? said : null;
  } catch {
    throw new RegistryError("BAD_REQUEST", 'extras is JSON text, such as {"untagged":true}');
  }
}

/** A policy as Harbor shows it. */
export function shownRetention(policy: RetentionPolicy): ShownPolicy {
  return {
    id: policy.id,
    algorithm: "or",
    rules: policy.rules.map(shownRule),
    trigger: {
      kind: "Schedule",
      settings: { cron: policy.cron ?? "", time_zone: policy.timeZone },
      references: {},
    },
    scope: { level: "project", ref: policy.projectId },
  };
}

function shownRule(rule: RetentionRule, place: number): ShownRule {
  return {
    id: place + 1,
    priority: 0,
    disabled: rule.disabled,
    action: "retain",
    template: rule.template,
    params: rule.template === "always" ? {} : { [rule.template]: rule.count },
    tag_selectors: rule.tags.map(({ decoration, pattern, untagged }) => ({
      kind: "doublestar",
      decoration,
      pattern,
      extras: JSON.stringify({ untagged }),
    })),
    scope_selectors: {
      repository: rule.repositories.map((one) => ({ kind: "doublestar", ...one, extras: "" })),
    },
  };
}

/** A task as Harbor shows it, with what was counted. */
export function shownRun(
  task: Task,
  counts: ReadonlyMap<string, { total: number; retained: number }>,
): RetentionTask {
  const { repository } = task.payload as RunPayload;
  return {
    id: task.id,
    execution_id: task.executionId,
    repository: repository.slice(repository.indexOf("/") + 1),
    job_id: String(task.id),
    status: task.status,
    status_message: task.statusText,
    ...(counts.get(repository) ?? { total: 0, retained: 0 }),
    start_time: task.startTime.toISOString(),
    ...(task.endTime && { end_time: task.endTime.toISOString() }),
  };
}

/** What becomes of one manifest. */
export function shownVerdict(one: Verdict & { readonly repository: string }): RetentionVerdict {
  const { repository, digest, tags, size, verdict, reason, counted, pushedAt, pulledAt } = one;
  return {
    repository,
    digest,
    size,
    verdict,
    reason,
    counted,
    tags: [...tags],
    push_time: new Date(pushedAt).toISOString(),
    ...(pulledAt !== null && { pull_time: new Date(pulledAt).toISOString() }),
  };
}

const template = (name: string, text: string, unit: "COUNT" | "DAYS" | null) => ({
  rule_template: name,
  display_text: text,
  action: "retain",
  params: unit === null ? [] : [{ type: "int", unit, required: true }],
});
const selector = (text: string, decorations: string[]) => ({
  display_text: text,
  kind: "doublestar",
  decorations,
});

/** What rules can be made of. Source: Harbor, handler/retention.go. */
export const METADATA = {
  templates: [
    template("latestPushedK", "the most recently pushed # artifacts", "COUNT"),
    template("latestPulledN", "the most recently pulled # artifacts", "COUNT"),
    template("nDaysSinceLastPush", "pushed within the last # days", "DAYS"),
    template("nDaysSinceLastPull", "pulled within the last # days", "DAYS"),
    template("always", "always", null),
  ],
  scope_selectors: [selector("Repositories", ["repoMatches", "repoExcludes"])],
  tag_selectors: [selector("Tags", ["matches", "excludes"])],
};
