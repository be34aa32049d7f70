import { expect, test } from "vitest";
import type { Fetch, FetchRequest } from "./fetch.ts";
import { followRedirects } from "./redirects.ts";

const SENT = { authorization: "Basic x", "x-mark": "1", range: "bytes=1-" };

/** A `Fetch` that answers with a redirect where `to` names one, and notes what it was sent. */
function redirecting(to: Readonly<Record<string, string>>, status = 307) {
  const seen: { url: string; headers: FetchRequest["headers"] }[] = [];
  const fetch: Fetch = async (url, request = {}) => {
    seen.push({ url, headers: request.headers });
    const location = to[url] ?? null;
    const get = (name: string) => (name === "location" ? location : null);
    return { status: location === null ? 200 : status, headers: { get }, body: null };
  };
  return { fetch: followRedirects(fetch), seen };
}

test("the same origin keeps all headers, another one only the harmless", async () => {
  const { fetch, seen } = redirecting({
    "https://a/1": "/2",
    "https://a/2": "https://b/3",
    "https://b/3": "https://a/4",
  });
  await fetch("https://a/1", { headers: SENT });
  expect(seen).toEqual([
    { url: "https://a/1", headers: SENT },
    { url: "https://a/2", headers: SENT },
    { url: "https://b/3", headers: { range: SENT.range } },
    { url: "https://a/4", headers: { range: SENT.range } },
  ]);
});

test.for(["http://a/2", "http://b/2", "file:///etc/passwd", "https://["])(
  "from https to %s is refused",
  async (location) => {
    const { fetch, seen } = redirecting({ "https://a/1": location });
    await expect(fetch("https://a/1")).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(seen.length).toBe(1);
  },
);

async function* stream() {
  yield Buffer.from("x");
}

test.for([
  ["POST", 307, undefined, 200],
  ["PUT", 308, Buffer.from("x"), 200],
  ["PUT", 307, stream(), 307],
  ["POST", 302, undefined, 302],
] as const)("%s answered with %d", async ([method, status, body, expected]) => {
  const { fetch } = redirecting({ "https://a/1": "/2" }, status);
  const request = body === undefined ? { method } : { method, body };
  expect((await fetch("https://a/1", request)).status).toBe(expected);
});
