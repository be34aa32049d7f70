import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { childrenOf, digestOf, parseManifest } from "@entrepot/oci";
import { collect, memoryRegistry } from "@entrepot/registry";
import { afterAll, expect, test } from "vitest";
import { compare, isEqual } from "./compare.ts";
import { imageOf, makeLayer, pushImage, sizeOf } from "./image.ts";
import { dependencyFiles, sourceFiles } from "./project-files.ts";
import { tarOf } from "./tar.ts";

const folder = mkdtempSync(join(tmpdir(), "entrepot-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONTENTS: Readonly<Record<string, string>> = {
  "a file of one block": "x".repeat(512),
  "a file of a block and a byte": "y".repeat(513),
  "an empty file": "",
  "grüße.txt": "a name that is not ASCII",
  [`${"deep/".repeat(20)}${"n".repeat(90)}.txt`]: "a name of 194 bytes, parted at a slash",
  program: "#!/bin/sh\n",
};

const files = Object.entries(CONTENTS).map(([name, text]) => {
  const path = join(folder, "from", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  if (name === "program") chmodSync(path, 0o755);
  return { name, path };
});

const hasTar = spawnSync("tar", ["--version"]).status === 0;

test.runIf(hasTar)("tar unpacks what was packed, names, contents and modes", async () => {
  const archive = join(folder, "all.tar");
  writeFileSync(archive, await collect(tarOf(files), 1 << 20));
  const into = join(folder, "into");
  mkdirSync(into);
  execFileSync("tar", ["-xf", archive, "-C", into]);
  for (const [name, text] of Object.entries(CONTENTS)) {
    expect(readFileSync(join(into, name), "utf8")).toBe(text);
  }
  const listed = execFileSync("tar", ["-tvf", archive], { encoding: "utf8" });
  expect(listed).toMatch(/^-rwxr-xr-x root\/root .* program$/m);
  expect(listed).toMatch(/^-rw-r--r-- root\/root .* an empty file$/m);
});

test("a name that no header holds is refused", async () => {
  const long = [{ name: "n".repeat(101), path: files[0]!.path }];
  await expect(collect(tarOf(long), 1 << 20)).rejects.toThrow(/too long a name/);
});

test.each([0, 1])("a layer of level %i is what its digests say, each time", async (gzip) => {
  const layer = await makeLayer(folder, `level ${gzip}`, files, gzip);
  const bytes = readFileSync(layer.path);
  expect(bytes.length).toBe(layer.descriptor.size);
  expect(digestOf(bytes)).toBe(layer.descriptor.digest);
  expect(digestOf(gzip > 0 ? gunzipSync(bytes) : bytes)).toBe(layer.diffId);
  expect(await makeLayer(folder, "again", files, gzip)).toMatchObject({ diffId: layer.diffId });
});

test("images of common layers are pushed, compared, and found to differ when they do", async () => {
  const common = await makeLayer(folder, "common", files, 1);
  const extra = await makeLayer(folder, "extra", files.slice(0, 1), 1);
  const image = imageOf([common], ["/bin/true"]);
  const more = imageOf([common, extra], ["/bin/true"]);
  expect(childrenOf(parseManifest(image.manifestBytes, image.manifest.mediaType)).blobs).toEqual([
    image.config,
    common.descriptor,
  ]);
  const configs = image.config.size + more.config.size;
  expect(sizeOf(image, more)).toBe(configs + common.descriptor.size + extra.descriptor.size);

  const [left, right] = [memoryRegistry(), memoryRegistry()];
  await pushImage(left.repository("demo/app"), image, ["1", "latest"]);
  await pushImage(right.repository("demo/app"), image, ["1"]);
  await pushImage(right.repository("demo/app"), more, ["latest"]);
  const found = await compare(left, right, "demo/app");
  expect(isEqual(found)).toBe(false);
  expect(found.tags.map(({ tag, left: a, right: b }) => [tag, a === b])).toEqual([
    ["1", true],
    ["latest", false],
  ]);
  await pushImage(right.repository("demo/app"), image, ["latest"]);
  expect(isEqual(await compare(left, right, "demo/app"))).toBe(true);
});

test("the project's own files fit into archives", async () => {
  const names = [...sourceFiles(), ...dependencyFiles()].map(({ name }) => name);
  expect(names).toContain("entrepot/apps/server/main.ts");
  expect(names).toContain("entrepot/node_modules/hono/package.json");
  expect(names).toContain("entrepot/node_modules/commander/package.json");
  expect(names).not.toContain("entrepot/node_modules/antd/package.json");
  expect(names.filter((name) => /^\/|\.\.|\/\.git\//.test(name))).toEqual([]);
});
