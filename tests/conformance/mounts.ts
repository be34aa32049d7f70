import { digestOf } from "@entrepot/oci";
import { expect, test } from "vitest";
import { randomBlob, withDigest } from "./peer.ts";
import type { Peer } from "./peer.ts";

/** end-11: making a blob of one repository part of another. */
export function mountTests(peer: Peer): void {
  const mount = (name: string, query: string) =>
    peer.send("POST", `/v2/${name}/blobs/uploads/?${query}`);

  test.each(["from its repository", "from anywhere"])("a blob is mounted %s", async (how) => {
    const [source, name, bytes] = [peer.newRepository(), peer.newRepository(), randomBlob()];
    const { digest } = await peer.pushBlob(source, bytes);
    const from = how === "from anywhere" ? "" : `&from=${encodeURIComponent(source)}`;
    const answer = await mount(name, `mount=${digest}${from}`);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe(`/v2/${name}/blobs/${digest}`);
    expect(answer.headers.get("docker-content-digest")).toBe(digest);
    const got = await peer.send("GET", `/v2/${name}/blobs/${digest}`);
    expect(Buffer.from(got.bytes).equals(bytes)).toBe(true);
  });

  test("a mounted blob outlives its source's", async () => {
    const [source, name] = [peer.newRepository(), peer.newRepository()];
    const { digest } = await peer.pushBlob(source, randomBlob());
    await mount(name, `mount=${digest}&from=${source}`);
    await peer.send("DELETE", `/v2/${source}/blobs/${digest}`);
    expect((await peer.send("HEAD", `/v2/${source}/blobs/${digest}`)).status).toBe(404);
    expect((await peer.send("HEAD", `/v2/${name}/blobs/${digest}`)).status).toBe(200);
  });

  const sources = ["&from=library/never-pushed-to", "", "&from=", "&from=..%2F..%2Fetc", "&from=A"];
  test.each(sources)("a blob that cannot be had (%s) becomes an upload", async (from) => {
    const [name, bytes] = [peer.newRepository(), randomBlob()];
    const answer = await mount(name, `mount=${digestOf(bytes)}${from}`);
    expect(answer.status).toBe(202);
    const url = withDigest(answer.headers.get("location") ?? "", digestOf(bytes));
    expect((await peer.send("PUT", url, { body: bytes })).status).toBe(201);
  });

  test("a repository that has not got the blob cannot give it, though another has", async () => {
    const { digest } = await peer.pushBlob(peer.newRepository(), randomBlob());
    const other = peer.newRepository();
    await peer.pushBlob(other, randomBlob());
    expect((await mount(peer.newRepository(), `mount=${digest}&from=${other}`)).status).toBe(202);
  });
}
