import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pages } from "@entrepot/registry";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, expect, test } from "vitest";
import { layoutFolder } from "./layout-folder.ts";
import { layoutRegistry } from "./layout-registry.ts";

const root = mkdtempSync(join(tmpdir(), "entrepot-layout-names-"));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const newFolder = () => join(root, `${++count}`);

async function namesIn(folder: string): Promise<(string | undefined)[]> {
  const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as {
    manifests: { annotations?: Record<string, string> }[];
  };
  return index.manifests.map((one) => one.annotations?.["org.opencontainers.image.ref.name"]);
}

test("one repository has plain tags, several have full references", async () => {
  const image = sampleIndex([sampleImage(), sampleImage()]);
  const signature = sampleImage({ subject: image.content });
  const digest = signature.content.digest;
  const cases = [
    { repository: "library/app", names: ["v1", "v2", undefined] },
    {
      repository: undefined,
      names: ["library/app:v1", "library/app:v2", `library/app@${digest}`],
    },
  ];
  for (const { repository, names } of cases) {
    const folder = newFolder();
    const layout = layoutRegistry(layoutFolder(folder), { repository });
    await pushSample(layout.repository("library/app"), image, ["v1", "v2"]);
    await pushSample(layout.repository("library/app"), signature);
    // The images within the index have no entry of their own.
    expect(await namesIn(folder)).toEqual(names);
    const again = layoutRegistry(layoutFolder(folder), { repository }).repository("library/app");
    expect((await again.referrers(image.content.digest)).items).toMatchObject([{ digest }]);
    for (const child of image.children) {
      expect(await again.resolve(child.content.digest)).toMatchObject(child.content);
    }
  }
});

test("the other naming's entries are counted and kept", async () => {
  const folder = newFolder();
  const plain = layoutRegistry(layoutFolder(folder), { repository: "library/app" });
  await pushSample(plain.repository("library/app"), sampleImage(), ["v1"]);
  const full = layoutRegistry(layoutFolder(folder));
  expect((await full.repositories()).items).toEqual([]);
  expect(await full.unnamed()).toBe(1);
  await pushSample(full.repository("library/other"), sampleImage(), ["v1"]);
  expect(await namesIn(folder)).toEqual(["v1", "library/other:v1"]);
  await expect(
    pushSample(plain.repository("library/other"), sampleImage(), ["v1"]),
  ).rejects.toThrow(/library\/app alone/);
});

test("two writers of one folder lose none of their tags", async () => {
  const folder = newFolder();
  const image = sampleImage();
  const writers = [layoutRegistry(layoutFolder(folder)), layoutRegistry(layoutFolder(folder))];
  await pushSample(writers[0]!.repository("library/app"), image);
  const tags = Array.from({ length: 60 }, (_, n) => `t${n}`);
  await Promise.all(
    tags.map((tag, n) => writers[n % 2]!.repository("library/app").tag(tag, image.content.digest)),
  );
  const listed = pages((query) => writers[0]!.repository("library/app").tags(query));
  expect(await Array.fromAsync(listed)).toEqual(tags.toSorted());
});

test("symbolic links in a layout are not followed", async () => {
  const image = sampleImage();
  const [real, folder] = [newFolder(), newFolder()];
  await pushSample(layoutRegistry(layoutFolder(real)).repository("library/app"), image, ["v1"]);
  await mkdir(join(folder, "blobs"), { recursive: true });
  await symlink(join(real, "blobs/sha256"), join(folder, "blobs/sha256"));
  await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await symlink(join(real, "index.json"), join(folder, "index.json"));
  const layout = layoutRegistry(layoutFolder(folder));
  await expect(layout.repositories()).rejects.toThrow();
  const layer = image.children[0]!.content;
  await expect(layout.repository("library/app").fetch(layer)).rejects.toThrow(/is no folder/);
  await expect(pushSample(layout.repository("library/app"), sampleImage())).rejects.toThrow(
    /is no folder/,
  );
});

test("a folder that holds other things does not become a layout", async () => {
  const folder = newFolder();
  await mkdir(folder);
  await writeFile(join(folder, "notes.txt"), "mine");
  const layout = layoutRegistry(layoutFolder(folder));
  await expect(layout.repositories()).rejects.toThrow(/holds notes.txt/);
  await expect(pushSample(layout.repository("library/app"), sampleImage())).rejects.toThrow(
    /holds notes.txt/,
  );
  await expect(layoutRegistry(layoutFolder(newFolder())).repositories()).rejects.toThrow(
    /no folder/,
  );
});
