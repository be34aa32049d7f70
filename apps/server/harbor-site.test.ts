import { cosignTagOf } from "@entrepot/oci";
import { copyTag } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { endpointFetch, type Fetch } from "@entrepot/distribution/client";
import { compileFilters } from "@entrepot/replication";
import { expect, test } from "vitest";
import { siteSuite } from "./site-suite.ts";
import { siteOver, testServer, type TestServer } from "./testing.ts";

/*
 * A Harbor, played by one of ours that does not say what it is and has no API for referrers: what
 * refers to an image is known from its artifacts' accessories alone.
 */

const ACTOR = { name: "test", cause: "test" };
const ORIGIN = { registry: "00000000-0000-4000-8000-000000000001", seq: 1, path: [] };

function playHarbor({ url, credential }: Pick<TestServer, "url" | "credential">) {
  const connections = endpointFetch();
  const asked: string[] = [];
  const gone = (body: object, status: number) => ({
    status,
    headers: new Headers({ "content-type": "application/json" }),
    body: ReadableStream.from([Buffer.from(JSON.stringify(body))]),
  });
  const fetch: Fetch = async (to, request) => {
    const { pathname } = new URL(to);
    asked.push(to.slice(url.length));
    if (pathname.includes("/referrers/")) return gone({ errors: [{ code: "NOT_FOUND" }] }, 404);
    if (pathname.endsWith("/systeminfo")) return gone({ harbor_version: "v2.14.0" }, 200);
    return connections(to, request);
  };
  const { username: accessKey, password: accessSecret } = credential;
  const address = { type: "harbor", url, accessKey, accessSecret };
  return { site: siteOver(Object.assign(fetch, { close: connections.close }), address), asked };
}

siteSuite(
  "a Harbor, played",
  async () => {
    const server = await testServer({ workers: 0 });
    const { site } = playHarbor(server);
    const credential = { ...server.credential, password: "Wrong4Sure" };
    return {
      site,
      project: "suite",
      refused: playHarbor({ ...server, credential }).site,
      absent: playHarbor({ ...server, url: "http://127.0.0.1:9" }).site,
      close: () => site.close().then(server.close),
    };
  },
  { knowsProjects: true, findsMounts: true },
);

test("signatures come along from a Harbor without an API for referrers", async () => {
  const server = await testServer({ workers: 0 });
  const { site, asked } = playHarbor(server);
  try {
    const index = sampleIndex([sampleImage(), sampleImage()]);
    const child = index.children[0]!;
    const [signature, ofChild] = [index, child].map(({ content }) =>
      sampleImage({ subject: content }),
    ) as [typeof child, typeof child];
    const ofSignature = sampleImage({ subject: signature.content });
    const cosigned = sampleImage();
    const from = server.content.as(ACTOR).repository("library/team/app");
    await pushSample(from, index, ["v1"]);
    for (const one of [signature, ofChild, ofSignature]) await pushSample(from, one);
    await pushSample(from, cosigned, [`${cosignTagOf(child.content.digest)}.sig`]);

    const listed = await Array.fromAsync(
      site.list(compileFilters([{ type: "tag", value: "v1" }])),
      ({ repository, reference }) => `${repository}:${reference}`,
    );
    expect(listed).toEqual(["library/team/app:v1"]);
    const target = memoryRegistry().repository("library/team/app");
    const source = site.registry(ORIGIN).repository(target.name);
    await copyTag(source, target, "v1", index.content, { referrers: true });
    for (const [subject, referrer] of [
      [index, signature],
      [child, ofChild],
      [signature, ofSignature],
    ] as const) {
      const { items } = await target.referrers(subject.content.digest);
      expect(items.map(({ digest }) => digest)).toEqual([referrer.content.digest]);
    }
    const tag = `${cosignTagOf(child.content.digest)}.sig`;
    expect((await target.resolve(tag))?.digest).toBe(cosigned.content.digest);
    // As Harbor's own adapter asks; and its missing API is asked for once, not for each manifest.
    expect(asked).toContain(
      `/api/v2.0/projects/library/repositories/team%252Fapp/artifacts/${child.content.digest}` +
        "?with_tag=false&with_label=false&with_accessory=true",
    );
    expect(asked.filter((path) => path.includes("/referrers/")).length).toBeLessThanOrEqual(4);
  } finally {
    await site.close();
    await server.close();
  }
});
