import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadMasterKey } from "./master-key.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "access-key-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("is made once, for the owner alone", async () => {
  const file = join(folder, "keys", "master.key");
  const key = await loadMasterKey(file);
  expect(key).toHaveLength(32);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await loadMasterKey(file)).toEqual(key);
  expect(await readdir(join(folder, "keys"))).toEqual(["master.key"]);
});

test("those who start together get one key", async () => {
  const file = join(folder, "master.key");
  const keys = await Promise.all(Array.from({ length: 20 }, () => loadMasterKey(file)));
  expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
  expect(await readdir(folder)).toEqual(["master.key"]);
});

test("the environment's value comes first, in the file's own writing", async () => {
  const file = join(folder, "master.key");
  const key = await loadMasterKey(file);
  const value = await readFile(file, "utf8");
  expect(await loadMasterKey(join(folder, "none"), value)).toEqual(key);
  expect(await readdir(folder)).toEqual(["master.key"]);
});

test.each(["", "short", "A".repeat(45), "=".repeat(44)])("refuses %j", async (text) => {
  const file = join(folder, "master.key");
  await writeFile(file, text);
  await expect(loadMasterKey(file)).rejects.toThrow(/master.key is not 32 bytes in base64/);
  await expect(loadMasterKey(file, text)).rejects.toThrow(/environment is not 32 bytes/);
  expect(await readFile(file, "utf8")).toBe(text);
});
