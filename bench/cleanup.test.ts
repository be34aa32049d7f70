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
  expect(undone).toEqual(["early", "last", "first"]);
});

test("who asks meanwhile waits for the end; what comes later is undone at once", async () => {
  const undone: string[] = [];
  const cleanup = openCleanup();
  cleanup.add(async () => {
    await new Promise(setImmediate);
    undone.push("slow");
  });
  void cleanup.all();
  cleanup.add(() => undone.push("meanwhile"));
  await cleanup.all();
  cleanup.add(() => undone.push("late"));
  expect(undone).toEqual(["slow", "meanwhile", "late"]);
});
