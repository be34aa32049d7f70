import { digestOf } from "@entrepot/oci";
import type { Descriptor } from "@entrepot/oci";
import { beforeAll, describe, expect, test } from "vitest";
import { randomBlob } from "./peer.ts";
import type { Peer } from "./peer.ts";

/** end-2: reading blobs. */
export function blobTests(peer: Peer): void {
  describe.each(["sha256", "sha512"] as const)("by %s", (algorithm) => {
    const bytes = randomBlob(2048);
    const name = () => repository;
    let repository: string;
    let blob: Descriptor;
    let path: string;
    beforeAll(async () => {
      repository = peer.newRepository();
      blob = await peer.pushBlob(name(), bytes, algorithm);
      path = `/v2/${name()}/blobs/${blob.digest}`;
    });

    test("GET sends the bytes and their digest", async () => {
      const answer = await peer.send("GET", path);
      expect(answer.status).toBe(200);
      expect(Buffer.from(answer.bytes).equals(bytes)).toBe(true);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "docker-content-digest": blob.digest,
        "content-length": "2048",
        "content-type": "application/octet-stream",
        "accept-ranges": "bytes",
        etag: `"${blob.digest}"`,
      });
      expect(answer.headers.get("cache-control")).toContain("max-age=");
    });

    test("HEAD sends the same headers and no body", async () => {
      const answer = await peer.send("HEAD", path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("docker-content-digest")).toBe(blob.digest);
      expect(answer.headers.get("content-length")).toBe("2048");
      expect(answer.bytes.byteLength).toBe(0);
    });

    test.each(["GET", "HEAD"])("%s with If-None-Match is answered with 304", async (method) => {
      for (const tag of [`"${blob.digest}"`, `W/"${blob.digest}"`, `"x", "${blob.digest}"`, "*"]) {
        const answer = await peer.send(method, path, { headers: { "If-None-Match": tag } });
        expect(answer.status).toBe(304);
        expect(answer.bytes.byteLength).toBe(0);
      }
      const other = await peer.send(method, path, { headers: { "If-None-Match": '"x"' } });
      expect(other.status).toBe(200);
    });
  });
}

/** end-2 with Range. Source: RFC 9110 § 14. */
export function rangeTests(peer: Peer): void {
  describe.each(["sha256", "sha512"] as const)("by %s", (algorithm) => {
    const bytes = randomBlob(2048);
    const name = () => repository;
    let repository: string;
    let blob: Descriptor;
    let path: string;
    beforeAll(async () => {
      repository = peer.newRepository();
      blob = await peer.pushBlob(name(), bytes, algorithm);
      path = `/v2/${name()}/blobs/${blob.digest}`;
    });

    const ranges = [
      ["bytes=500-1499", 500, 1499],
      ["bytes=500-", 500, 2047],
      ["bytes=-500", 1548, 2047],
      ["bytes=-5000", 0, 2047],
      ["bytes=2000-5000", 2000, 2047],
      ["bytes=0-0", 0, 0],
      ["bytes=2047-2047", 2047, 2047],
    ] as const;
    test.each(ranges)("Range %s is bytes %i to %i", async (range, first, last) => {
      const answer = await peer.send("GET", path, { headers: { Range: range } });
      expect(answer.status).toBe(206);
      expect(answer.headers.get("content-range")).toBe(`bytes ${first}-${last}/2048`);
      expect(answer.headers.get("content-length")).toBe(String(last - first + 1));
      expect(Buffer.from(answer.bytes).equals(bytes.subarray(first, last + 1))).toBe(true);
    });

    test.each(["bytes=2048-", "bytes=5000-10000", "bytes=500-0", "bytes=-0"])(
      "Range %s cannot be satisfied",
      async (range) => {
        const answer = await peer.send("GET", path, { headers: { Range: range } });
        expect(answer).toMatchObject({ status: 416, code: "RANGE_INVALID" });
        expect(answer.headers.get("content-range")).toBe("bytes */2048");
      },
    );

    test.each(["bytes=0-1,5-6", "bytes=x-y", "lines=0-1", "bytes=-"])(
      "Range %s is ignored",
      async (range) => {
        const answer = await peer.send("GET", path, { headers: { Range: range } });
        expect(answer.status).toBe(200);
        expect(answer.bytes.byteLength).toBe(2048);
      },
    );

    test("If-Range asks for the part only of the same content", async () => {
      for (const [tag, status] of [
        [blob.digest, 206],
        ["another", 200],
      ] as const) {
        const headers = { Range: "bytes=0-9", "If-Range": `"${tag}"` };
        expect((await peer.send("GET", path, { headers })).status).toBe(status);
      }
    });
  });
}

/** end-2 of what is large, not there, or taken by nobody. */
export function edgeTests(peer: Peer): void {
  test("a blob of several megabytes comes whole and in ranges across its pieces", async () => {
    const name = peer.newRepository();
    const bytes = randomBlob(3 * 1024 * 1024 + 7);
    const { digest } = await peer.pushBlob(name, bytes);
    const path = `/v2/${name}/blobs/${digest}`;
    const answer = await peer.send("GET", path);
    expect(digestOf(answer.bytes)).toBe(digest);
    const range = { Range: "bytes=1000000-2999999" };
    const part = await peer.send("GET", path, { headers: range });
    expect(Buffer.from(part.bytes).equals(bytes.subarray(1_000_000, 3_000_000))).toBe(true);
  });

  test("a client that leaves in mid-blob harms nobody", async () => {
    const name = peer.newRepository();
    const { digest } = await peer.pushBlob(name, randomBlob(8 * 1024 * 1024));
    const path = `/v2/${name}/blobs/${digest}`;
    const leaving = new AbortController();
    const { signal } = leaving;
    const response = await fetch(new URL(path, peer.url), { signal, headers: peer.headers });
    await response.body?.getReader().read();
    leaving.abort();
    expect(digestOf((await peer.send("GET", path)).bytes)).toBe(digest);
  });

  test.each(["GET", "HEAD"])("%s of a blob that is not there is 404", async (method) => {
    const name = peer.newRepository();
    const answer = await peer.send(method, `/v2/${name}/blobs/${digestOf(randomBlob())}`);
    expect(answer.status).toBe(404);
    if (method === "GET") expect(answer.code).toBe("BLOB_UNKNOWN");
    else expect(answer.bytes.byteLength).toBe(0);
  });

  test("a blob of one repository is not in another", async () => {
    const { digest } = await peer.pushBlob(peer.newRepository(), randomBlob());
    const answer = await peer.send("GET", `/v2/${peer.newRepository()}/blobs/${digest}`);
    expect(answer).toMatchObject({ status: 404, code: "BLOB_UNKNOWN" });
  });

  test.each(["sha256:abc", `sha256:${"A".repeat(64)}`, "md5:00", "x"])(
    "%s is not a digest",
    async (text) => {
      const answer = await peer.send("GET", `/v2/${peer.newRepository()}/blobs/${text}`);
      expect(answer).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
    },
  );
}
