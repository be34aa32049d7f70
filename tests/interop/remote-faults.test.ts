import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { mediaTypes } from "@entrepot/oci";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import type { EndpointFetchOptions, RemoteRegistry } from "@entrepot/distribution/client";
import { bytesOf, collect } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { sampleBlob } from "@entrepot/registry/samples";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { faultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { serveRaw, serveRegistry } from "./serve.ts";
import type { Served } from "./serve.ts";

const NAME = "library/app";
const MIB = 1024 * 1024;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function open(url: string, options: EndpointFetchOptions = {}): RemoteRegistry {
  const registry = remoteRegistry({ url, fetch: endpointFetch(options) });
  closing.push(() => registry.close());
  return registry;
}

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, url: string) => void,
): Promise<Served> {
  const served: Served = await serveRaw((request, response) => {
    request.resume();
    answer(request, response, served.url);
  });
  closing.push(() => served.close());
  return served;
}

describe("over a bad line", () => {
  const store = memoryRegistry();
  let proxy: FaultProxy;
  beforeEach(async () => {
    const served = await serveRegistry(store);
    proxy = await faultProxy(served.url);
    closing.push(
      () => served.close(),
      () => proxy.close(),
    );
  });

  const big = sampleBlob(randomBytes(8 * MIB), mediaTypes.bytes);
  const fetchBig = async (range?: { start: number; length?: number }) =>
    await collect(await open(proxy.url).repository(NAME).fetch(big.content, range), 8 * MIB);

  test.for([10_000, 65_536, MIB, 3 * MIB + 7])(
    "a download that breaks off every %d bytes goes on where it was",
    async (cutAfterBytes) => {
      await store.repository(NAME).push(big.content, bytesOf(big.bytes));
      // The first five connections break: as often as a download without progress may.
      proxy.plan((n) => (n < 5 ? { cutAfterBytes } : {}));
      expect(Buffer.compare(await fetchBig(), big.bytes)).toBe(0);
      const needed = Math.min(6, Math.ceil(big.bytes.length / cutAfterBytes));
      expect(proxy.connections).toBeGreaterThanOrEqual(needed);
    },
  );

  test("a part of a blob that breaks off goes on too, and ends where it should", async () => {
    await store.repository(NAME).push(big.content, bytesOf(big.bytes));
    proxy.plan((n) => (n < 2 ? { cutAfterBytes: 100_000 } : {}));
    const part = await fetchBig({ start: 12_345, length: MIB });
    expect(Buffer.compare(part, big.bytes.subarray(12_345, 12_345 + MIB))).toBe(0);
  });

  test("a download that brings nothing new is given up after a few tries", async () => {
    await store.repository(NAME).push(big.content, bytesOf(big.bytes));
    proxy.plan(() => ({ cutAfterBytes: 20_000 }));
    await expect(fetchBig()).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(proxy.connections).toBeLessThan(25);
  });

  test("one broken connection does not fail a question", async () => {
    const repository = open(proxy.url).repository(NAME);
    proxy.plan((n) => (n < 2 ? { refuse: true } : {}));
    expect(await repository.resolve("none")).toBeNull();
    proxy.plan(() => ({ refuse: true }));
    await expect(repository.resolve("none")).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  test("a push cut off is UNREACHABLE, stores nothing, and succeeds when done again", async () => {
    const repository = open(proxy.url).repository(NAME);
    const blob = sampleBlob(randomBytes(4 * MIB), mediaTypes.bytes);
    proxy.plan(() => ({ cutAfterSentBytes: 2 * MIB }));
    const push = repository.push(blob.content, bytesOf(blob.bytes));
    await expect(push).rejects.toMatchObject({ code: "UNREACHABLE" });
    proxy.plan(() => ({}));
    expect(await repository.stat(blob.content.digest)).toBeNull();
    await repository.push(blob.content, bytesOf(blob.bytes));
    expect(await repository.stat(blob.content.digest)).not.toBeNull();
  });

  test("a source that breaks off is the reason, not the push that broke with it", async () => {
    const repository = open(proxy.url).repository(NAME);
    const { content, bytes } = sampleBlob(randomBytes(2 * MIB), mediaTypes.bytes);
    async function* broken() {
      yield bytes.subarray(0, MIB);
      throw new Error("the source went away");
    }
    await expect(repository.push(content, broken())).rejects.toThrow("the source went away");
    expect(await repository.stat(content.digest)).toBeNull();
  });

  test("nobody there", async () => {
    await proxy.close();
    closing.pop();
    const refusal = expect.objectContaining({
      code: "UNREACHABLE",
      message: expect.stringContaining("nothing listens there"),
    });
    await expect(open(proxy.url).ping()).rejects.toEqual(refusal);
  });
});

describe("strange servers", () => {
  test("silence is noticed", async () => {
    const { url } = await serve(() => {});
    const registry = open(url, { headersTimeoutMs: 100 });
    await expect(registry.ping()).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("never answered"),
    });
  });

  test("a blob from a server that ignores Range", async () => {
    const { content, bytes } = sampleBlob("0123456789");
    const { url } = await serve((_, response) => response.end(bytes));
    const part = await open(url).repository(NAME).fetch(content, { start: 3, length: 4 });
    expect(Buffer.from(await collect(part, 10)).toString()).toBe("3456");
  });

  test("a redirect to another host carries neither password nor our own headers", async () => {
    const { content, bytes } = sampleBlob();
    let seen: IncomingMessage["headers"] = {};
    const storage = await serve((request, response) => {
      seen = request.headers;
      response.end(bytes);
    });
    const { url } = await serve((request, response) => {
      if (!request.headers.authorization) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
        return;
      }
      response.writeHead(307, { location: `${storage.url}/elsewhere` }).end();
    });
    const credential = { username: "me", password: "secret" };
    const registry = remoteRegistry({ url, fetch: endpointFetch(), credential });
    closing.push(() => registry.close());
    const found = await registry.repository(NAME).fetch(content, { start: 1, length: 4 });
    await collect(found, 100);
    expect(seen.authorization).toBeUndefined();
    expect(seen.range).toBe("bytes=1-4");
  });

  test("redirects in a circle end", async () => {
    let count = 0;
    const { url } = await serve((_, response) => {
      count++;
      response.writeHead(302, { location: "/v2/again" }).end();
    });
    await expect(open(url).ping()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(count).toBe(6);
  });

  test("an upload's Location on another host gets the bytes, but no credential", async () => {
    let seen: IncomingMessage | undefined;
    const storage = await serve((request, response) => {
      seen = request;
      response.writeHead(201).end();
    });
    const { url } = await serve((request, response) => {
      if (!request.headers.authorization) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
        return;
      }
      response.writeHead(202, { location: `${storage.url}/upload?state=1` }).end();
    });
    const credential = { username: "me", password: "secret" };
    const headers = { "x-mark": "1" };
    const registry = remoteRegistry({ url, fetch: endpointFetch(), credential, headers });
    closing.push(() => registry.close());
    const { content, bytes } = sampleBlob();
    await registry.repository(NAME).push(content, bytesOf(bytes));
    expect(seen?.url).toBe(`/upload?state=1&digest=${encodeURIComponent(content.digest)}`);
    expect(seen?.headers.authorization).toBeUndefined();
    expect(seen?.headers["x-mark"]).toBeUndefined();
  });

  test.for([
    [429, { "retry-after": "7" }, "TOOMANYREQUESTS", { retryAfterMs: 7000 }],
    [429, {}, "TOOMANYREQUESTS", { retryAfterMs: undefined }],
    [500, {}, "UNAVAILABLE", undefined],
    [503, {}, "UNAVAILABLE", undefined],
    [403, {}, "DENIED", undefined],
    [401, {}, "UNAUTHORIZED", undefined],
    [404, {}, "UNSUPPORTED", undefined],
  ] as const)("ping answered with %d", async ([status, headers, code, detail]) => {
    const { url } = await serve((_, response) => response.writeHead(status, headers).end("oops"));
    const failure = await open(url)
      .ping()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect((failure as { detail: unknown }).detail).toEqual(detail);
    expect((failure as Error).message).toContain(url);
  });

  test("a Link to another host is not followed, its query is", async () => {
    const asked: string[] = [];
    const { url } = await serve((request, response) => {
      asked.push(request.url ?? "");
      const isFirst = !request.url?.includes("cursor");
      const link = '<http://evil.example/v2/elsewhere?cursor=xyz>; rel="next"';
      response.writeHead(200, isFirst ? { link } : {});
      response.end(JSON.stringify({ tags: isFirst ? ["b", "a"] : null }));
    });
    const repository = open(url).repository(NAME);
    const page = await repository.tags({ n: 2 });
    expect(page).toEqual({ items: ["a", "b"], next: "?cursor=xyz" });
    expect(await repository.tags({ last: page.next! })).toEqual({ items: [], next: null });
    expect(asked).toEqual([`/v2/${NAME}/tags/list?n=2`, `/v2/${NAME}/tags/list?cursor=xyz`]);
  });
});
