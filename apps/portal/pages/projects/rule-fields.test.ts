import { expect, test } from "vitest";
import {
  countOf,
  FIRST_FIELDS,
  immutableRuleOf,
  retentionFieldsOf,
  retentionRuleOf,
  scopeOf,
  TEMPLATES,
} from "./rule-fields.ts";

test.each(TEMPLATES)("a form for %s gives a rule that fills the same form", (template) => {
  const fields = { ...FIRST_FIELDS, template, tags: "v*", tagsBut: true, untagged: false };
  const back = retentionFieldsOf(retentionRuleOf(fields));
  expect(back).toEqual(template === "always" ? { ...fields, count: 10 } : fields);
});

test("a changed rule stays the one that it was", () => {
  const rule = { ...retentionRuleOf(FIRST_FIELDS), id: 7, disabled: true };
  const changed = retentionRuleOf({ ...retentionFieldsOf(rule), count: 3 }, rule);
  expect(changed).toMatchObject({ id: 7, disabled: true, params: { latestPushedK: 3 } });
});

test("immutable tags have a scope, and nothing about untagged artifacts", () => {
  const rule = immutableRuleOf({ ...FIRST_FIELDS, repositories: "app/**", allBut: true });
  expect(scopeOf(rule)).toMatchObject({ repositories: "app/**", allBut: true, tags: "**" });
  expect(rule.tag_selectors[0]!.extras).toBe("");
});

test("rules of other clients are read as well as they can be", () => {
  expect(countOf({ template: "latestPushedK", params: { other: "4" } })).toBe(4);
  const bare = { tag_selectors: [], scope_selectors: { repository: [] } };
  expect(scopeOf(bare)).toMatchObject({ repositories: "**", tags: "**", untagged: false });
});
