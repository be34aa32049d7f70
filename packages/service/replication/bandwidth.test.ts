import { expect, test } from "vitest";
import { allOf, policyRate, taskRate, tokenBucket } from "./bandwidth.ts";
import type { TimeWindow } from "./policy-options.ts";

/** Time that passes only while somebody waits. */
function ticking() {
  let now = 0;
  return {
    clock: () => now,
    pause: async (ms: number) => {
      now += ms;
    },
    seconds: () => now / 1000,
  };
}

test.for([1000, 65_536, 10_000_000])(
  "at %d bytes per second, ten seconds' worth takes ten",
  async (rate) => {
    const time = ticking();
    const bucket = tokenBucket(() => rate, time);
    for (let n = 0; n < 100; n++) await bucket.take(rate / 10);
    expect(time.seconds()).toBeGreaterThan(9.7);
    expect(time.seconds()).toBeLessThanOrEqual(10);
  },
);

test("a new rate holds at once, for what waits as well", async () => {
  const time = ticking();
  let rate = 10;
  const bucket = tokenBucket(() => rate, time);
  await bucket.take(1000);
  const waiting = bucket.take(1);
  rate = 100_000;
  await waiting;
  expect(time.seconds()).toBeLessThan(0.2);
  rate = 0;
  await bucket.take(1_000_000);
  await bucket.take(1_000_000);
  expect(time.seconds()).toBeLessThan(0.2);
});

test("the strictest of several limits counts; one bucket is shared by all that take", async () => {
  const time = ticking();
  const shared = tokenBucket(() => 1000, time);
  const tasks = [2000, 4000].map((rate) => allOf([shared, tokenBucket(() => rate, time)]));
  for (let n = 0; n < 10; n++) await Promise.all(tasks.map((task) => task.take(500)));
  expect(time.seconds()).toBeGreaterThan(9);
});

const window = (from: string, to: string, bytesPerSecond: number): TimeWindow => ({
  kind: "bandwidth",
  days: [],
  from,
  to,
  timeZone: "Europe/Berlin",
  bytesPerSecond,
});

test.for([
  // Berlin is an hour ahead in winter.
  ["2026-01-15T12:00:00Z", 1000],
  ["2026-01-15T07:30:00Z", 50],
  ["2026-01-15T22:30:00Z", 0],
  ["2026-01-15T20:30:00Z", 7],
] as const)("at %s a policy's limit is %d", ([at, rate]) => {
  const windows = [
    window("08:00", "10:00", 50),
    window("21:00", "05:00", 0),
    window("21:00", "22:00", 7),
  ];
  expect(policyRate({ bytesPerSecond: 1000, windows }, new Date(at))).toBe(rate);
});

test("Harbor's speed is in Kibit/s, and less than one is no limit", () => {
  expect([8, 0, -1].map((speed) => taskRate({ speed }))).toEqual([1024, 0, 0]);
});
