import type { Origin } from "@entrepot/replication";
import { describe, expect, test } from "vitest";
import { actorOf, originHeaders, originHeadersOfTags } from "./request-actor.ts";

const [A, B] = ["aaaaaaaa", "bbbbbbbb"].map((start) => `${start}-0000-4000-8000-000000000000`) as [
  string,
  string,
];
const IDENTITY = { name: "robot" } as Parameters<typeof actorOf>[1];
const URL = "http://here.test/v2/library/app/manifests/sha256:0?";

const origin = (seq: number, more: Partial<Origin> = {}): Origin => ({
  registry: A,
  seq,
  path: [A],
  clock: `${A}:1700000000000.0`,
  ...more,
});
const put = (query: string, headers: Record<string, string>, method = "PUT") =>
  actorOf(new Request(URL + query, { method, headers }), IDENTITY);

describe("a push of several tags carries on a change of each", () => {
  const CASES: readonly (readonly [string, readonly Origin[]])[] = [
    ["with origins of their own", [origin(1), origin(2), origin(3)]],
    ["with all the same", [origin(1), origin(1)]],
    ["through different registries", [origin(1), origin(1, { path: [B, A] }), origin(1)]],
    ["made at different registries", [origin(1), origin(7, { registry: B }), origin(2)]],
    ["at different times", [origin(1), origin(2, { clock: `${B}:1700000000001.4,${A}:9.0` })]],
    ["without clocks", [1, 2].map((seq) => ({ registry: A, seq, path: [A] }))],
  ];
  test.each(CASES)("%s", (_, origins) => {
    const headers = originHeadersOfTags(origins)!;
    const actor = put(origins.map((_origin, n) => `tag=v${n}`).join("&"), headers);
    const carried = [...actor.ofTags!].map(([tag, { origin: made, path, clock }]) => {
      const told: Origin = { ...made, path, ...(clock !== undefined && { clock }) };
      return [tag, told];
    });
    expect(carried).toEqual(origins.map((one, n) => [`v${n}`, one]));
    // What its manifest does is the first one's.
    expect(actor).toMatchObject({ name: "robot", origin: { registry: origins[0]!.registry } });
  });

  test("says what is the same but once", () => {
    const headers = originHeadersOfTags([origin(1), origin(2), origin(3)])!;
    expect(headers["entrepot-path"]).toBe(`${A};;`);
    expect(headers["entrepot-origin"]).toBe(`${A}:1;${A}:2;${A}:3`);
  });

  const ALONE: readonly (readonly [string, readonly Origin[]])[] = [
    ["one tag", [origin(1)]],
    ["more than fit", Array.from({ length: 33 }, (_, n) => origin(n))],
    ["some without a clock", [origin(1), { registry: A, seq: 2, path: [A] }]],
    [
      "more than the headers hold",
      Array.from({ length: 32 }, (_, n) =>
        origin(n, { path: Array.from({ length: 32 }, (_path, k) => (k === n ? B : A)) }),
      ),
    ],
  ];
  test.each(ALONE)("but not %s", (_, origins) => {
    expect(originHeadersOfTags(origins)).toBeNull();
  });
});

describe("headers that make no sense are refused as BAD_REQUEST", () => {
  const two = originHeadersOfTags([origin(1), origin(2)])!;
  type Case = readonly [
    what: string,
    query: string,
    headers: Record<string, string>,
    method?: string,
  ];
  const CASES: readonly Case[] = [
    ["fewer tags than items", "tag=a", two],
    ["more tags than items", "tag=a&tag=b&tag=c", two],
    ["one tag twice", "tag=a&tag=a", two],
    ["no push", "tag=a&tag=b", two, "DELETE"],
    ["a clock for one", "tag=a&tag=b", { ...two, "entrepot-clock": `${A}:1.0` }],
    ["an empty first item", "tag=a&tag=b", { ...two, "entrepot-path": `;${A}` }],
    [
      "a list where one is meant",
      "",
      { ...originHeaders(origin(1)), "entrepot-path": `${A};${A}` },
    ],
  ];
  test.for(CASES)("%s", ([, query, headers, method]) => {
    expect(() => put(query, headers, method)).toThrow(
      expect.objectContaining({ code: "BAD_REQUEST" }),
    );
  });
});
