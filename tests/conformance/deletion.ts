import { digestOf } from "@entrepot/oci";
import { expect, test } from "vitest";
import { randomBlob } from "./peer.ts";
import type { Peer } from "./peer.ts";
import { newImage, pushImage } from "./samples.ts";

/** end-9 and end-10: taking away tags, manifests and blobs, with effect at once. */
export function deletionTests(peer: Peer): void {
  const status = async (method: string, path: string) => (await peer.send(method, path)).status;

  test("deleting a tag takes only the tag", async () => {
    const name = peer.newRepository();
    const image = await newImage(peer, name);
    const { descriptor } = await peer.putManifest(name, image, "a");
    await peer.putManifest(name, image, "b");
    expect(await status("DELETE", `/v2/${name}/manifests/a`)).toBe(202);
    expect(await status("GET", `/v2/${name}/manifests/a`)).toBe(404);
    expect(await status("GET", `/v2/${name}/manifests/b`)).toBe(200);
    expect(await status("GET", `/v2/${name}/manifests/${descriptor.digest}`)).toBe(200);
    expect((await peer.send("GET", `/v2/${name}/tags/list`)).json.tags).toEqual(["b"]);
    expect(await status("DELETE", `/v2/${name}/manifests/a`)).toBe(404);
  });

  test("deleting a manifest takes its tags, and no other's", async () => {
    const name = peer.newRepository();
    const image = await newImage(peer, name);
    const { descriptor } = await peer.putManifest(name, image, "a");
    await peer.putManifest(name, image, "b");
    await pushImage(peer, name, "other");
    expect(await status("DELETE", `/v2/${name}/manifests/${descriptor.digest}`)).toBe(202);
    for (const reference of ["a", "b", descriptor.digest]) {
      expect(await status("GET", `/v2/${name}/manifests/${reference}`)).toBe(404);
    }
    expect((await peer.send("GET", `/v2/${name}/tags/list`)).json.tags).toEqual(["other"]);
    expect(await status("DELETE", `/v2/${name}/manifests/${descriptor.digest}`)).toBe(404);
  });

  test("a deleted manifest can be pushed again", async () => {
    const name = peer.newRepository();
    const image = await newImage(peer, name);
    const { descriptor } = await peer.putManifest(name, image, "a");
    await peer.send("DELETE", `/v2/${name}/manifests/${descriptor.digest}`);
    expect((await peer.putManifest(name, image, "a")).answer.status).toBe(201);
    expect(await status("GET", `/v2/${name}/manifests/a`)).toBe(200);
  });

  test.each(["sha256", "sha512"] as const)("deleting a blob by %s", async (algorithm) => {
    const [name, bytes] = [peer.newRepository(), randomBlob()];
    const { digest } = await peer.pushBlob(name, bytes, algorithm);
    expect(await status("DELETE", `/v2/${name}/blobs/${digest}`)).toBe(202);
    expect(await status("GET", `/v2/${name}/blobs/${digest}`)).toBe(404);
    const again = await peer.send("DELETE", `/v2/${name}/blobs/${digest}`);
    expect(again).toMatchObject({ status: 404, code: "BLOB_UNKNOWN" });
    await peer.pushBlob(name, bytes, algorithm);
    expect(await status("GET", `/v2/${name}/blobs/${digest}`)).toBe(200);
  });

  test("deleting from a repository that does not exist is 404", async () => {
    const name = peer.newRepository();
    expect(await status("DELETE", `/v2/${name}/manifests/latest`)).toBe(404);
    expect(await status("DELETE", `/v2/${name}/manifests/${digestOf(randomBlob())}`)).toBe(404);
    expect(await status("DELETE", `/v2/${name}/blobs/${digestOf(randomBlob())}`)).toBe(404);
  });

  const malformed = [
    ["manifests/sha256:abc", "DIGEST_INVALID"],
    ["manifests/.bad", "TAG_INVALID"],
    ["blobs/sha256:abc", "DIGEST_INVALID"],
  ] as const;
  test.each(malformed)("DELETE of %s is refused with %s", async (path, code) => {
    const answer = await peer.send("DELETE", `/v2/${peer.newRepository()}/${path}`);
    expect(answer).toMatchObject({ status: 400, code });
  });
}
