import { beforeAll, expect, test } from "vitest";
import type { Peer } from "./peer.ts";
import { newImage } from "./samples.ts";

/** end-8: lists of tags. */
export function tagTests(peer: Peer): void {
  // In ASCII order: capitals first, punctuation where ASCII has it.
  const sorted = ["1.0", "1.0-rc1", "1.0.1", "B", "Z_", "_x", "a", "a-b", "a.b", "a0", "b"];
  let name: string;
  beforeAll(async () => {
    name = peer.newRepository();
    const image = await newImage(peer, name);
    for (const tag of sorted.toReversed()) await peer.putManifest(name, image, tag);
  });
  const list = (query = "") => peer.send("GET", `/v2/${name}/tags/list${query}`);

  test("all tags come in ASCII order", async () => {
    const answer = await list();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(answer.json).toEqual({ name, tags: sorted });
    expect(answer.headers.get("link")).toBeNull();
  });

  test.each([1, 3, 10, 11, 12])("pages of %i, by following Link, are all tags", async (n) => {
    const found: string[] = [];
    let path: string | undefined = `/v2/${name}/tags/list?n=${n}`;
    while (path !== undefined) {
      const answer = await peer.send("GET", path);
      expect(answer.json.tags.length).toBeLessThanOrEqual(n);
      found.push(...answer.json.tags);
      const link = answer.headers.get("link");
      path = link === null ? undefined : /^<(\/v2\/[^>,]+)>; rel="next"$/.exec(link)?.[1];
      expect(link === null).toBe(path === undefined);
    }
    expect(found).toEqual(sorted);
  });

  const queries = [
    ["?last=a", ["a-b", "a.b", "a0", "b"]],
    ["?last=a&n=2", ["a-b", "a.b"]],
    ["?last=a-a", ["a-b", "a.b", "a0", "b"]],
    ["?last=b", []],
    ["?last=zzz", []],
    ["?n=0", []],
    ["?n=0&last=a", []],
    ["?n=", sorted],
    ["?n=100000", sorted],
  ] as const;
  test.each(queries)("%s", async (query, tags) => {
    const answer = await list(query);
    expect(answer.json.tags).toEqual(tags);
    if (query.includes("n=0")) expect(answer.headers.get("link")).toBeNull();
  });

  test.each(["-1", "x", "1.5", "0x1", "99999999999999999999"])("n=%s is refused", async (n) => {
    const answer = await list(`?n=${n}`);
    expect(answer).toMatchObject({ status: 400, code: "PAGINATION_NUMBER_INVALID" });
  });

  test.each(["", "?n=0"])("tags of a repository that does not exist%s: 404", async (query) => {
    const answer = await peer.send("GET", `/v2/${peer.newRepository()}/tags/list${query}`);
    expect(answer).toMatchObject({ status: 404, code: "NAME_UNKNOWN" });
  });

  test("a repository whose last tag is deleted has an empty list", async () => {
    const lonely = peer.newRepository();
    await peer.putManifest(lonely, await newImage(peer, lonely), "only");
    await peer.send("DELETE", `/v2/${lonely}/manifests/only`);
    const answer = await peer.send("GET", `/v2/${lonely}/tags/list`);
    expect(answer.json).toEqual({ name: lonely, tags: [] });
  });
}
