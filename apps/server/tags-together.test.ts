import { bytesOf } from "@entrepot/registry";
import { endpointFetch, type Fetch } from "@entrepot/distribution/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import type { Origin } from "@entrepot/replication";
import { expect, test } from "vitest";
import { siteOver, testServer, type TestServer } from "./testing.ts";

const NAME = "library/app";
const [A, B] = ["aaaaaaaa", "bbbbbbbb"].map((start) => `${start}-0000-4000-8000-000000000000`) as [
  string,
  string,
];
const ORIGINS: readonly Origin[] = [
  { registry: A, seq: 4, path: [A], clock: `${A}:1000.0` },
  { registry: A, seq: 5, path: [A], clock: `${A}:1000.0` },
  { registry: B, seq: 2, path: [B, A], clock: `${B}:900.1,${A}:800.0` },
];
const TAGS = ["v1", "v1.0", "latest"];

/** The site of `server`, reached through `fetch`, and known to be an Entrepot. */
async function siteOf({ url, credential }: TestServer, fetch: Fetch & { close?(): Promise<void> }) {
  const { username: accessKey, password: accessSecret } = credential;
  const site = siteOver(fetch, { type: "harbor", url, accessKey, accessSecret });
  expect(site.together!(ORIGINS)).toBeNull();
  await site.ping();
  return site;
}

test("tags that go together to an Entrepot keep where each comes from", async () => {
  const server = await testServer({ workers: 0 });
  const site = await siteOf(server, endpointFetch());
  try {
    const image = sampleImage();
    await pushSample(site.registry(ORIGINS[0]!).repository(NAME), image);
    const target = site.together!(ORIGINS)!.repository(NAME);
    await target.push(image.content, bytesOf(image.bytes), TAGS);
    const tags = (await server.catalog.entries(0, 1_000)).filter(({ kind }) => kind === "tag");
    const told = tags.map(({ key, origin: registry, originSeq: seq, path, clock }) => {
      return [key.slice(NAME.length + 1), { registry, seq, path, clock }];
    });
    expect(new Map(told as never)).toEqual(new Map(TAGS.map((tag, n) => [tag, ORIGINS[n]])));
  } finally {
    await site.close();
    await server.close();
  }
});

test("an Entrepot that is too old for that is asked but once", async () => {
  const server = await testServer({ workers: 0 });
  const connections = endpointFetch();
  const old: Fetch = async (to, request) => {
    const headers = request?.headers as Record<string, string> | undefined;
    if (!headers?.["entrepot-origin"]?.includes(";")) return connections(to, request);
    const body = Buffer.from(JSON.stringify({ errors: [{ code: "BAD_REQUEST", message: "?" }] }));
    const json = new Headers({ "content-type": "application/json" });
    return { status: 400, headers: json, body: ReadableStream.from([body]) };
  };
  const close = () => connections.close();
  const site = await siteOf(server, Object.assign(old, { close }));
  try {
    const { content, bytes } = sampleImage();
    const target = site.together!(ORIGINS)!.repository(NAME);
    const pushed = target.push(content, bytesOf(bytes), TAGS);
    await expect(pushed).rejects.toMatchObject({ code: "BAD_REQUEST" });
    expect(site.together!(ORIGINS)).toBeNull();
  } finally {
    await site.close();
    await server.close();
  }
});
