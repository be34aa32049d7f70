import { digestOf, mediaTypes } from "@entrepot/oci";
import type { Descriptor } from "@entrepot/oci";
import { describe, expect, test } from "vitest";
import { randomBlob } from "./peer.ts";
import type { Answer, Peer } from "./peer.ts";
import { indexOf, newImage, pushImage, pushReferrer } from "./samples.ts";

/** end-12: what refers to a manifest. */
export function referrerTests(peer: Peer): void {
  test("a manifest nobody refers to, even one not here, has an empty index", async () => {
    const name = peer.newRepository();
    const { descriptor } = await pushImage(peer, name);
    for (const digest of [
      descriptor.digest,
      digestOf(randomBlob()),
      digestOf(randomBlob(), "sha512"),
    ]) {
      const answer = await list(peer, name, digest);
      expectIndex(answer, []);
      expect(answer.headers.get("oci-filters-applied")).toBeNull();
    }
    expectIndex(await list(peer, peer.newRepository(), descriptor.digest), []);
  });

  test.each(["sha256:abc", "latest"])("%s is not a digest", async (text) => {
    const answer = await list(peer, peer.newRepository(), text);
    expect(answer).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
  });

  test("a push with a subject says OCI-Subject, before the subject is here or after", async () => {
    const name = peer.newRepository();
    const image = await newImage(peer, name);
    const bytes = Buffer.from(JSON.stringify(image));
    const subject = {
      mediaType: mediaTypes.ociManifest,
      digest: digestOf(bytes),
      size: bytes.length,
    };
    const before = await pushReferrer(peer, name, subject);
    await peer.putManifest(name, image);
    const after = await pushReferrer(peer, name, subject);
    for (const { answer } of [before, after]) {
      expect(answer.status).toBe(201);
      expect(answer.headers.get("oci-subject")).toBe(subject.digest);
    }
    const listed = await list(peer, name, subject.digest);
    expect(digestsOf(listed)).toEqual(
      [before, after].map((one) => one.descriptor.digest).toSorted(),
    );
  });

  test("a push without a subject says no OCI-Subject", async () => {
    const { answer } = await pushImage(peer, peer.newRepository());
    expect(answer.headers.get("oci-subject")).toBeNull();
  });
}

/** What an entry of the list says. */
export function referrerEntryTests(peer: Peer): void {
  describe("an entry", () => {
    const annotations = { "org.example.a": "b", "org.example.ü": "ß" };

    test("has the manifest's artifactType and annotations", async () => {
      const { name, subject } = await newSubject(peer);
      const more = { artifactType: "application/vnd.example.sbom.v1", annotations };
      const { descriptor } = await pushReferrer(peer, name, subject, more);
      expectIndex(await list(peer, name, subject.digest), [{ ...descriptor, ...more }]);
    });

    test("has the config's media type where an image has no artifactType", async () => {
      const { name, subject } = await newSubject(peer);
      const { descriptor } = await pushImage(peer, name, "x", { subject, annotations });
      const artifactType = mediaTypes.ociConfig;
      expectIndex(await list(peer, name, subject.digest), [
        { ...descriptor, artifactType, annotations },
      ]);
    });

    test("has no artifactType where an index has none", async () => {
      const { name, subject } = await newSubject(peer);
      const index = indexOf([subject], { subject, annotations });
      const { answer, descriptor } = await peer.putManifest(name, index);
      expect(answer.headers.get("oci-subject")).toBe(subject.digest);
      expectIndex(await list(peer, name, subject.digest), [{ ...descriptor, annotations }]);
    });

    test("is gone once its manifest is deleted", async () => {
      const { name, subject } = await newSubject(peer);
      const { descriptor } = await pushReferrer(peer, name, subject);
      expect(digestsOf(await list(peer, name, subject.digest))).toEqual([descriptor.digest]);
      await peer.send("DELETE", `/v2/${name}/manifests/${descriptor.digest}`);
      expectIndex(await list(peer, name, subject.digest), []);
    });

    test("belongs to its repository", async () => {
      const { name, subject } = await newSubject(peer);
      await pushReferrer(peer, name, subject);
      expectIndex(await list(peer, peer.newRepository(), subject.digest), []);
    });
  });
}

/** Parts of the list. */
export function referrerPageTests(peer: Peer): void {
  test("artifactType filters, and says so", async () => {
    const { name, subject } = await newSubject(peer);
    const types = ["application/vnd.example.sbom+json", "application/vnd.example.sig"];
    const [sbom] = await Promise.all(
      types.map((artifactType) => pushReferrer(peer, name, subject, { artifactType })),
    );
    for (const sent of [encodeURIComponent(types[0] ?? ""), types[0]]) {
      const answer = await list(peer, name, subject.digest, `?artifactType=${sent}`);
      expect(digestsOf(answer)).toEqual([sbom?.descriptor.digest]);
      expect(answer.headers.get("oci-filters-applied")).toBe("artifactType");
    }
    const none = await list(peer, name, subject.digest, "?artifactType=application/none");
    expectIndex(none, []);
    expect(none.headers.get("oci-filters-applied")).toBe("artifactType");
  });

  test.each(["", "&artifactType=application%2Fvnd.example.a%2Bb"])(
    "pages, by following Link, hold every referrer once%s",
    async (filter) => {
      const { name, subject } = await newSubject(peer);
      const wanted: string[] = [];
      const artifactType = "application/vnd.example.a+b";
      for (let n = 0; n < 5; n++) {
        wanted.push((await pushReferrer(peer, name, subject, { artifactType })).descriptor.digest);
      }
      const found: string[] = [];
      let path: string | undefined = `/v2/${name}/referrers/${subject.digest}?n=2${filter}`;
      while (path !== undefined) {
        const answer: Answer = await peer.send("GET", path);
        found.push(...digestsOf(answer));
        path = /^<(\/v2\/[^>,]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
      }
      expect(found).toEqual(wanted.toSorted());
    },
  );
}

function list(peer: Peer, name: string, digest: string, query = ""): Promise<Answer> {
  return peer.send("GET", `/v2/${name}/referrers/${digest}${query}`);
}

async function newSubject(peer: Peer): Promise<{ name: string; subject: Descriptor }> {
  const name = peer.newRepository();
  return { name, subject: (await pushImage(peer, name)).descriptor };
}

function digestsOf(answer: Answer): string[] {
  return answer.json.manifests.map(({ digest }: Descriptor) => digest);
}

function expectIndex(answer: Answer, manifests: object[]): void {
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe(mediaTypes.ociIndex);
  expect(answer.json).toEqual({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
}
