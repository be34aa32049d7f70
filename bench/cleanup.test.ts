import { expect, test } from "vitest";
import { openCleanup } from "./cleanup.ts";

test("the last noted is undone first, each once, even if one fails", async () => {
  const undone: string[] = [];
  const cleanup = openCleanup();
  cleanup.add(() => undone.push("first"));
  cleanup.add(() => {
    throw new Error("stuck");
  });
  const early = cleanup.add(() => undone.push("early"));
  cleanup.add(async () => undone.push("last"));

  await early();
  await early();
  await expect(cleanup.all()).rejects.toThrow("stuck");
  await cleanup.all();
  expect(undone).toEqual(["early", "last", "first"]);
});
