import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFolderObjects } from "./folder-objects.ts";
import { openObjects } from "./open-objects.ts";
import { objectSuite } from "./object-suite.ts";

objectSuite("folder", async () => {
  const root = await mkdtemp(join(tmpdir(), "entrepot objects "));
  return {
    objects: await openObjects(`file:${join(root, "made/by it")}`),
    reopen: () => openFolderObjects(join(root, "made/by it")),
    close: () => rm(root, { recursive: true }),
  };
});

test("what a killed process left half-written goes after a day, and is never listed", async () => {
  const root = await mkdtemp(join(tmpdir(), "entrepot-objects-"));
  await openFolderObjects(root);
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await writeFile(join(root, ".writing/old"), "half");
  await utimes(join(root, ".writing/old"), yesterday, yesterday);
  await writeFile(join(root, ".writing/new"), "half");

  const objects = await openFolderObjects(root);
  expect(await readdir(join(root, ".writing"))).toEqual(["new"]);
  expect(await Array.fromAsync(objects.list(""))).toEqual([]);
  await rm(root, { recursive: true });
});

test.each(["ftp://key:secret@host", "/folder", "file:"])(
  "%s is refused without showing what it holds",
  async (url) => {
    await expect(openObjects(url)).rejects.toThrow(/use file:\/path/);
    await expect(openObjects(url)).rejects.not.toThrow(/secret/);
  },
);
