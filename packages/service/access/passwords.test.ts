import { argon2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { hashPassword, verifyPassword } from "./passwords.ts";

test("a hash verifies its password and no other", async () => {
  const hash = await hashPassword("correct horse");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await verifyPassword("correct horse", hash)).toBe(true);
  expect(await verifyPassword("correct horsf", hash)).toBe(false);
  expect(await verifyPassword("", hash)).toBe(false);
  expect(await hashPassword("correct horse")).not.toBe(hash);
});

test("one password, whichever way its letters are composed", async () => {
  const hash = await hashPassword("p\u00e4ssword");
  expect(await verifyPassword("pa\u0308ssword", hash)).toBe(true);
});

test("other costs in a stored hash are followed", async () => {
  const nonce = Buffer.from("0123456789abcdef");
  const cost = { memory: 64, passes: 3, parallelism: 2, tagLength: 24 };
  const tag = argon2Sync("argon2id", { message: "secret", nonce, ...cost });
  const hash = `$argon2id$v=19$m=64,t=3,p=2$${print(nonce)}$${print(tag)}`;
  expect(await verifyPassword("secret", hash)).toBe(true);
  expect(await verifyPassword("secrets", hash)).toBe(false);
});

test("an unknown user costs what a known one does", async () => {
  const hash = await hashPassword("correct horse");
  const [known, unknown] = [await cpuOf(hash), await cpuOf(null)];
  expect(unknown).toBeGreaterThan(known / 3);
  expect(unknown).toBeLessThan(known * 3);
});

test("not even the dummy's own tag lets an unknown user in", async () => {
  expect(await verifyPassword("", null)).toBe(false);
});

test("an unreadable hash is said to be so", async () => {
  await expect(verifyPassword("x", "$2y$10$abc")).rejects.toThrow(/stored password is unreadable/);
});

test("a flood is turned away, not queued", async () => {
  const attempts = Array.from({ length: 110 }, () => verifyPassword("x", cheap));
  const outcomes = await Promise.allSettled(attempts);
  const refused = outcomes.filter((outcome) => outcome.status === "rejected");
  expect(refused).toHaveLength(8);
  expect(refused[0]?.reason).toMatchObject({
    code: "TOOMANYREQUESTS",
    detail: { retryAfterSeconds: 1 },
  });
  expect(await verifyPassword("x", cheap)).toBe(false);
});

const cheap = `$argon2id$v=19$m=8,t=1,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

function print(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}

/** Microseconds of this process while three wrong passwords are tried. */
async function cpuOf(stored: string | null): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < 3; i++) expect(await verifyPassword("wrong", stored)).toBe(false);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
