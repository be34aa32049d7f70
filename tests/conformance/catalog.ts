import { beforeAll, expect, test } from "vitest";
import type { Peer } from "./peer.ts";
import { pushImage } from "./samples.ts";

/** `/v2/_catalog`: lists of repositories. Other repositories may be there. */
export function catalogTests(peer: Peer): void {
  const names: string[] = [];
  beforeAll(async () => {
    // Under a name of their own, so that no other repository lies between them.
    const parent = peer.newRepository();
    for (const name of ["a", "b", "b/c"].map((child) => `${parent}/${child}`)) {
      await pushImage(peer, name, "latest");
      names.push(name);
    }
  });

  test.each([1, 2, 1000])("pages of %i, by following Link, hold every repository", async (n) => {
    const found: string[] = [];
    let path: string | undefined = `/v2/_catalog?n=${n}`;
    while (path !== undefined) {
      const answer = await peer.send("GET", path);
      expect(answer.status).toBe(200);
      expect(answer.json.repositories.length).toBeLessThanOrEqual(n);
      found.push(...answer.json.repositories);
      const link = answer.headers.get("link");
      path = link === null ? undefined : /^<(\/v2\/[^>,]+)>; rel="next"$/.exec(link)?.[1];
      expect(link === null).toBe(path === undefined);
    }
    expect(found).toEqual(expect.arrayContaining(names));
    expect(found).toEqual(found.toSorted());
    expect(new Set(found).size).toBe(found.length);
  });

  test("last is left out, and need not exist", async () => {
    const [first = "", second = ""] = names;
    const after = await peer.send("GET", `/v2/_catalog?n=1&last=${encodeURIComponent(first)}`);
    expect(after.json.repositories).toEqual([second]);
    const between = await peer.send(
      "GET",
      `/v2/_catalog?n=1&last=${encodeURIComponent(`${first}-`)}`,
    );
    expect(between.json.repositories).toEqual([second]);
  });

  test("n=0 is an empty list without a Link", async () => {
    const answer = await peer.send("GET", "/v2/_catalog?n=0");
    expect(answer.json).toEqual({ repositories: [] });
    expect(answer.headers.get("link")).toBeNull();
  });

  test.each(["-1", "x"])("n=%s is refused", async (n) => {
    const answer = await peer.send("GET", `/v2/_catalog?n=${n}`);
    expect(answer).toMatchObject({ status: 400, code: "PAGINATION_NUMBER_INVALID" });
  });
}
