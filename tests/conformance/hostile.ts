import { digestOf } from "@entrepot/oci";
import { expect, test } from "vitest";
import { randomBlob, withDigest } from "./peer.ts";
import type { Peer } from "./peer.ts";
import { pushImage } from "./samples.ts";

/** Names and paths that somebody sends to see what happens: an error of the spec's, never a 5xx. */
export function hostileTests(peer: Peer): void {
  const names = [
    "Library/x",
    "library/X",
    "library/x-",
    "library/-x",
    "library/x..y",
    "library/x___y",
    "library//x",
    "/library/x",
    "library/%2e%2e",
    "library/x%00y",
    "library/x%0d%0aSet-Cookie:a",
    "library/x%20y",
    "library/%C3%BC",
    `library/${"x".repeat(250)}`,
    "",
  ];
  const ends = ["manifests/latest", "tags/list", `blobs/${digestOf(Buffer.alloc(0))}`];
  test.each(names.flatMap((name) => ends.map((end) => `/v2/${name}/${end}`)))(
    "GET %s names no repository",
    async (path) => {
      const answer = await peer.sendRaw("GET", path);
      expect(answer).toMatchObject({ status: 400, code: "NAME_INVALID" });
      expect(answer.headers.get("set-cookie")).toBeNull();
    },
  );

  test.each(names.filter(Boolean))("no upload starts in %s", async (name) => {
    const answer = await peer.sendRaw("POST", `/v2/${name}/blobs/uploads/`, {
      "Content-Length": "0",
    });
    expect(answer).toMatchObject({ status: 400, code: "NAME_INVALID" });
  });

  const paths = [
    "/v2/library/..%2f..%2fetc%2fpasswd/manifests/latest",
    "/v2/library%2Fx/manifests/latest",
    "/v2/library/x/manifests/..%2f..%2fsecret",
    "/v2/library/x/blobs/..%2f..%2fetc%2fpasswd",
    "/v2/library/x/blobs/uploads/..%2f..%2fetc",
    "/v2/library/x/blobs/uploads/%2e%2e",
    "/v2/library/x/manifests/%",
    "/v2/library/x/manifests/%ff%fe",
    "/v2/../../etc/passwd",
    "/v2/library/x/../../../etc/passwd",
    "/v2//",
  ];
  test.each(paths)("GET %s leads nowhere", async (path) => {
    const answer = await peer.sendRaw("GET", path);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(Buffer.from(answer.bytes).toString()).not.toContain("root:");
  });
}

/** What looks hostile and is not. */
export function oddityTests(peer: Peer): void {
  test("a digest may come with its colon encoded", async () => {
    const name = peer.newRepository();
    const { digest } = await peer.pushBlob(name, randomBlob());
    const path = `/v2/${name}/blobs/${encodeURIComponent(digest)}`;
    expect((await peer.sendRaw("GET", path)).status).toBe(200);
  });

  test.each(["manifests", "blobs", "tags", "uploads", "referrers", "list"])(
    "a repository may be called %s",
    async (word) => {
      const name = `${peer.newRepository()}/${word}`;
      await pushImage(peer, name, word);
      expect((await peer.send("GET", `/v2/${name}/manifests/${word}`)).status).toBe(200);
      expect((await peer.send("GET", `/v2/${name}/tags/list`)).json).toEqual({
        name,
        tags: [word],
      });
    },
  );

  test("a name of many parts", async () => {
    const name = `${peer.newRepository()}/a/b/c/d__e/f-g/h.i/j---k/1`;
    await pushImage(peer, name, "latest");
    expect((await peer.send("GET", `/v2/${name}/manifests/latest`)).status).toBe(200);
  });

  test("ns= of a client that thinks this a proxy is harmless", async () => {
    const name = peer.newRepository();
    await pushImage(peer, name, "latest");
    const path = `/v2/${name}/manifests/latest?ns=docker.io`;
    expect((await peer.send("GET", path)).status).toBe(200);
  });

  test("headers of 40 KB are refused before anything is done", async () => {
    const headers = { "X-Large": "x".repeat(40_000) };
    const answer = await peer.sendRaw("GET", "/v2/", headers);
    expect(answer.status).toBe(431);
  });

  test("an upload cannot be finished as what it is not, by any number of tries", async () => {
    const name = peer.newRepository();
    const wrong = digestOf(randomBlob());
    for (let n = 0; n < 3; n++) {
      const location = await peer.startUpload(name);
      await peer.send("PATCH", location, { body: randomBlob() });
      const answer = await peer.send("PUT", withDigest(location, wrong));
      expect(answer).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
    }
    expect((await peer.send("GET", `/v2/${name}/blobs/${wrong}`)).status).toBe(404);
  });
}
