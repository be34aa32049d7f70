import { expect, test } from "vitest";
import { testCatalog } from "./testing.ts";

const ACTOR = { name: "alice", cause: "request-1" };

test("a commit appends its changes, in order, with its actor", async () => {
  const { catalog, close } = await testCatalog();
  await catalog.commit(ACTOR, async ({ record }) => {
    record({ kind: "tag", key: "p/r:a", after: { tag: "a" } });
    record({ kind: "tag", key: "p/r:b", after: null });
  });
  const entries = await catalog.entries(0, 10);
  expect(entries.map(({ seq, key, after }) => [seq, key, after])).toEqual([
    [1, "p/r:a", { tag: "a" }],
    [2, "p/r:b", null],
  ]);
  await close();
});
