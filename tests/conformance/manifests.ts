import { manifestPath } from "@entrepot/distribution/wire";
import { digestOf, MANIFEST_LIMIT_BYTES, mediaTypes } from "@entrepot/oci";
import { describe, expect, test } from "vitest";
import { randomBlob } from "./peer.ts";
import type { Peer } from "./peer.ts";
import { indexOf, newImage, pushImage } from "./samples.ts";

/** end-3 and end-7: manifests in and out. */
export function manifestTests(peer: Peer): void {
  test.each(["GET", "HEAD"])(
    "%s by tag and by digest tells type, digest, length",
    async (method) => {
      const name = peer.newRepository();
      const { answer, bytes, descriptor } = await pushImage(peer, name, "v1.0");
      expect(answer.status).toBe(201);
      expect(answer.headers.get("location")).toBe(manifestPath(name, descriptor.digest));
      expect(answer.headers.get("docker-content-digest")).toBe(descriptor.digest);
      for (const reference of ["v1.0", descriptor.digest]) {
        const got = await peer.send(method, manifestPath(name, reference));
        expect(got.status).toBe(200);
        expect(Object.fromEntries(got.headers)).toMatchObject({
          "content-type": descriptor.mediaType,
          "content-length": String(descriptor.size),
          "docker-content-digest": descriptor.digest,
          etag: `"${descriptor.digest}"`,
          "cache-control": "no-cache",
        });
        const body = method === "HEAD" ? Buffer.alloc(0) : bytes;
        expect(Buffer.from(got.bytes).equals(body)).toBe(true);
      }
    },
  );

  test.each(["GET", "HEAD"])("%s with If-None-Match of the tag's digest is 304", async (method) => {
    const name = peer.newRepository();
    const first = await pushImage(peer, name, "latest");
    const headers = { "If-None-Match": `"${first.descriptor.digest}"` };
    expect((await peer.send(method, manifestPath(name, "latest"), { headers })).status).toBe(304);
    await pushImage(peer, name, "latest");
    expect((await peer.send(method, manifestPath(name, "latest"), { headers })).status).toBe(200);
  });

  test("what is stored is served, whatever Accept says", async () => {
    const name = peer.newRepository();
    await pushImage(peer, name, "latest");
    for (const Accept of [mediaTypes.ociManifest, mediaTypes.dockerIndex, "text/html"]) {
      const got = await peer.send("GET", manifestPath(name, "latest"), { headers: { Accept } });
      expect(got.status).toBe(200);
      expect(got.headers.get("content-type")).toBe(mediaTypes.ociManifest);
    }
  });
}

