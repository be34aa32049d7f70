import { randomBytes, randomUUID } from "node:crypto";
import { digestOf, type Bytes } from "@entrepot/oci";
import { expect, vi } from "vitest";
import { bytesOf } from "../bytes.ts";
import type { Repository, Upload } from "../ports.ts";
import { sampleBlob } from "../samples.ts";
import { expectBytes, expectCode, type Cases } from "./fixture.ts";

/** Uploads in pieces. */
export const uploadCases: Cases = {
  "takes a blob in pieces": async ({ repository }) => {
    const blob = sampleBlob("one two three");
    const upload = await repository.startUpload();
    expect(upload.offset).toBe(0);
    expect(await upload.append(bytesOf("one "))).toBe(4);
    expect(await upload.append(bytesOf("two ", "three"))).toBe(13);
    expect(upload.offset).toBe(13);
    expect(await upload.commit(blob.content.digest)).toBe(13);
    await expectBytes(repository, blob);
  },

  "takes an empty blob": async ({ repository }) => {
    const upload = await repository.startUpload();
    expect(await upload.commit(digestOf(new Uint8Array()))).toBe(0);
    await expectBytes(repository, sampleBlob(""));
  },

  "hashes with sha512 if asked": async ({ repository }) => {
    const blob = sampleBlob("five hundred and twelve", undefined, "sha512");
    const upload = await repository.startUpload("sha512");
    await upload.append(bytesOf(blob.bytes));
    expect(await upload.commit(blob.content.digest)).toBe(blob.content.size);
    await expectBytes(repository, blob);
  },

  "resumes where it stands": async ({ repository }) => {
    const blob = sampleBlob("one two");
    const { id, append } = await startWith(repository, "one ");
    expect(append).toBe(4);
    const resumed = await resume(repository, id);
    expect(resumed.id).toBe(id);
    expect(resumed.offset).toBe(4);
    expect(await resumed.append(bytesOf("two"))).toBe(7);
    expect(await (await resume(repository, id)).commit(blob.content.digest)).toBe(7);
    await expectBytes(repository, blob);
    expect(await repository.resumeUpload(id)).toBeNull();
  },

  "shows no blob before the end": async ({ repository }) => {
    const blob = sampleBlob("whole");
    await startWith(repository, "whole");
    expect(await repository.stat(blob.content.digest)).toBeNull();
  },

  "knows an upload only in its own repository": async ({ repository, other }) => {
    const { id } = await startWith(repository, "mine");
    expect(await other.resumeUpload(id)).toBeNull();
    expect(await repository.resumeUpload(randomUUID())).toBeNull();
  },

  "forgets a cancelled upload": async ({ repository }) => {
    const { id, upload } = await startWith(repository, "never mind");
    await upload.cancel();
    expect(await repository.resumeUpload(id)).toBeNull();
    await expectCode(upload.append(bytesOf("more")), "BLOB_UPLOAD_UNKNOWN");
    expect(await repository.stat(digestOf(Buffer.from("never mind")))).toBeNull();
  },

  "forgets an upload that ends with a wrong digest": async ({ repository }) => {
    const { id, upload } = await startWith(repository, "this");
    const wrong = digestOf(Buffer.from("that"));
    await expectCode(upload.commit(wrong), "DIGEST_INVALID");
    expect(await repository.resumeUpload(id)).toBeNull();
    expect(await repository.stat(wrong)).toBeNull();
    expect(await repository.stat(digestOf(Buffer.from("this")))).toBeNull();
  },

  "goes on after the bytes broke off": async ({ repository }) => {
    const whole = randomBytes(100_000);
    const started = await repository.startUpload();
    const { id } = started;
    await expect(started.append(brokenAfter(whole.subarray(0, 50_000)))).rejects.toThrow();
    expect((await resume(repository, id)).offset).toBeLessThanOrEqual(50_000);
    // A server may need a moment to notice; until then the first writer has the upload.
    await vi.waitFor(
      async () => {
        const upload = await resume(repository, id);
        await upload.append(bytesOf(whole.subarray(upload.offset)));
      },
      { timeout: 10_000 },
    );
    await (await resume(repository, id)).commit(digestOf(whole));
    await expectBytes(repository, sampleBlob(whole));
  },

  "lets in one writer at a time": async ({ repository }) => {
    // More than sockets hold: once it has been taken, the first writer is really at work.
    const chunk = randomBytes(1024 * 1024);
    const whole = sampleBlob(Buffer.concat(Array.from({ length: 24 }, () => chunk)));
    const upload = await repository.startUpload();
    const gate = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const first = upload.append(
      (async function* () {
        for (let n = 0; n < 23; n++) yield chunk;
        taken.resolve();
        await gate.promise;
        yield chunk;
      })(),
    );
    await Promise.race([taken.promise, first]);
    try {
      const second = await resume(repository, upload.id);
      await expectCode(second.append(bytesOf("me too")), "RANGE_INVALID");
    } finally {
      gate.resolve();
    }
    expect(await first).toBe(whole.content.size);
    await upload.commit(whole.content.digest);
    await expectBytes(repository, whole);
  },
};

async function startWith(repository: Repository, text: string) {
  const upload = await repository.startUpload();
  return { id: upload.id, upload, append: await upload.append(bytesOf(text)) };
}

async function resume(repository: Repository, id: string): Promise<Upload> {
  const upload = await repository.resumeUpload(id);
  if (!upload) throw new Error(`the upload ${id} should be there`);
  return upload;
}

async function* brokenAfter(bytes: Uint8Array): Bytes {
  yield bytes;
  throw new Error("the line went dead");
}
