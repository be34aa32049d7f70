import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDigest } from "@entrepot/oci";
import { expect, onTestFinished, test } from "vitest";
import { openFileStore } from "./filesystem.ts";

const PIECE = 64 * 1024;

test("an upload's pieces are released once each, and not before they are written", async () => {
  const root = await mkdtemp(join(tmpdir(), "entrepot-release-"));
  const store = await openFileStore({ root, earlyShards: false });
  onTestFinished(async () => {
    await store.close();
    await rm(root, { recursive: true });
  });
  // Longer than what is gathered at a time, and with an end of its own.
  const sent = randomBytes(40 * PIECE + 17);
  const released: number[] = [];
  const bytes = {
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < sent.length; at += PIECE) {
        yield Uint8Array.from(sent.subarray(at, at + PIECE));
      }
    },
    release({ buffer, byteLength }: Uint8Array) {
      released.push(byteLength);
      // As the server does: whatever is read of it from now on is missing.
      (buffer as ArrayBuffer).transfer(0);
    },
  };

  const digest = parseDigest(`sha256:${createHash("sha256").update(sent).digest("hex")}`);
  const draft = await store.start("library/app");
  await draft.append(bytes);
  await draft.commit(digest);

  expect(released).toEqual([...Array.from({ length: 40 }, () => PIECE), 17]);
  const stored: Uint8Array[] = [];
  for await (const piece of await store.read(digest)) stored.push(piece);
  expect(Buffer.concat(stored).equals(sent)).toBe(true);
});
