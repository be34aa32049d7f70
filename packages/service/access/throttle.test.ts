import { testCatalog, type TestCatalog } from "@entrepot/catalog/testing";
import { RegistryError } from "@entrepot/oci";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openThrottle, type Throttle } from "./throttle.ts";

let room: TestCatalog;
let now = 1_000_000;
let throttle: Throttle;
beforeAll(async () => {
  room = await testCatalog();
});
afterAll(() => room.close());
beforeEach(async () => {
  await room.catalog.db.deleteFrom("login_attempt").execute();
  throttle = openThrottle(room.catalog, () => now);
});

/** Seconds to wait, 0 if the attempt may be made. */
async function attempt(username = "ann", address = "10.0.0.1", by = throttle): Promise<number> {
  try {
    await by.attempt(username, address);
    return 0;
  } catch (error) {
    expect(error).toMatchObject({ code: "TOOMANYREQUESTS" });
    return ((error as RegistryError).detail as { retryAfterSeconds: number }).retryAfterSeconds;
  }
}

async function fail(times: number, username?: string, address?: string): Promise<void> {
  for (let i = 0; i < times; i++) {
    expect(await attempt(username, address), `attempt ${i}`).toBe(0);
  }
}

/** The waits of somebody who tries again as soon as that is allowed. */
async function waitsOf(times: number, username?: string, address?: string): Promise<number[]> {
  const waits: number[] = [];
  for (let i = 0; i < times; i++) {
    const wait = await attempt(username, address);
    waits.push(wait);
    now += wait * 1_000;
    expect(await attempt(username, address)).toBe(0);
  }
  return waits;
}

const rows = async () => (await room.catalog.db.selectFrom("login_attempt").execute()).length;

test("five attempts are free, then the wait doubles up to a minute", async () => {
  await fail(5);
  expect(await waitsOf(9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test("refused attempts do not lengthen the wait", async () => {
  await fail(5);
  for (let i = 0; i < 20; i++) expect(await attempt()).toBe(1);
  now += 1_000;
  expect(await attempt()).toBe(0);
});

test("another user or another address is not held up", async () => {
  await fail(5);
  expect(await attempt("bob")).toBe(0);
  expect(await attempt("ann", "10.0.0.2")).toBe(0);
  expect(await attempt()).toBe(1);
});

test("another node, and the same one after a restart, count on", async () => {
  await fail(3);
  const other = openThrottle(room.catalog, () => now);
  await other.attempt("ann", "10.0.0.1");
  await fail(1);
  expect(await attempt("ann", "10.0.0.1", other)).toBe(1);
});

test("of attempts side by side on several nodes only the free ones are made", async () => {
  const nodes = Array.from({ length: 4 }, () => openThrottle(room.catalog, () => now));
  const waits = await Promise.all(
    Array.from({ length: 40 }, (_one, i) => attempt("ann", "10.0.0.1", nodes[i % 4])),
  );
  expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
});

test("free attempts are free on a node whose clock is behind, too", async () => {
  const behind = openThrottle(room.catalog, () => now - 900);
  await fail(2);
  for (let i = 0; i < 3; i++) expect(await attempt("ann", "10.0.0.1", behind)).toBe(0);
  expect(await attempt("ann", "10.0.0.1", behind)).toBe(1);
});

test("success forgives all from its address", async () => {
  await fail(5);
  now += 1_000;
  await throttle.attempt("ann", "10.0.0.1");
  await throttle.succeeded("ann", "10.0.0.1");
  await fail(5);
});

test("an attempt that nobody could judge is taken back alone", async () => {
  await fail(4);
  for (let i = 0; i < 10; i++) {
    await throttle.attempt("ann", "10.0.0.1");
    await throttle.undo("ann", "10.0.0.1");
    now += 1_000;
  }
  await fail(1);
  expect(await attempt()).toBe(1);
});

test("fifteen quiet minutes forgive all", async () => {
  await fail(5);
  now += 15 * 60_000 + 1;
  await fail(5);
});

test("username and address are told apart", async () => {
  await fail(5, 'x","y', "z");
  expect(await attempt('y","z', "x")).toBe(0);
});

test.each([
  ["2001:db8:1:2::1", "2001:db8:1:2:aaaa:bbbb:cccc:dddd", "one network of IPv6", 1],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", "two networks of IPv6", 0],
  ["2001:db8::1", "2001:db8:0:0:1::", "zeros written and left out", 1],
  ["::ffff:10.0.0.1", "10.0.0.1", "IPv4 however it is written", 1],
  ["::ffff:10.0.0.1", "::ffff:10.0.0.2", "two of IPv4", 0],
  ["", "10.0.0.1", "an address that is not known", 0],
])("%s and %s: %s", async (guessed, tried, _what, wait) => {
  await fail(5, "ann", guessed);
  expect(await attempt("ann", tried)).toBe(wait);
});

test("who is guessed at from many addresses: each has two attempts, and waits longer", async () => {
  for (let i = 0; i < 10; i++) await fail(5, "ann", `10.0.1.${i}`);
  await fail(2, "ann", "10.0.2.1");
  expect(await waitsOf(12, "ann", "10.0.2.1")).toEqual([
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900,
  ]);
  // Ann herself gets in from an address that nobody has guessed from, and so does everybody else.
  expect(await attempt("ann", "127.0.0.1")).toBe(0);
  await fail(5, "bob", "10.0.2.1");
});

test("an owner who logs in often makes no room for guesses, and is no attack", async () => {
  for (let i = 0; i < 60; i++) {
    await throttle.attempt("ann", "10.0.3.1");
    await throttle.succeeded("ann", "10.0.3.1");
  }
  await fail(5, "ann", "10.0.3.2");
  expect(await attempt("ann", "10.0.3.2")).toBe(1);
  for (let i = 0; i < 9; i++) await fail(5, "ann", `10.0.4.${i}`);
  await throttle.attempt("ann", "10.0.3.1");
  await throttle.succeeded("ann", "10.0.3.1");
  await fail(2, "ann", "10.0.3.3");
  expect(await attempt("ann", "10.0.3.3")).toBe(1);
});

test("what is remembered is swept when it is old, and bounded", async () => {
  await fail(1, "old");
  now += 15 * 60_000 + 1;
  await fail(1, "new");
  await throttle.sweep();
  expect(await rows()).toBe(2);

  const small = openThrottle(room.catalog, () => now, 20);
  for (let i = 0; i < 1_000; i++) {
    now += 1;
    await small.attempt(`user${i}`, "10.0.0.1");
  }
  expect(await rows()).toBeLessThanOrEqual(22);
}, 30_000);
