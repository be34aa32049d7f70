import { bytesOf } from "@entrepot/registry";
import { describe, expect, test } from "vitest";
import { endpointBudget } from "./endpoint-budget.ts";
import type { Fetch, FetchRequest } from "./fetch.ts";
import { discard } from "./response-body.ts";

/** A clock that moves only by pausing, and a registry that answers by `script`. */
function world(most = 8) {
  let now = 1_000_000;
  const sent: { at: number; url: string; method: string }[] = [];
  const clock = () => now;
  const pause = async (ms: number) => {
    now += ms;
  };
  const budget = endpointBudget({ most, clock, pause, random: () => 0 });
  return {
    budget,
    sent,
    clock,
    fetchBy(script: (n: number) => { status: number; headers?: Record<string, string> }): Fetch {
      return budget.within(async (url, { method = "GET" }: FetchRequest = {}) => {
        const { status, headers = {} } = script(sent.length);
        sent.push({ at: now, url, method });
        return { status, headers: { get: (name) => headers[name] ?? null }, body: null };
      });
    },
  };
}

const URL_OF_MANIFEST = "https://hub.example/v2/library/app/manifests/1";

describe("a refusal", () => {
  test.for([
    ["seconds", "7", 7000],
    ["a date", new Date(1_012_000).toUTCString(), 12_000],
    ["nothing", undefined, 500],
  ] as const)(
    "that names %s is waited out, then the request is sent again",
    async ([, header, ms]) => {
      const { fetchBy, sent } = world();
      const headers: Record<string, string> = header === undefined ? {} : { "retry-after": header };
      const fetch = fetchBy((n) => (n === 0 ? { status: 429, headers } : { status: 200 }));
      const response = await fetch("https://x.example/v2/", {
        method: "PUT",
        body: new Uint8Array(3),
      });
      expect(response.status).toBe(200);
      expect(sent[1]!.at - sent[0]!.at).toBe(ms);
    },
  );

  test("for long is not waited for: it comes back, and others are held off", async () => {
    const { fetchBy, sent } = world();
    const fetch = fetchBy(() => ({ status: 429, headers: { "retry-after": "3600" } }));
    expect((await fetch("https://x.example/v2/")).status).toBe(429);
    await expect(fetch("https://x.example/v2/")).rejects.toMatchObject({
      code: "TOOMANYREQUESTS",
      detail: { retryAfterMs: 3_600_000 },
    });
    expect(sent).toHaveLength(1);
  });

  test("of a stream comes back, since the stream is spent; the next request waits", async () => {
    const { fetchBy, sent } = world();
    const fetch = fetchBy((n) => ({
      status: n === 0 ? 503 : 200,
      headers: { "retry-after": "2" },
    }));
    const put = { method: "PUT", body: bytesOf("spent") };
    expect((await fetch("https://x.example/v2/", put)).status).toBe(503);
    await fetch("https://x.example/v2/");
    expect(sent[1]!.at - sent[0]!.at).toBe(2000);
  });

  test("halves the limit once per round, and success brings it back one by one", async () => {
    const { budget, fetchBy } = world(8);
    const storm = fetchBy((n) => ({ status: n < 8 ? 429 : 200 }));
    await Promise.all(Array.from({ length: 8 }, () => storm("https://x.example/v2/")));
    // Eight refusals at once are one sign. Of eight repeats, four at a time make one round.
    expect(budget.limit).toBe(5);
    for (let n = 0; n < 100; n++) await storm("https://x.example/v2/");
    expect(budget.limit).toBe(8);
  });
});

test("never more under way than the limit, bodies included", async () => {
  const budget = endpointBudget({ most: 3 });
  let underWay = 0;
  let highest = 0;
  const fetch = budget.within(async () => {
    highest = Math.max(highest, ++underWay);
    async function* body() {
      for (let n = 0; n < 3; n++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield new Uint8Array(1);
      }
      underWay--;
    }
    return { status: 200, headers: { get: () => null }, body: body() };
  });
  await Promise.all(
    Array.from({ length: 30 }, async () => discard(await fetch("https://x.example/"))),
  );
  expect(highest).toBe(3);
  expect(underWay).toBe(0);
});

test("one read gets through though writes hold all slots: they may be waiting for it", async () => {
  const budget = endpointBudget({ most: 1 });
  let read = () => {};
  const canRead = new Promise<void>((resolve) => (read = resolve));
  const fetch = budget.within(async (_, { method } = {}) => {
    if (method === "PUT") await canRead;
    return { status: 200, headers: { get: () => null }, body: null };
  });
  const write = fetch("https://x.example/blob", { method: "PUT" });
  await fetch("https://x.example/blob").then(read);
  expect((await write).status).toBe(200);
});

test("a rate limit's headers are heeded before it bites: by counted requests only", async () => {
  const { fetchBy, sent } = world();
  const left = (n: number) => Math.max(0, 22 - n);
  const fetch = fetchBy((n) => ({
    status: 200,
    headers: { "ratelimit-limit": "100;w=600", "ratelimit-remaining": `${left(n)};w=600` },
  }));
  for (let n = 0; n < 6; n++) await fetch(URL_OF_MANIFEST);
  await fetch(URL_OF_MANIFEST, { method: "HEAD" });
  await fetch("https://hub.example/v2/library/app/blobs/sha256:1");
  const gaps = sent.slice(1).map(({ at }, n) => at - sent[n]!.at);
  // From 19 left on, one in six seconds is what 100 in 600 seconds allow for ever.
  expect(gaps).toEqual([0, 0, 0, 6000, 6000, 0, 0]);
});

test("where minutes lie between requests, the task goes and comes back", async () => {
  const { fetchBy } = world();
  const headers = { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "3;w=21600" };
  const fetch = fetchBy(() => ({ status: 200, headers }));
  await fetch(URL_OF_MANIFEST);
  await expect(fetch(URL_OF_MANIFEST)).rejects.toMatchObject({ detail: { retryAfterMs: 216_000 } });
});