/** end-7: manifests in, under tags and digests. */
export function manifestPushTests(peer: Peer): void {
  test("pushing to a tag again moves it, and both manifests stay", async () => {
    const name = peer.newRepository();
    const [a, b] = [await pushImage(peer, name, "latest"), await pushImage(peer, name, "latest")];
    const now = await peer.send("HEAD", manifestPath(name, "latest"));
    expect(now.headers.get("docker-content-digest")).toBe(b.descriptor.digest);
    expect((await peer.send("HEAD", manifestPath(name, a.descriptor.digest))).status).toBe(200);
  });

  test("pushing the same manifest again succeeds", async () => {
    const name = peer.newRepository();
    const image = await newImage(peer, name);
    expect((await peer.putManifest(name, image, "a")).answer.status).toBe(201);
    expect((await peer.putManifest(name, image, "a")).answer.status).toBe(201);
    expect((await peer.putManifest(name, image)).answer.status).toBe(201);
  });

  test("a push by digest with tags sets all of them and names them", async () => {
    const name = peer.newRepository();
    const bytes = Buffer.from(JSON.stringify(await newImage(peer, name)));
    const tags = Array.from({ length: 12 }, (_, n) => `v1.${n}`);
    const query = tags.map((tag) => `tag=${tag}`).join("&");
    const answer = await peer.send("PUT", `${manifestPath(name, digestOf(bytes))}?${query}`, {
      body: bytes,
      headers: { "Content-Type": mediaTypes.ociManifest },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("oci-tag")?.split(", ")).toEqual(tags);
    for (const tag of tags) {
      const got = await peer.send("HEAD", manifestPath(name, tag));
      expect(got.headers.get("docker-content-digest")).toBe(digestOf(bytes));
    }
  });

  test("one bad tag among several stores nothing", async () => {
    const name = peer.newRepository();
    const bytes = Buffer.from(JSON.stringify(await newImage(peer, name)));
    const path = `${manifestPath(name, digestOf(bytes))}?tag=good&tag=.bad`;
    const answer = await peer.send("PUT", path, { body: bytes });
    expect(answer).toMatchObject({ status: 400, code: "TAG_INVALID" });
    expect((await peer.send("HEAD", manifestPath(name, digestOf(bytes)))).status).toBe(404);
  });

  test("a manifest by sha512 is found by that digest, with all headers", async () => {
    const name = peer.newRepository();
    const bytes = Buffer.from(JSON.stringify(await newImage(peer, name)));
    const digest = digestOf(bytes, "sha512");
    const answer = await peer.send("PUT", `${manifestPath(name, digest)}?tag=long`, {
      body: bytes,
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("docker-content-digest")).toBe(digest);
    for (const reference of [digest, "long"]) {
      const got = await peer.send("GET", manifestPath(name, reference));
      expect(got.headers.get("docker-content-digest")).toBe(digest);
      expect(Buffer.from(got.bytes).equals(bytes)).toBe(true);
    }
  });
}

/** end-7, refused. */
export function manifestRefusalTests(peer: Peer): void {
  describe("refuses", () => {
    test.each([digestOf(randomBlob()), digestOf(randomBlob(), "sha512")])(
      "a body that is not %s",
      async (digest) => {
        const { answer } = await pushImage(peer, peer.newRepository(), digest);
        expect(answer).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
      },
    );

    test("a malformed digest", async () => {
      const name = peer.newRepository();
      const { answer } = await pushImage(peer, name, "sha256:baddigeststring");
      expect(answer).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
      const got = await peer.send("GET", manifestPath(name, "sha256:baddigeststring"));
      expect(got).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
    });

    test.each([".bad", "-bad", "b@d", "x".repeat(129)])("the tag %s", async (tag) => {
      const name = peer.newRepository();
      const { answer } = await pushImage(peer, name, tag);
      expect(answer).toMatchObject({ status: 400, code: "TAG_INVALID" });
      const got = await peer.send("GET", manifestPath(name, tag));
      expect(got).toMatchObject({ status: 404, code: "MANIFEST_UNKNOWN" });
    });

    const bodies = [
      ["nothing", ""],
      ["broken JSON", '{"schemaVersion": 2,'],
      ["an array", "[]"],
      ["a string", '"manifest"'],
      ["schema 1", '{"schemaVersion": 1, "name": "x"}'],
      ["no config", `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","layers":[]}`],
      ["deep nesting", "[".repeat(100_000)],
      ["bytes that are no text", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ] as const;
    test.each(bodies)("%s as a manifest", async (_, body) => {
      const name = peer.newRepository();
      const headers = { "Content-Type": mediaTypes.ociManifest };
      const answer = await peer.send("PUT", manifestPath(name, "latest"), { body, headers });
      expect(answer).toMatchObject({ status: 400, code: "MANIFEST_INVALID" });
      expect((await peer.send("GET", manifestPath(name, "latest"))).status).toBe(404);
    });

    test.each([mediaTypes.ociIndex, "text/plain"])("an image sent as %s", async (type) => {
      const name = peer.newRepository();
      const body = JSON.stringify(await newImage(peer, name));
      const headers = { "Content-Type": type };
      const answer = await peer.send("PUT", manifestPath(name, "latest"), { body, headers });
      expect(answer).toMatchObject({ status: 400, code: "MANIFEST_INVALID" });
    });

    test("an image whose blobs, and an index whose images, are not here", async () => {
      const [here, name] = [peer.newRepository(), peer.newRepository()];
      const image = await newImage(peer, here);
      const { descriptor } = await peer.putManifest(here, image);
      for (const manifest of [image, indexOf([descriptor])]) {
        const { answer } = await peer.putManifest(name, manifest, "latest");
        expect(answer).toMatchObject({ status: 404, code: "MANIFEST_BLOB_UNKNOWN" });
      }
      expect((await peer.send("GET", manifestPath(name, "latest"))).status).toBe(404);
    });
  });
}

/** end-3 and end-7 at their edges. */
export function manifestEdgeTests(peer: Peer): void {
  test.each(["of known length", "of unknown length"])(
    "more than 4 MiB %s are refused",
    async (how) => {
      const bytes = Buffer.alloc(MANIFEST_LIMIT_BYTES + 1, " ");
      const body = how === "of known length" ? bytes : new Blob([bytes]).stream();
      const headers = { "Content-Type": mediaTypes.ociManifest };
      const path = manifestPath(peer.newRepository(), "latest");
      const answer = await peer.send("PUT", path, { body, headers });
      expect(answer).toMatchObject({ status: 413, code: "REQUEST_ENTITY_TOO_LARGE" });
    },
  );

  test("the type comes from the body where the header is missing or has parameters", async () => {
    const name = peer.newRepository();
    const body = Buffer.from(JSON.stringify(await newImage(peer, name)));
    const withParameter = { "Content-Type": `${mediaTypes.ociManifest}; charset=utf-8` };
    for (const headers of [{}, withParameter]) {
      const answer = await peer.send("PUT", manifestPath(name, "latest"), { body, headers });
      expect(answer.status).toBe(201);
      const got = await peer.send("GET", manifestPath(name, "latest"));
      expect(got.headers.get("content-type")).toBe(mediaTypes.ociManifest);
    }
  });

  test.each(["GET", "HEAD", "DELETE"])("%s of what is not there is 404", async (method) => {
    const name = peer.newRepository();
    await pushImage(peer, name, "latest");
    for (const reference of ["missing", digestOf(randomBlob()), digestOf(randomBlob(), "sha512")]) {
      const answer = await peer.send(method, manifestPath(name, reference));
      expect(answer.status).toBe(404);
      if (method === "HEAD") expect(answer.bytes.byteLength).toBe(0);
      else expect(answer.code).toBe("MANIFEST_UNKNOWN");
    }
  });

  test("a manifest of one repository is not in another", async () => {
    const { descriptor } = await pushImage(peer, peer.newRepository());
    const answer = await peer.send("GET", manifestPath(peer.newRepository(), descriptor.digest));
    expect(answer.status).toBe(404);
  });
}
