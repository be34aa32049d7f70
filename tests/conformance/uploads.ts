import { uploadsPath } from "@entrepot/distribution/wire";
import { digestOf } from "@entrepot/oci";
import { describe, expect, test } from "vitest";
import { randomBlob, withDigest } from "./peer.ts";
import type { Answer, Peer } from "./peer.ts";

/** end-4, end-6, end-13 and end-14: uploads in one piece, their state and their end. */
export function uploadTests(peer: Peer): void {
  test("POST starts an upload: where it continues, its id, nothing there yet", async () => {
    const name = peer.newRepository();
    const answer = await peer.send("POST", uploadsPath(name));
    expect(answer.status).toBe(202);
    const location = answer.headers.get("location") ?? "";
    expect(location).toMatch(new RegExp(`^${uploadsPath(name)}[0-9A-Za-z_.~%-]+`));
    expect(answer.headers.get("range")).toBe("0-0");
    expect(location).toContain(answer.headers.get("docker-upload-uuid"));
    expect(answer.headers.get("oci-chunk-min-length") ?? "1").toMatch(/^[1-9]\d*$/);
  });

  describe.each(["sha256", "sha512"] as const)("with %s", (algorithm) => {
    const sizes = [0, 1, 2, 512, 300_000];

    test.each(sizes)("POST then PUT of %i bytes", async (size) => {
      const [name, bytes] = [peer.newRepository(), randomBlob(size)];
      const location = await peer.startUpload(name, `digest-algorithm=${algorithm}`);
      const url = withDigest(location, digestOf(bytes, algorithm));
      await expectBlob(peer, name, bytes, algorithm, await peer.send("PUT", url, { body: bytes }));
    });

    test.each(sizes)("a single POST of %i bytes", async (size) => {
      const [name, bytes] = [peer.newRepository(), randomBlob(size)];
      const url = withDigest(uploadsPath(name), digestOf(bytes, algorithm));
      await expectBlob(peer, name, bytes, algorithm, await peer.send("POST", url, { body: bytes }));
    });

    test("a single POST of unknown length", async () => {
      const [name, bytes] = [peer.newRepository(), randomBlob(100_000)];
      const url = withDigest(uploadsPath(name), digestOf(bytes, algorithm));
      const body = new Blob([bytes]).stream();
      await expectBlob(peer, name, bytes, algorithm, await peer.send("POST", url, { body }));
    });

    test("an algorithm first named at the end", async () => {
      const [name, bytes] = [peer.newRepository(), randomBlob()];
      const url = withDigest(await peer.startUpload(name), digestOf(bytes, algorithm));
      await expectBlob(peer, name, bytes, algorithm, await peer.send("PUT", url, { body: bytes }));
    });

    test("the wrong digest stores nothing, by POST and by PUT", async () => {
      const [name, bytes] = [peer.newRepository(), randomBlob()];
      const wrong = digestOf(randomBlob(), algorithm);
      const location = await peer.startUpload(name, `digest-algorithm=${algorithm}`);
      const put = await peer.send("PUT", withDigest(location, wrong), { body: bytes });
      expect(put).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
      const post = await peer.send("POST", withDigest(uploadsPath(name), wrong), { body: bytes });
      expect(post).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
      for (const digest of [wrong, digestOf(bytes, algorithm)]) {
        expect((await peer.send("HEAD", `/v2/${name}/blobs/${digest}`)).status).toBe(404);
      }
    });
  });
}

/** Uploads that go another way than through. */
export function uploadEndTests(peer: Peer): void {
  test("pushing a blob that is there already succeeds again", async () => {
    const [name, bytes] = [peer.newRepository(), randomBlob()];
    await peer.pushBlob(name, bytes);
    await expect(peer.pushBlob(name, bytes)).resolves.toMatchObject({ size: 512 });
  });

  test("a PUT without a digest is refused, and the upload goes on", async () => {
    const [name, bytes] = [peer.newRepository(), randomBlob()];
    const location = await peer.startUpload(name);
    const refused = await peer.send("PUT", location, { body: bytes });
    expect(refused).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
    const url = withDigest(location, digestOf(bytes));
    expect((await peer.send("PUT", url, { body: bytes })).status).toBe(201);
  });

  test.each(["digest=md5:00", "digest=sha256:xyz", "digest-algorithm=md5", "mount=sha256:1"])(
    "POST with ?%s is refused",
    async (query) => {
      const answer = await peer.send("POST", `${uploadsPath(peer.newRepository())}?${query}`);
      expect(answer).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
    },
  );

  test("a cancelled upload is gone", async () => {
    const [name, bytes] = [peer.newRepository(), randomBlob()];
    const location = await peer.startUpload(name);
    await peer.send("PATCH", location, { body: bytes });
    expect((await peer.send("DELETE", location)).status).toBe(204);
    const after = [
      await peer.send("GET", location),
      await peer.send("PATCH", location, { body: bytes }),
      await peer.send("PUT", withDigest(location, digestOf(bytes))),
      await peer.send("DELETE", location),
    ];
    for (const answer of after) {
      expect(answer).toMatchObject({ status: 404, code: "BLOB_UPLOAD_UNKNOWN" });
    }
  });

  test("an upload belongs to its repository", async () => {
    const location = await peer.startUpload(peer.newRepository());
    const id = location.slice(location.lastIndexOf("/") + 1);
    const elsewhere = uploadsPath(peer.newRepository()) + id;
    const answer = await peer.send("GET", elsewhere);
    expect(answer).toMatchObject({ status: 404, code: "BLOB_UPLOAD_UNKNOWN" });
  });

  test("a finished upload is gone", async () => {
    const [name, bytes] = [peer.newRepository(), randomBlob()];
    const location = await peer.startUpload(name);
    await peer.send("PUT", withDigest(location, digestOf(bytes)), { body: bytes });
    expect((await peer.send("GET", location)).status).toBe(404);
  });
}

async function expectBlob(
  peer: Peer,
  name: string,
  bytes: Uint8Array,
  algorithm: "sha256" | "sha512",
  answer: Answer,
): Promise<void> {
  const digest = digestOf(bytes, algorithm);
  expect(answer.status).toBe(201);
  expect(answer.headers.get("docker-content-digest")).toBe(digest);
  const location = answer.headers.get("location") ?? "";
  expect(location).toBe(`/v2/${name}/blobs/${digest}`);
  const got = await peer.send("GET", location);
  expect(got.status).toBe(200);
  expect(Buffer.from(got.bytes).equals(bytes)).toBe(true);
}
