import type { ImmutableRule, RetentionRule } from "@entrepot/api";

/** What a rule is about, as a form has it: patterns of repositories and of tags. */
export interface ScopeFields {
  readonly repositories: string;
  readonly allBut: boolean;
  readonly tags: string;
  readonly tagsBut: boolean;
  /** Of retention: whether artifacts without a tag count, too. */
  readonly untagged: boolean;
}

/** A rule of retention as a form has it. `count` is ignored by `always`. */
export interface RetentionFields extends ScopeFields {
  readonly template: RetentionRule["template"];
  readonly count: number;
}

/** What can be kept, in the order in which it is offered. */
export const TEMPLATES = [
  "latestPushedK",
  "latestPulledN",
  "nDaysSinceLastPush",
  "nDaysSinceLastPull",
  "always",
] as const satisfies readonly RetentionRule["template"][];

/** What a form for a new rule begins with. */
export const FIRST_FIELDS: RetentionFields = {
  template: "latestPushedK",
  count: 10,
  repositories: "**",
  allBut: false,
  tags: "**",
  tagsBut: false,
  untagged: true,
};

type Selectors = Pick<RetentionRule, "tag_selectors" | "scope_selectors">;

/** The selectors of a rule, as Harbor has them. */
function selectorsOf(fields: ScopeFields): Selectors {
  return {
    tag_selectors: [
      {
        kind: "doublestar",
        decoration: fields.tagsBut ? "excludes" : "matches",
        pattern: fields.tags,
        extras: JSON.stringify({ untagged: fields.untagged }),
      },
    ],
    scope_selectors: {
      repository: [
        {
          kind: "doublestar",
          decoration: fields.allBut ? "repoExcludes" : "repoMatches",
          pattern: fields.repositories,
          extras: "",
        },
      ],
    },
  };
}

/** What a rule is about, as a form has it. */
export function scopeOf(rule: Selectors): ScopeFields {
  const [tag, repository] = [rule.tag_selectors[0], rule.scope_selectors.repository[0]];
  return {
    repositories: repository?.pattern ?? "**",
    allBut: repository?.decoration === "repoExcludes",
    tags: tag?.pattern ?? "**",
    tagsBut: tag?.decoration === "excludes",
    untagged: untaggedIn(tag?.extras ?? ""),
  };
}

/** A rule of retention from a form; `before` is the rule that it was. */
export function retentionRuleOf(fields: RetentionFields, before?: RetentionRule): RetentionRule {
  const { template, count } = fields;
  return {
    id: before?.id ?? 0,
    priority: before?.priority ?? 0,
    disabled: before?.disabled ?? false,
    action: "retain",
    template,
    params: template === "always" ? {} : { [template]: count },
    ...selectorsOf(fields),
  };
}

/** A rule of retention as a form has it. */
export function retentionFieldsOf(rule: RetentionRule): RetentionFields {
  return { ...scopeOf(rule), template: rule.template, count: countOf(rule) };
}

/** The number in a rule: how many, or how many days. */
export function countOf({ template, params }: Pick<RetentionRule, "template" | "params">): number {
  return Number(params[template] ?? Object.values(params)[0] ?? FIRST_FIELDS.count);
}

/** A rule of immutable tags from a form. */
export function immutableRuleOf(fields: ScopeFields, before?: ImmutableRule): ImmutableRule {
  const { tag_selectors, scope_selectors } = selectorsOf(fields);
  return {
    id: before?.id ?? 0,
    priority: before?.priority ?? 0,
    disabled: before?.disabled ?? false,
    action: "immutable",
    template: "immutable_template",
    params: {},
    tag_selectors: tag_selectors.map((selector) => ({ ...selector, extras: "" })),
    scope_selectors,
  };
}

function untaggedIn(extras: string): boolean {
  try {
    return (JSON.parse(extras) as { untagged?: unknown } | null)?.untagged === true;
  } catch {
    return false;
  }
}
