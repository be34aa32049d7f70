import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "@entrepot/oci";
import { realDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";
import { openFileStore } from "./filesystem.ts";
import { blobPath, uploadsFolder } from "./layout.ts";
import { allOf, inPieces, listOf, sampleBytes } from "./suite-bytes.ts";

let root: string;
const open = (disk: Disk = realDisk) => openFileStore({ root, disk, earlyShards: false });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "entrepot-cut-"));
});

afterEach(() => rm(root, { recursive: true }));

test("a draft goes on after kill -9 in the middle of an append", async () => {
  const program = join(import.meta.dirname, "append-until-killed.ts");
  const child = spawn(process.execPath, [program, root], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const id = String((await lines.next()).value);
  for (let n = 0; n < 6; n++) await lines.next();
  child.kill("SIGKILL");
  await exited;

  const store = await open();
  const draft = (await store.resume("library/a", id))!;
  const had = draft.offset;
  expect(had).toBeGreaterThan(0);
  const whole = Buffer.concat(
    Array.from({ length: Math.ceil(had / 65_536) + 3 }, (_, n) => sampleBytes(65_536, n)),
  );
  await draft.append(inPieces(whole.subarray(had)));
  expect(await draft.commit(digestOf(whole))).toBe(whole.length);
  expect((await allOf(await store.read(digestOf(whole)))).equals(whole)).toBe(true);
  await store.close();
});

test("a blob that shrinks while it is read is INTEGRITY, not a short answer", async () => {
  const store = await open();
  const bytes = sampleBytes(5_000_000);
  await store.put(digestOf(bytes), bytes);
  const reading = await store.read(digestOf(bytes));
  await truncate(blobPath(root, digestOf(bytes)), 1_200_000);
  await expect(allOf(reading)).rejects.toMatchObject({ code: "INTEGRITY" });
  await store.close();
});

test("a blob that goes between read and its first byte is BLOB_UNKNOWN", async () => {
  const store = await open();
  const bytes = sampleBytes(10);
  await store.put(digestOf(bytes), bytes);
  const reading = await store.read(digestOf(bytes));
  await store.setAside(digestOf(bytes));
  await expect(allOf(reading)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  await store.close();
});

test.each(["sync", "datasync"] as const)("a failed %s takes the draft away", async (call) => {
  const store = await open(failing(call, "EIO"));
  const draft = await store.start("library/a");
  const size = call === "sync" ? 1000 : 40_000_000;
  const bytes = sampleBytes(size);
  const push = draft.append(inPieces(bytes, 1_000_000)).then(() => draft.commit(digestOf(bytes)));
  await expect(push).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await store.resume("library/a", draft.id)).toBe(null);
  expect(await store.stat(digestOf(bytes))).toBe(null);
  expect(await readdir(uploadsFolder(root))).toEqual([]);
  await store.close();
});

test("a refused rename keeps the draft: the same commit succeeds later", async () => {
  let refuse = true;
  const rename: Disk["rename"] = async (from, to) => {
    if (refuse && String(to).includes("blobs")) throw diskError("EDQUOT");
    await realDisk.rename(from, to);
  };
  const store = await open({ ...realDisk, rename });
  const bytes = sampleBytes(1000);
  const draft = await store.start("library/a");
  await draft.append(inPieces(bytes));
  const full = {
    code: "UNAVAILABLE",
    message: expect.stringContaining(`the disk holding ${root}`),
  };
  await expect(draft.commit(digestOf(bytes))).rejects.toMatchObject(full);
  await expect(store.put(digestOf(bytes), bytes)).rejects.toMatchObject(full);
  expect((await readdir(uploadsFolder(root))).length).toBe(1);
  refuse = false;
  expect(await draft.commit(digestOf(bytes))).toBe(1000);
  await store.close();
});

const smallDisk = mountSmallDisk();
describe.skipIf(!smallDisk)(
  `a full disk${smallDisk ? "" : " (skipped: cannot mount one here)"}`,
  () => {
    afterEach(() => void spawnSync("umount", [root]));

    test("put and append say so, keep what was there and go on once there is room", async () => {
      expect(smallDisk!(root)).toBe(true);
      const store = await open();
      const filler = join(root, "uploads", "filler");
      await writeFile(filler, sampleBytes(2_000_000));
      const bytes = sampleBytes(3_500_000);
      const full = { code: "UNAVAILABLE", message: expect.stringContaining("is full") };
      await expect(store.put(digestOf(bytes), bytes)).rejects.toMatchObject(full);
      expect(await readdir(join(root, "uploads"))).toEqual(["filler"]);

      const draft = await store.start("library/a");
      await expect(draft.append(inPieces(bytes))).rejects.toMatchObject(full);
      const had = draft.offset;
      expect(had).toBeGreaterThan(1_000_000);
      expect((await store.resume("library/a", draft.id))?.offset).toBe(had);
      expect(await listOf(store.list())).toEqual([]);

      await rm(filler);
      await draft.append(inPieces(bytes.subarray(had)));
      expect(await draft.commit(digestOf(bytes))).toBe(bytes.length);
      await store.close();
    });
  },
);

function mount(folder: string): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]).status === 0;
}

/** What mounts a 4 MiB disk on a folder, or null where that is not allowed. */
function mountSmallDisk(): ((folder: string) => boolean) | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
  const probe = spawnSync("mktemp", ["-d"], { encoding: "utf8" }).stdout.trim();
  const works = mount(probe);
  if (works) spawnSync("umount", [probe]);
  spawnSync("rmdir", [probe]);
  return works ? mount : null;
}

/** The real disk, on which every `call` on a file of `uploads/` fails. */
function failing(call: "sync" | "datasync", code: string): Disk {
  return {
    ...realDisk,
    async open(path, flags) {
      const handle = await realDisk.open(path, flags);
      if (!String(path).includes("uploads/")) return handle;
      return Object.assign(handle, { [call]: () => Promise.reject(diskError(code)) });
    },
  };
}

function diskError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: "test" });
}

test("what a crash left of a put is swept away; what is not ours stays", async () => {
  const store = await openFileStore({ root, now: () => Date.now() + 10_000, earlyShards: false });
  await writeFile(join(uploadsFolder(root), `put-${"0".repeat(32)}`), "half");
  await writeFile(join(uploadsFolder(root), "notes.txt"), "mine");
  await mkdir(join(root, "blobs", "sha256", "aa"));
  await writeFile(join(root, "blobs", "sha256", "aa", "notes.txt"), "mine");
  expect(await store.sweepDrafts(5_000)).toBe(1);
  expect(await readdir(uploadsFolder(root))).toEqual(["notes.txt"]);
  expect(await listOf(store.list())).toEqual([]);
  await store.close();
});
