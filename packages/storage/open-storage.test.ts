import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStorage } from "./open-storage.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot open "));
});

afterEach(() => rm(folder, { recursive: true }));

test.each([
  ["file:PATH", (path: string) => `file:${path}`],
  ["FILE:PATH", (path: string) => `FILE:${path}`],
  ["file:///PATH, percent-encoded", (path: string) => pathToFileURL(path).href],
])("%s opens a store, twice and in a new folder", async (_, urlOf) => {
  const root = join(folder, "new", "my data");
  for (let n = 0; n < 2; n++) await (await openStorage(urlOf(root))).close();
  expect((await readdir(root)).toSorted()).toEqual(["blobs", "layout.json", "uploads"]);
  expect((await readdir(join(root, "blobs", "sha256"))).length).toBe(256);
  const layout: unknown = JSON.parse(await readFile(join(root, "layout.json"), "utf8"));
  expect(layout).toEqual({ layout: "entrepot-blobs", version: 1 });
});

test.each([
  ["s3://key:secret@bucket/x", "BAD_REQUEST", "holds credentials"],
  ["s3:", "BAD_REQUEST", "names no bucket"],
  ["s3:Bucket/x", "BAD_REQUEST", "names no bucket"],
  ["s3:bucket/../x", "BAD_REQUEST", "unusual characters"],
  ["s3:bucket/a//b", "BAD_REQUEST", "unusual characters"],
  ["s3:bucket?endpoint=ftp://secret", "BAD_REQUEST", "no http(s)"],
  ["s3:bucket?endpoint=https://key:secret@host", "BAD_REQUEST", "no http(s)"],
  ["s3:bucket?path_style=yes", "BAD_REQUEST", "path_style"],
  ["s3:bucket?part_mib=4", "BAD_REQUEST", "part_mib"],
  ["s3:bucket?secret_key=secret", "BAD_REQUEST", "not known"],
  ["http://key:secret@host/", "UNSUPPORTED", "of kind http: is unknown"],
  ["/srv/data", "UNSUPPORTED", "without a kind"],
  ["", "UNSUPPORTED", "without a kind"],
  ["file:", "BAD_REQUEST", "no local path"],
  ["file://", "BAD_REQUEST", "no local path"],
  ["file:///", "BAD_REQUEST", "no local path"],
  ["file://server/share", "BAD_REQUEST", "no local path"],
])("%j is %s", async (url, code, words) => {
  const refusal = await openStorage(url).catch((error: Error) => error);
  expect(refusal).toMatchObject({ code, message: expect.stringContaining(words) });
  expect(String(refusal)).not.toContain("secret");
});

test.each([
  ["a newer layout", '{"layout":"entrepot-blobs","version":2}', "UNSUPPORTED", "version 2"],
  ["another kind of layout", '{"imageLayoutVersion":"1.0.0"}', "CONFLICT", "does not describe"],
  ["a broken layout", "{", "CONFLICT", "does not describe"],
])("%s is refused in one line and left alone", async (_, text, code, words) => {
  await writeFile(join(folder, "layout.json"), text);
  const refusal = await openStorage(`file:${folder}`).catch((error: Error) => error);
  expect(refusal).toMatchObject({ code, message: expect.stringContaining(words) });
  expect(String(refusal)).not.toContain("\n");
  expect(await readdir(folder)).toEqual(["layout.json"]);
});

test("a folder that holds something else is refused and left alone", async () => {
  await writeFile(join(folder, "thesis.txt"), "mine");
  await expect(openStorage(`file:${folder}`)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await readdir(folder)).toEqual(["thesis.txt"]);
});

test("a fresh disk and a crash before the layout was written are no obstacle", async () => {
  await mkdir(join(folder, "lost+found"));
  await writeFile(join(folder, "layout.json.new"), '{"lay');
  await (await openStorage(`file:${folder}`)).close();
  expect((await stat(join(folder, "layout.json"))).isFile()).toBe(true);
});

test("a file in the way is UNAVAILABLE, with what to check", async () => {
  const path = join(folder, "file");
  await writeFile(path, "");
  await expect(openStorage(`file:${path}`)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(
      /^opening the blob store failed under .*file \(EEXIST\); check /,
    ),
  });
});
