import type { FileHandle } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf, hexOf } from "@entrepot/oci";
import { realDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";
import { openFileStore } from "./filesystem.ts";
import type { OpenStore } from "./ports.ts";
import { inPieces, sampleBytes } from "./suite-bytes.ts";

let root: string;
let store: OpenStore;
let calls: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "entrepot-order-"));
  store = await openFileStore({ root, disk: recordingDisk(), earlyShards: false });
  calls = [];
});

afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true });
});

const bytes = sampleBytes(4096);
const digest = digestOf(bytes);
const shard = `blobs/sha256/${hexOf(digest).slice(0, 2)}`;
const firstInShard = ["mkdir SHARD", "sync blobs/sha256"];
const stored = ["rename uploads/FILE SHARD/BLOB", "sync SHARD"];

test.each([
  {
    act: "put",
    run: () => store.put(digest, bytes),
    expected: ["write uploads/FILE", "sync uploads/FILE", ...firstInShard, ...stored],
  },
  {
    act: "put into a shard that is there",
    run: async () => {
      await store.put(digest, bytes);
      calls = [];
      await store.put(digest, bytes);
    },
    expected: ["write uploads/FILE", "sync uploads/FILE", ...stored],
  },
  {
    act: "a draft",
    run: async () => {
      const draft = await store.start("library/a");
      await draft.append(inPieces(bytes, 1000));
      await draft.commit(digest);
    },
    expected: ["write uploads/FILE", "sync uploads/FILE", ...firstInShard, ...stored],
  },
  {
    act: "remove",
    run: async () => {
      await store.put(digest, bytes);
      calls = [];
      await store.quarantine(digest);
      await store.remove(digest);
    },
    expected: [
      "mkdir quarantine/sha256",
      "rename SHARD/BLOB quarantine/sha256/BLOB",
      "sync quarantine/sha256",
      "sync SHARD",
      "unlink quarantine/sha256/BLOB",
      "sync quarantine/sha256",
    ],
  },
  {
    act: "put of other bytes",
    run: () => store.put(digest, sampleBytes(1)).catch(() => undefined),
    expected: [],
  },
  {
    act: "a draft of other bytes",
    run: async () => {
      const draft = await store.start("library/a");
      await draft.append(inPieces(sampleBytes(1)));
      await draft.commit(digest).catch(() => undefined);
    },
    expected: ["write uploads/FILE", "unlink uploads/FILE"],
  },
])("$act: calls in this order", async ({ run, expected }) => {
  await run();
  const seen = calls.map((call) =>
    call
      .replace(`${shard}/${hexOf(digest)}`, "SHARD/BLOB")
      .replaceAll(shard, "SHARD")
      .replaceAll(/uploads\/\S+/g, "uploads/FILE")
      .replaceAll(/(quarantine\/sha256\/)\S+/g, "$1BLOB"),
  );
  expect(seen).toEqual(expected);
});

test("concurrent pushes into one shard share its syncs", async () => {
  await store.put(digest, bytes);
  calls = [];
  await Promise.all(Array.from({ length: 32 }, () => store.put(digest, bytes)));
  const count = (start: string) => calls.filter((call) => call.startsWith(start)).length;
  expect(count("sync uploads/")).toBe(32);
  expect(count(`sync ${shard}`)).toBeLessThan(32);
});

function note(call: string, ...paths: unknown[]): void {
  calls?.push([call, ...paths.map((path) => relative(root, String(path)))].join(" "));
}

/** The real disk, noting in `calls` what changes or syncs something. */
function recordingDisk(): Disk {
  return {
    ...realDisk,
    mkdir: ((...args: Parameters<Disk["mkdir"]>) => {
      note("mkdir", args[0]);
      return realDisk.mkdir(...args);
    }) as Disk["mkdir"],
    async rename(from, to) {
      note("rename", from, to);
      await realDisk.rename(from, to);
    },
    async unlink(path) {
      note("unlink", path);
      await realDisk.unlink(path);
    },
    async open(path, flags) {
      return noting(await realDisk.open(path, flags), (call) => note(call, path));
    },
  };
}

function noting(handle: FileHandle, tell: (call: string) => void): FileHandle {
  return new Proxy(handle, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (key === "sync" || key === "datasync") tell("sync");
        if (String(key).startsWith("write")) tell("write");
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}
