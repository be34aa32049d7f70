import type { IncomingMessage } from "node:http";
import { apiClient } from "@entrepot/api/client";
import type { NewPolicy } from "@entrepot/api";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { bytesOf, collect } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { pushSample, sampleBlob, sampleImage } from "@entrepot/registry/samples";
import { testServer } from "@entrepot/server/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { httpProxy } from "./http-proxy.ts";
import { serveRaw, serveRegistry } from "./serve.ts";

const NAME = "library/app";
const ACCOUNT = { username: "gate keeper", password: "Open:Sesame/1" };
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function closed<T extends { close(): Promise<void> }>(thing: T): T {
  closing.push(() => thing.close());
  return thing;
}

/** The proxy's address with `account` in it. */
function asUser(url: string, { username, password } = ACCOUNT): string {
  const address = new URL(url);
  address.username = encodeURIComponent(username);
  address.password = encodeURIComponent(password);
  return address.href;
}

describe("through a proxy that asks who one is", () => {
  test("whole blobs go both ways, and nothing goes past it", async () => {
    const store = memoryRegistry();
    const served = closed(await serveRegistry(store));
    const proxy = closed(await httpProxy(ACCOUNT));
    const fetch = endpointFetch({ proxy: asUser(proxy.url) });
    const registry = closed(remoteRegistry({ url: served.url, fetch }));
    const { content, bytes } = sampleBlob(new Uint8Array(3_000_000).fill(7));
    const repository = registry.repository(NAME);
    await repository.push(content, bytesOf(bytes));
    const back = await collect(await repository.fetch(content), bytes.length);
    expect(Buffer.compare(back, bytes)).toBe(0);
    expect(await store.repository(NAME).stat(content.digest)).not.toBeNull();
    expect(proxy.refused).toBe(0);
    expect(proxy.tunnels.length + proxy.passed.length).toBeGreaterThan(0);
    for (const tunnel of proxy.tunnels) expect(tunnel).toBe(new URL(served.url).host);
    for (const passed of proxy.passed) expect(passed).toContain(served.url);
  });

  test.each([
    ["nobody", (url: string) => url],
    ["somebody else", (url: string) => asUser(url, { ...ACCOUNT, password: "Guess" })],
  ])("as %s nothing gets through, and it is told without the password", async (_, address) => {
    let asked = 0;
    const served = closed(await serveRaw((_request, response) => response.end(String(asked++))));
    const proxy = closed(await httpProxy(ACCOUNT));
    const fetch = endpointFetch({ proxy: address(proxy.url) });
    const registry = closed(remoteRegistry({ url: served.url, fetch }));
    const failure = await registry.ping().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).not.toContain("Guess");
    expect(String((failure as Error).message)).toMatch(/proxy/i);
    expect(asked).toBe(0);
    expect(proxy.refused).toBeGreaterThan(0);
  });

  test("the registry behind it does not see the proxy's password", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const served = closed(
      await serveRaw(({ headers }, response) => {
        seen.push(headers);
        response.end("{}");
      }),
    );
    const proxy = closed(await httpProxy(ACCOUNT));
    const fetch = endpointFetch({ proxy: asUser(proxy.url) });
    await closed(remoteRegistry({ url: served.url, fetch })).ping();
    expect(seen).toHaveLength(1);
    expect(Object.keys(seen[0]!)).not.toContain("proxy-authorization");
  });
});

test("an endpoint behind a proxy is replicated to, and to no avail once that is gone", async () => {
  const here = closed(await testServer());
  const there = closed(await testServer({ workers: 0 }));
  const proxy = await httpProxy();
  let isOpen = true;
  const shut = async () => {
    if (isOpen) await proxy.close();
    isOpen = false;
  };
  closing.push(shut);
  const api = apiClient({ url: here.url, credential: here.credential });
  const { username, password } = there.credential;
  const { created } = await api.registries.create({
    body: {
      name: "there",
      type: "harbor",
      url: there.url,
      proxy: proxy.url,
      credential: { access_key: username, access_secret: password },
    } as never,
  });
  const id = Number(created);
  const settings = { name: "p", dest_registry: { id }, trigger: { type: "event_based" } };
  await api.policies.create({ body: settings as NewPolicy });
  const actor = { name: "test", cause: "test" };
  const push = async (tag: string) =>
    pushSample(here.content.as(actor).repository(NAME), sampleImage(), [tag]);
  const digest = await push("v1");
  await vi.waitFor(
    async () => {
      const found = await there.content.as(actor).repository(NAME).resolve("v1");
      expect(found?.digest).toBe(digest);
    },
    { timeout: 30_000, interval: 50 },
  );
  expect(proxy.tunnels.length + proxy.passed.length).toBeGreaterThan(0);

  await shut();
  await push("v2");
  await vi.waitFor(
    async () => {
      const { body } = await api.registries.get({ params: { id } });
      expect(body.status).toBe("unhealthy");
    },
    { timeout: 30_000, interval: 50 },
  );
  expect(await there.content.as(actor).repository(NAME).resolve("v2")).toBeNull();
});
