import { describe, expect, test } from "vitest";
import {
  compareStamps,
  mergedClock,
  type NameClock,
  nextStamp,
  parseClock,
  printClock,
  type Stamp,
  stampedClock,
  standingOf,
} from "./clock.ts";
import { seededRandom, seeds } from "./seeds.ts";

const REGISTRIES = ["a", "b", "c"].map(
  (letter) => `${letter.repeat(8)}-0000-4000-8000-${"0".repeat(12)}`,
);
const [A, B, C] = REGISTRIES as [string, string, string];
const NOW_MS = 1_700_000_000_000;
const YEARS_MS = 20 * 365 * 24 * 3_600_000;

const at = (registry: string, ms: number, counter = 0): Stamp => ({ registry, ms, counter });
const clock = (stamp: Stamp, ...seen: Stamp[]): NameClock => ({ stamp, seen });

describe("how an incoming change stands to what is here", () => {
  const CASES: { about: string; here: NameClock | null; incoming: NameClock; is: string }[] = [
    { about: "nothing is here", here: null, incoming: clock(at(A, 1)), is: "newer" },
    { about: "the same", here: clock(at(A, 5)), incoming: clock(at(A, 5)), is: "known" },
    { about: "an older one", here: clock(at(A, 5)), incoming: clock(at(A, 4)), is: "known" },
    { about: "the next one", here: clock(at(A, 5)), incoming: clock(at(A, 5, 1)), is: "newer" },
    {
      about: "one superseded by what another made on top of it",
      here: clock(at(B, 9), at(A, 5)),
      incoming: clock(at(A, 4)),
      is: "known",
    },
    {
      about: "one made on top of what is here, elsewhere",
      here: clock(at(A, 5)),
      incoming: clock(at(B, 9), at(A, 5)),
      is: "newer",
    },
    { about: "unknown and later", here: clock(at(A, 5)), incoming: clock(at(B, 6)), is: "won" },
    { about: "unknown and earlier", here: clock(at(A, 5)), incoming: clock(at(B, 4)), is: "lost" },
    {
      about: "unknown, made on top of something else that is unknown",
      here: clock(at(A, 5)),
      incoming: clock(at(C, 4), at(B, 3)),
      is: "lost",
    },
    {
      about: "unknown at the very same time: the registries' ids decide",
      here: clock(at(A, 5)),
      incoming: clock(at(B, 5)),
      is: "won",
    },
  ];
  test.each(CASES)("$about: $is", ({ here, incoming, is }) => {
    expect(standingOf(here, incoming)).toBe(is);
  });
});

describe("as text", () => {
  test("what is printed is read again", () => {
    const seen = [at(B, 7, 3), at(C, 6)];
    const text = `${A}:9.1,${B}:7.3,${C}:6.0`;
    expect(printClock(clock(at(A, 9, 1), ...seen))).toBe(text);
    expect(parseClock(text)).toEqual(clock(at(A, 9, 1), ...seen));
  });

  const many = Array.from({ length: 33 }, (_, n) => `${A.slice(0, -2)}${n + 10}:${99 - n}.0`);
  test.each([
    ["nothing", ""],
    ["no registry's id", "a:1.0"],
    ["no counter", `${A}:1`],
    ["a negative time", `${A}:-1.0`],
    ["a time beyond all numbers", `${A}:1${"0".repeat(15)}.0`],
    ["the newest not first", `${A}:1.0,${B}:2.0`],
    ["one registry's older stamp first", `${A}:1.0,${A}:2.0`],
    ["something behind it", `${A}:1.0 `],
    ["more registries than are kept in mind", many.join()],
  ])("%s is no clock", (_about, text) => expect(parseClock(text)).toBeNull());
});

