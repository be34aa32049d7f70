import { expect, test } from "vitest";
import { eachOf } from "./each-of.ts";

test("runs all, at most so many at a time, beginning in order", async () => {
  const begun: number[] = [];
  let [underWay, most] = [0, 0];
  await eachOf([1, 2, 3, 4, 5, 6, 7], 3, async (n) => {
    begun.push(n);
    most = Math.max(most, ++underWay);
    await new Promise(setImmediate);
    underWay--;
  });
  expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(3);
});

test("after a failure begins no more, lets the rest end, throws the first", async () => {
  const ended: number[] = [];
  const run = eachOf([1, 2, 3, 4], 2, async (n) => {
    if (n === 1) throw new Error("first");
    await new Promise(setImmediate);
    ended.push(n);
    throw new Error("second");
  });
  await expect(run).rejects.toThrow("first");
  expect(ended).toEqual([2]);
});

test("nothing to do is done", async () => {
  await eachOf([], 4, () => Promise.reject(new Error("never called")));
});
