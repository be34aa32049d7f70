import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openSecretBox } from "./secret-box.ts";

const key = randomBytes(32);
const box = openSecretBox(key);

const SECRETS = ["", "hunter2", "pässwörd 🔑", "x".repeat(100_000)];

test.each(SECRETS)("opens what it sealed", (secret) => {
  const sealed = box.seal(secret, "endpoint:7");
  expect(openSecretBox(key).open(sealed, "endpoint:7")).toBe(secret);
  expect(sealed.equals(box.seal(secret, "endpoint:7"))).toBe(false);
  if (secret !== "") expect(sealed.includes(secret)).toBe(false);
});

test("another context does not open it", () => {
  const sealed = box.seal("hunter2", "endpoint:7");
  expect(() => box.open(sealed, "endpoint:8")).toThrow(/endpoint:8 .* changed or belong elsewhere/);
});

test("another key does not open it, and says so", () => {
  const sealed = openSecretBox(randomBytes(32)).seal("hunter2", "endpoint:7");
  expect(() => box.open(sealed, "endpoint:7")).toThrow(/sealed with another master key/);
});

test("no byte can be changed, none left out", () => {
  const sealed = box.seal("hunter2", "endpoint:7");
  for (let i = 0; i < sealed.length; i++) {
    const changed = Buffer.from(sealed);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(() => box.open(changed, "endpoint:7"), `byte ${i}`).toThrow(/cannot be opened/);
    expect(() => box.open(sealed.subarray(0, i), "endpoint:7")).toThrow(/cannot be opened/);
  }
});

test("a newer format is named", () => {
  const sealed = box.seal("hunter2", "endpoint:7");
  sealed[0] = 2;
  expect(() => box.open(sealed, "endpoint:7")).toThrow(/format 2, this release reads 1/);
});

test("a key of another length is refused", () => {
  expect(() => openSecretBox(randomBytes(16))).toThrow(TypeError);
});
