import { expect, test, vi } from "vitest";
import { batched } from "./batch.ts";

test("calls of one turn become one load, each with its own answer", async () => {
  const loads: number[][] = [];
  const lookUp = batched(async (keys: number[]) => {
    loads.push(keys);
    return keys.map((key) => key * 2);
  });
  expect(await Promise.all([1, 2, 3].map(lookUp))).toEqual([2, 4, 6]);
  expect(await lookUp(4)).toBe(8);
  expect(loads).toEqual([[1, 2, 3], [4]]);
});

test("a load holds at most max keys, and at most maxInFlight loads run", async () => {
  let running = 0;
  let most = 0;
  const sizes: number[] = [];
  const lookUp = batched(
    async (keys: number[]) => {
      sizes.push(keys.length);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return keys;
    },
    { max: 10, maxInFlight: 2 },
  );
  const keys = Array.from({ length: 45 }, (_, i) => i);
  expect(await Promise.all(keys.map(lookUp))).toEqual(keys);
  expect(sizes).toEqual([10, 10, 10, 10, 5]);
  expect(most).toBe(2);
});

test("keys of one name that wait together are loaded once; a later one, again", async () => {
  const loads: string[][] = [];
  const gates: (() => void)[] = [];
  const lookUp = batched(
    async (keys: string[]) => {
      loads.push(keys);
      await new Promise<void>((open) => gates.push(open));
      return keys.map((key) => `${key} by load ${loads.length}`);
    },
    { maxInFlight: 1, nameOf: (key) => key.toLowerCase() },
  );
  const together = ["a", "b", "A", "a"].map(lookUp);
  await vi.waitFor(() => expect(loads).toEqual([["a", "b"]]));
  // The first load is under way: it may have looked before what these ask about.
  const later = [lookUp("a"), lookUp("a")];
  gates[0]!();
  expect(await Promise.all(together)).toEqual(["a", "b", "a", "a"].map((k) => `${k} by load 1`));
  await vi.waitFor(() => expect(loads).toEqual([["a", "b"], ["a"]]));
  gates[1]!();
  expect(await Promise.all(later)).toEqual(["a by load 2", "a by load 2"]);
});

test("a load that fails fails its own calls, and later ones work", async () => {
  let broken = true;
  const lookUp = batched(async (keys: string[]) => {
    if (broken) throw new Error("no database");
    return keys;
  });
  const answers = await Promise.allSettled([lookUp("a"), lookUp("b")]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  broken = false;
  expect(await lookUp("c")).toBe("c");
});

test("an answer of the wrong length is an error, not a mix-up", async () => {
  const lookUp = batched(async (keys: string[]) => keys.slice(1));
  await expect(lookUp("a")).rejects.toThrow("1 keys got 0 values");
});
