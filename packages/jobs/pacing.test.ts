import { describe, expect, test } from "vitest";
import { openPacing } from "./pacing.ts";

/** A pacing under a clock that moves only when somebody works or rests; its rests. */
function paced() {
  let now = 0;
  const rests: number[] = [];
  const pacing = openPacing(
    () => now,
    async (ms) => {
      rests.push(ms);
      now += ms;
    },
  );
  const worked = (ms: number) => void (now += ms);
  return { pacing, worked, rests };
}

describe("background work", () => {
  test.each([
    { what: "nobody waits", waits: false, workedMs: 100, hardness: 1, rested: [] },
    { what: "somebody waits", waits: true, workedMs: 100, hardness: 1, rested: [500] },
    { what: "it works hard", waits: true, workedMs: 100, hardness: 10, rested: [50] },
    { what: "there was hardly any work", waits: true, workedMs: 3, hardness: 1, rested: [] },
    { what: "a piece took long", waits: true, workedMs: 900, hardness: 1, rested: [1_000] },
  ])("$what: it rests $rested ms", async ({ waits, workedMs, hardness, rested }) => {
    const { pacing, worked, rests } = paced();
    const work = pacing.work();
    if (waits) pacing.arrive();
    worked(workedMs);
    await work.rest(undefined, hardness);
    expect(rests).toEqual(rested);
  });

  test("rests for a moment longer than somebody waits, and then no more", async () => {
    const { pacing, worked, rests } = paced();
    const answered = pacing.arrive();
    const work = pacing.work();
    answered();
    worked(10);
    await work.rest();
    expect(rests).toEqual([50]);
    worked(1_000);
    await work.rest();
    expect(rests).toEqual([50]);
  });

  test("gathers small pieces, and counts no rest as work", async () => {
    const { pacing, worked, rests } = paced();
    pacing.arrive();
    const work = pacing.work();
    for (let n = 0; n < 8; n++) {
      worked(2);
      await work.rest();
    }
    expect(rests).toEqual([20, 20, 20, 20]);
  });

  test("that does several things rests from all of them at once", async () => {
    const { pacing, worked, rests } = paced();
    pacing.arrive();
    const work = pacing.work();
    worked(10);
    await Promise.all([work.rest(), work.rest(), work.rest()]);
    expect(rests).toEqual([50]);
  });

  test("that is told to end does not rest on", async () => {
    const pacing = openPacing();
    pacing.arrive();
    const work = pacing.work();
    const begun = performance.now();
    while (performance.now() - begun < 20);
    await work.rest(AbortSignal.abort());
    expect(performance.now() - begun).toBeLessThan(90);
  });
});
