import { describe, expect, test } from "vitest";
import type { Facts } from "./facts.ts";
import { compileFilters, type Filter } from "./filters.ts";
import { newestTags } from "./selected.ts";

const EXCLUDES = { decoration: "excludes" } as const;

const TAGS: [Filter[], string[], string[]][] = [
  [[{ type: "tag_regex", value: "v\\d+" }], ["v1", "v12"], ["v1.0", "xv1", ""]],
  [[{ type: "tag_regex", value: "v\\d+", ...EXCLUDES }], ["v1.0", ""], ["v1"]],
  [[{ type: "tag_semver", value: ">=1.2 <2" }], ["1.2.0", "v1.9.9"], ["2.0.0", "1.3.0-rc.1", "x"]],
  [[{ type: "tag_semver", value: "^1", ...EXCLUDES }], ["2.0.0", "latest"], ["1.0.0"]],
  [
    [
      { type: "tag", value: "v*" },
      { type: "tag", value: "*-rc*", ...EXCLUDES },
      { type: "tag_regex", value: "[^_]+" },
    ],
    ["v1"],
    ["v1-rc1", "w1", "v1_x"],
  ],
];
test.each(TAGS)("%j takes and leaves tags", (filters, taken, left) => {
  const { tag, needs } = compileFilters(filters);
  expect(taken.filter((one) => !tag(one))).toEqual([]);
  expect(left.filter(tag)).toEqual([]);
  expect([...needs]).toEqual([]);
});

test("names are matched by pattern and by regular expression, all of them", () => {
  const { repository } = compileFilters([
    { type: "name", value: "team/**" },
    { type: "name_regex", value: ".*/(web|api)-.+" },
    { type: "name_regex", value: ".*-old", ...EXCLUDES },
  ]);
  const names = ["team/web-shop", "team/a/api-x", "lab/web-shop", "team/web", "team/web-old"];
  expect(names.filter(repository)).toEqual(["team/web-shop", "team/a/api-x"]);
});

const FACTS: [Filter, Facts, boolean][] = [
  [{ type: "label", value: ["a", "b"] }, { labels: ["a", "b", "c"] }, true],
  [{ type: "label", value: ["a", "b"] }, { labels: ["a"] }, false],
  [{ type: "label", value: ["a", "b"], ...EXCLUDES }, { labels: ["a"] }, true],
  [{ type: "label", value: "a" }, { labels: [] }, false],
  [{ type: "media_type", value: ["x/y", "a/vnd.oci.*"] }, { mediaType: "a/vnd.oci.b" }, true],
  [{ type: "media_type", value: "x/y", ...EXCLUDES }, { mediaType: "x/y" }, false],
  [{ type: "artifact_type", value: "application/vnd.cncf.helm.*" }, { artifactType: "" }, false],
  [{ type: "signed", value: "true" }, { signed: true }, true],
  [{ type: "signed", value: "true" }, { signed: false }, false],
  [{ type: "signed", value: "true", ...EXCLUDES }, { signed: false }, true],
  [{ type: "platform", value: "linux/arm64,linux/arm" }, { platforms: ["linux/arm/v7"] }, true],
  [{ type: "platform", value: "linux/arm64" }, { platforms: ["linux/amd64"] }, false],
  [{ type: "platform", value: "linux/amd64", ...EXCLUDES }, { platforms: ["linux/amd64"] }, false],
  [{ type: "platform", value: ["linux/arm64"] }, { platforms: null }, true],
];
test.each(FACTS)("%j of %j: %s", (filter, facts, taken) => {
  const selection = compileFilters([filter]);
  expect(selection.artifact(facts)).toBe(taken);
  expect(selection.needs.size).toBe(1);
});

test("the newest are counted after all other filters, tags alone, ties by name", () => {
  const selection = compileFilters([
    { type: "newest", value: "2" },
    { type: "tag", value: "v*" },
    { type: "label", value: ["go"] },
  ]);
  const at = (tag: string, second: number, labels = ["go"]) => ({
    tag,
    facts: { pushedAt: new Date(second * 1000), labels },
  });
  const tags = [at("v1", 1), at("x", 9), at("v3", 5), at("v2", 5), at("v4", 8, [])];
  const gone = { tag: "v9", facts: null };
  expect(newestTags([...tags, gone], selection).map(({ tag }) => tag)).toEqual(["v3", "v2"]);
});

describe("refused", () => {
  const cases: [Partial<Filter>, RegExp][] = [
    [{ type: "name", value: "a", decoration: "matches" }, /no decoration/],
    [{ type: "newest", value: "0" }, /no number of tags/],
    [{ type: "newest", value: "ten" }, /no number of tags/],
    [{ type: "tag", value: ["a"] }, /text, not a list/],
    [{ type: "tag_semver", value: "one" }, /no range/],
    [{ type: "tag_regex", value: "(a" }, /unfinished/],
    [{ type: "name_regex", value: "(a)\\1" }, /not supported/],
    [{ type: "platform", value: "linux" }, /linux\/amd64/],
    [{ type: "signed", value: "yes" }, /true/],
    [{ type: "resource", value: "chart" }, /image or artifact/],
    [{ type: "label", value: Array.from({ length: 101 }, (_, i) => `l${i}`) }, /100 values/],
  ];
  test.each(cases)("%j", (filter, reason) => {
    expect(() => compileFilters([filter as Filter])).toThrow(reason);
  });
});

test("what is empty selects everything, and asks for nothing", () => {
  const types = ["name", "tag", "label", "tag_regex", "newest", "platform", "signed"] as const;
  const selection = compileFilters(types.map((type) => ({ type, value: "" })));
  expect(selection.repository("a/b") && selection.tag("") && selection.artifact({})).toBe(true);
  expect([selection.newest, selection.platform, selection.needs.size]).toEqual([null, null, 0]);
});
