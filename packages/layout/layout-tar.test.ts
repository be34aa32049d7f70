import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bytesOf, copyTag } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { pushSample, sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, expect, test } from "vitest";
import { layoutFolder } from "./layout-folder.ts";
import { layoutRegistry } from "./layout-registry.ts";
import { readLayoutTar } from "./read-layout-tar.ts";
import { writeLayoutTar } from "./write-layout-tar.ts";

const folder = mkdtempSync(join(tmpdir(), "entrepot-layout-tar-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newTar = () => join(folder, `${++count}.tar`);

/** A tar with one index of two images, `library/app:v1`, and what is in it. */
async function written() {
  const path = newTar();
  const image = sampleIndex([sampleImage(), sampleImage()]);
  const layout = layoutRegistry(await writeLayoutTar(path));
  await pushSample(layout.repository("library/app"), image, ["v1"]);
  await layout.close();
  return { path, image };
}

test("what goes into a tar comes out of it, range by range", async () => {
  const { path, image } = await written();
  const layout = layoutRegistry(await readLayoutTar(path));
  const repository = layout.repository("library/app");
  expect((await layout.repositories()).items).toEqual(["library/app"]);
  expect(await repository.resolve("v1")).toMatchObject(image.content);

  const target = memoryRegistry().repository("library/app");
  await copyTag(repository, target, "v1", image.content);
  expect(await target.resolve("v1")).toMatchObject(image.content);

  const layer = image.children[0]!.children[1]!;
  const [part] = await Array.fromAsync(
    await repository.fetch(layer.content, { start: 10, length: 20 }),
  );
  expect(Buffer.compare(part!, layer.bytes.subarray(10, 30))).toBe(0);
  await expect(repository.tag("v2", image.content.digest)).rejects.toThrow(/only read/);
  await layout.close();
});

test("GNU tar reads what we write, and we read what it writes", async () => {
  const { path, image } = await written();
  const unpacked = `${path}.d`;
  const tar = (...args: string[]) => {
    const { status, stderr } = spawnSync("tar", args);
    expect(`${status}${stderr}`).toBe("0");
  };
  tar("--one-top-level=" + unpacked, "-xf", path);
  const read = layoutRegistry(layoutFolder(unpacked)).repository("library/app");
  expect(await read.resolve("v1")).toMatchObject(image.content);
  for (const format of ["ustar", "pax", "gnu"]) {
    const packed = newTar();
    // Names beyond 100 bytes are what the formats differ in.
    tar("-cf", packed, `--format=${format}`, "-C", unpacked, ".");
    const layout = layoutRegistry(await readLayoutTar(packed));
    expect(await layout.repository("library/app").resolve("v1")).toMatchObject(image.content);
    await layout.close();
  }
});

test("adds to a tar that is there, without what it has", async () => {
  const { path, image } = await written();
  const before = (await stat(path)).size;
  const more = sampleImage();
  const files = await writeLayoutTar(path);
  const layout = layoutRegistry(files);
  await pushSample(layout.repository("library/app"), image, ["v1", "latest"]);
  await pushSample(layout.repository("library/more"), more, ["v1"]);
  await layout.close();
  const read = layoutRegistry(await readLayoutTar(path));
  expect(await read.repository("library/app").resolve("latest")).toMatchObject(image.content);
  expect(await read.repository("library/more").resolve("v1")).toMatchObject(more.content);
  await read.close();
  expect((await stat(path)).size - before).toBeLessThan(6 * 1024);
});

test("has no file before its end, and keeps the old one until then", async () => {
  const { path } = await written();
  const before = await readFile(path);
  const files = await writeLayoutTar(path);
  await pushSample(layoutRegistry(files).repository("library/x"), sampleImage(), ["v1"]);
  expect(Buffer.compare(await readFile(path), before)).toBe(0);
  await files.discard();
  expect(Buffer.compare(await readFile(path), before)).toBe(0);
  expect((await readdir(folder)).filter((name) => /partial|lock/.test(name))).toEqual([]);
});

test("a blob that breaks off leaves nothing behind", async () => {
  const path = newTar();
  const layout = layoutRegistry(await writeLayoutTar(path));
  const repository = layout.repository("library/app");
  const blob = sampleBlob();
  const wrong = repository.push(blob.content, bytesOf("something else"));
  await expect(wrong).rejects.toThrow();
  expect(await repository.stat(blob.content.digest)).toBeNull();
  await pushSample(repository, sampleImage(), ["v1"]);
  await layout.close();
  const read = layoutRegistry(await readLayoutTar(path));
  expect((await read.repository("library/app").tags()).items).toEqual(["v1"]);
  await read.close();
});

test("two writers do not write one tar at once", async () => {
  const path = newTar();
  const first = await writeLayoutTar(path);
  await expect(writeLayoutTar(path)).rejects.toThrow(/another writer holds/);
  await first.close();
  await (await writeLayoutTar(path)).close();
});

test("a lock that a dead process left is taken over", async () => {
  const path = newTar();
  const { pid } = spawnSync("true");
  const { hostname } = await import("node:os");
  await writeFile(`${path}.lock`, JSON.stringify({ host: hostname(), pid }));
  // The dead one is noticed at once; a second look then takes what it had.
  await (await writeLayoutTar(path)).close();
});

test("refuses what is cut off, compressed, or no layout", async () => {
  const { path } = await written();
  const whole = await readFile(path);
  for (const length of [whole.length - 2048, 700, 512, 0]) {
    await truncate(path, length);
    await expect(readLayoutTar(path), `${length}`).rejects.toThrow(/cut off|no OCI layout/);
  }
  await writeFile(path, gzipSync(whole));
  await expect(readLayoutTar(path)).rejects.toThrow(/compressed/);
  await expect(readLayoutTar(join(folder, "none.tar"))).rejects.toThrow(/ENOENT/);
});
