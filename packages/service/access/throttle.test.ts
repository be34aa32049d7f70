import { RegistryError } from "@entrepot/oci";
import { beforeEach, expect, test } from "vitest";
import { openThrottle, type Throttle } from "./throttle.ts";

let now: number;
let throttle: Throttle;
beforeEach(() => {
  now = 1_000_000;
  throttle = openThrottle(() => now);
});

/** Seconds to wait, 0 if the attempt may be made. */
function attempt(username = "ann", address = "10.0.0.1"): number {
  try {
    throttle.attempt(username, address);
    return 0;
  } catch (error) {
    expect(error).toMatchObject({ code: "TOOMANYREQUESTS" });
    return ((error as RegistryError).detail as { retryAfterSeconds: number }).retryAfterSeconds;
  }
}

function fail(times: number): void {
  for (let i = 0; i < times; i++) expect(attempt(), `attempt ${i}`).toBe(0);
}

test("five attempts are free, then the wait doubles up to a minute", () => {
  fail(5);
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    const wait = attempt();
    waits.push(wait);
    now += wait * 1_000;
    expect(attempt()).toBe(0);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test("refused attempts do not lengthen the wait", () => {
  fail(5);
  for (let i = 0; i < 100; i++) expect(attempt()).toBe(1);
  now += 1_000;
  expect(attempt()).toBe(0);
});

test("another user or another address is not held up", () => {
  fail(5);
  expect(attempt("bob")).toBe(0);
  expect(attempt("ann", "10.0.0.2")).toBe(0);
  expect(attempt()).toBe(1);
});

test("success forgives all", () => {
  fail(5);
  now += 1_000;
  throttle.attempt("ann", "10.0.0.1");
  throttle.succeeded("ann", "10.0.0.1");
  fail(5);
});

test("fifteen quiet minutes forgive all", () => {
  fail(5);
  now += 15 * 60_000 + 1;
  fail(5);
});

test("username and address are told apart", () => {
  for (let i = 0; i < 5; i++) attempt('x","y', "z");
  expect(attempt('y","z', "x")).toBe(0);
});

test("what is remembered is bounded", () => {
  fail(5);
  for (let i = 0; i < 10_000; i++) attempt(`user${i}`);
  expect(attempt()).toBe(0);
});
