import { randomBytes } from "node:crypto";
import { mediaTypes } from "@entrepot/oci";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import type { ExchangeReport, RemoteRegistry } from "@entrepot/distribution/client";
import { bytesOf, collect, pages } from "@entrepot/registry";
import { pushSample, sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import type { Served } from "./serve.ts";

const title = hasDockerRegistry
  ? "the client and Debian's docker-registry"
  : "the client and Debian's docker-registry (skipped: docker-registry is not installed)";

describe.skipIf(!hasDockerRegistry)(title, () => {
  let served: Served;
  let registry: RemoteRegistry;
  let sent: ExchangeReport[] = [];
  beforeAll(async () => {
    served = await runDockerRegistry();
    registry = remoteRegistry({
      url: served.url,
      fetch: endpointFetch(),
      onExchange: (report) => sent.push(report),
    });
  });
  beforeEach(() => {
    sent = [];
  });
  afterAll(async () => {
    await registry?.close();
    await served?.close();
  });

  /** Requests so far as `GET 200`, in their order. */
  const requests = () => sent.map(({ method, status }) => `${method} ${status}`);
  const fresh = () => registry.repository(`suite/r-${randomBytes(6).toString("hex")}`);

  test("answers ping", () => registry.ping());

  test("an image under three tags: two requests per blob, one per tag", async () => {
    const repository = fresh();
    const image = sampleImage();
    await pushSample(repository, image, ["v1", "v2", "latest"]);
    const perBlob = ["POST 202", "PUT 201"];
    expect(requests()).toEqual([...perBlob, ...perBlob, "PUT 201", "PUT 201", "PUT 201"]);
    for (const tag of ["v1", "v2", "latest", image.content.digest]) {
      expect(await repository.resolve(tag)).toEqual(image.content);
    }
    expect(await repository.tags()).toEqual({ items: ["latest", "v1", "v2"], next: null });
    const bytes = await collect(await repository.fetch(image.content), image.content.size);
    expect(Buffer.compare(bytes, image.bytes)).toBe(0);
  });

  test("tags in pages, though this registry ignores n and last", async () => {
    const repository = fresh();
    await pushSample(repository, sampleImage(), ["a", "b", "c", "d", "e"]);
    expect(await repository.tags({ n: 2 })).toEqual({ items: ["a", "b"], next: "b" });
    const all = await Array.fromAsync(pages((query) => repository.tags({ ...query, n: 2 })));
    expect(all).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("an index with its images, and a retag without sending bytes twice", async () => {
    const repository = fresh();
    const index = sampleIndex([sampleImage(), sampleImage()]);
    await pushSample(repository, index, ["multi"]);
    sent = [];
    await repository.tag("again", index.content.digest);
    expect(requests()).toEqual(["PUT 201"]);
    expect(await repository.resolve("again")).toEqual(index.content);
  });

  test("a large blob, whole and in parts", async () => {
    const repository = fresh();
    const blob = sampleBlob(randomBytes(5 * 1024 * 1024), mediaTypes.bytes);
    await repository.push(blob.content, bytesOf(blob.bytes.subarray(0, 9), blob.bytes.subarray(9)));
    expect(await repository.stat(blob.content.digest)).toEqual(blob.content);
    const part = await collect(await repository.fetch(blob.content, { start: 77, length: 5 }), 5);
    expect([...part]).toEqual([...blob.bytes.subarray(77, 82)]);
  });

  test("a mount; a refused one is continued by the push that follows", async () => {
    const [from, to] = [fresh(), fresh()];
    const blob = sampleBlob();
    await from.push(blob.content, bytesOf(blob.bytes));
    expect(await to.mount(blob.content, from.name)).toBe(true);
    expect(await to.stat(blob.content.digest)).not.toBeNull();

    const other = sampleBlob();
    sent = [];
    expect(await to.mount(other.content, from.name)).toBe(false);
    await to.push(other.content, bytesOf(other.bytes));
    expect(requests()).toEqual(["POST 202", "PUT 201"]);
  });

  test("referrers by the fallback tag, kept by the client", async () => {
    const repository = fresh();
    const image = sampleImage();
    await pushSample(repository, image, ["v1"]);
    expect(await repository.referrers(image.content.digest)).toEqual({ items: [], next: null });
    const artifactType = "application/vnd.example.signature";
    const signatures = Array.from({ length: 4 }, () =>
      sampleImage({ subject: image.content, artifactType }),
    );
    await Promise.all(signatures.map((signature) => pushSample(repository, signature)));
    const expected = signatures.map(({ content }) => content.digest).toSorted();
    const found = await repository.referrers(image.content.digest, { artifactType });
    expect(found.items.map(({ digest }) => digest)).toEqual(expected);

    await repository.delete(signatures[0]!.content.digest);
    const left = await repository.referrers(image.content.digest);
    expect(left.items.length).toBe(3);
  });

  test("a tag alone cannot be deleted, and no other tag suffers for it", async () => {
    const repository = fresh();
    await pushSample(repository, sampleImage(), ["v1", "v2"]);
    await expect(repository.delete("v1")).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect((await repository.tags()).items).toEqual(["v1", "v2"]);
  });

  test("a manifest and a blob are deleted, and are then gone", async () => {
    const repository = fresh();
    const image = sampleImage();
    const digest = await pushSample(repository, image, ["v1"]);
    expect(await repository.delete(digest)).toBe(true);
    expect(await repository.resolve("v1")).toBeNull();
    expect(await repository.delete(digest)).toBe(false);
    const blob = image.children[0]!.content;
    expect(await repository.deleteBlob(blob.digest)).toBe(true);
    expect(await repository.stat(blob.digest)).toBeNull();
    expect(await repository.deleteBlob(blob.digest)).toBe(false);
    await expect(repository.fetch(blob)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
    await expect(repository.tag("v2", digest)).rejects.toMatchObject({ code: "MANIFEST_UNKNOWN" });
  });

  test("what is refused is refused with the spec's code", async () => {
    const repository = fresh();
    const image = sampleImage();
    const lonely = pushSample(repository, { ...image, children: [] });
    await expect(lonely).rejects.toMatchObject({ code: "MANIFEST_BLOB_UNKNOWN" });
    await expect(repository.tags()).rejects.toMatchObject({ code: "NAME_UNKNOWN" });
    const { content, bytes } = sampleBlob();
    const wrong = { ...content, digest: image.content.digest };
    const push = repository.push(wrong, bytesOf(bytes));
    await expect(push).rejects.toMatchObject({ code: "DIGEST_INVALID" });
    const short = repository.push({ ...content, size: content.size + 1 }, bytesOf(bytes));
    await expect(short).rejects.toMatchObject({ code: "SIZE_INVALID" });
  });

  test("names of repositories, page by page", async () => {
    const repository = fresh();
    await pushSample(repository, sampleImage());
    const all = await Array.fromAsync(pages(registry.repositories));
    expect(all).toContain(repository.name);
    const paged = pages((query) => registry.repositories({ ...query, n: 3 }));
    expect(await Array.fromAsync(paged)).toEqual(all);
  });

  test("an upload in pieces", async () => {
    const repository = fresh();
    const blob = sampleBlob("one two three");
    const upload = await repository.startUpload();
    expect(await upload.append(bytesOf("one "))).toBe(4);
    expect(await upload.append(bytesOf("two ", "three"))).toBe(13);
    expect(await upload.commit(blob.content.digest)).toBe(13);
    expect(await repository.stat(blob.content.digest)).not.toBeNull();
    expect(await repository.resumeUpload("unknown")).toBeNull();
  });
});