describe("a registry whose clock is years ahead", () => {
  test("is overtaken by the next change of whoever has seen its own", () => {
    const wild = stampedClock(null, nextStamp([], A, NOW_MS + YEARS_MS));
    const next = stampedClock(wild, nextStamp([wild], B, NOW_MS));
    expect(next.stamp).toEqual(at(B, NOW_MS + YEARS_MS, 1));
    expect(standingOf(wild, next)).toBe("newer");
    expect(standingOf(next, wild)).toBe("known");
  });

  test("wins what it changes in ignorance of others, and stays one of many names", () => {
    const wild = stampedClock(null, nextStamp([], A, NOW_MS + YEARS_MS));
    const other = stampedClock(null, nextStamp([], B, NOW_MS));
    expect(standingOf(other, wild)).toBe("won");
    // Another name at B has never heard of it.
    expect(nextStamp([null], B, NOW_MS)).toEqual(at(B, NOW_MS));
  });

  test("leads to no stamp that cannot be printed, however full the counter", () => {
    const full = clock(at(A, NOW_MS, 999_999_999));
    const next = stampedClock(full, nextStamp([full], B, NOW_MS));
    expect(next.stamp).toEqual(at(B, NOW_MS + 1));
    expect(parseClock(printClock(next))).toEqual(next);
  });
});

const FILE = "packages/catalog/clock.test.ts";

describe.each(seeds(FILE, process.env))("of clocks at random: %s", (_replay, seed) => {
  const random = seededRandom(seed);
  const below = (most: number) => Math.floor(random() * most);
  /** Small numbers, so that much falls together. */
  const anyStamp = () => at(REGISTRIES[below(3)]!, below(4), below(3));
  const anyClock = () => {
    let made = stampedClock(null, anyStamp());
    for (let n = below(4); n > 0; n--) made = stampedClock(made, anyStamp());
    return made;
  };
  const trials = Array.from({ length: 500 }, () => [anyClock(), anyClock(), anyClock()] as const);

  test("stamps are in one total order", () => {
    const stamps = trials.flat().map(({ stamp }) => stamp);
    for (const [i, one] of stamps.entries()) {
      const [other, third] = [
        stamps[(i * 7 + 1) % stamps.length]!,
        stamps[(i + 3) % stamps.length]!,
      ];
      const order = Math.sign(compareStamps(one, other));
      expect(order).toBe(-Math.sign(compareStamps(other, one)) + 0);
      expect(order === 0).toBe(printClock(clock(one)) === printClock(clock(other)));
      if (order <= 0 && compareStamps(other, third) <= 0) {
        expect(compareStamps(one, third)).toBeLessThanOrEqual(0);
      }
    }
  });

  test("merging only ever adds, in whatever order and however often", () => {
    for (const [one, other, third] of trials) {
      const merged = mergedClock(one, other);
      expect(mergedClock(other, one)).toEqual(merged);
      expect(mergedClock(merged, other)).toEqual(merged);
      expect(mergedClock(merged, third)).toEqual(mergedClock(one, mergedClock(other, third)));
      for (const part of [one, other]) expect(standingOf(merged, part)).toBe("known");
      for (const part of [one, other]) {
        expect(compareStamps(merged.stamp, part.stamp)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test("both sides of a meeting agree on who stays, and nobody waits for a third", () => {
    const opposite = { known: ["newer", "known"], newer: ["known"], won: ["lost"], lost: ["won"] };
    for (const [one, other] of trials) {
      expect(opposite[standingOf(one, other)]).toContain(standingOf(other, one));
    }
  });

  test("a change made here comes after all that is here, whatever the machine's clock says", () => {
    for (const [one, other] of trials) {
      const stamp = nextStamp([one, null, other], REGISTRIES[below(3)]!, below(6) - 1);
      for (const before of [one, other]) {
        expect(compareStamps(stamp, before.stamp)).toBeGreaterThan(0);
        expect(standingOf(before, stampedClock(before, stamp))).toBe("newer");
      }
      expect(parseClock(printClock(clock(stamp)))).toEqual(clock(stamp));
    }
  });
});
