import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testServer, type TestServer } from "./testing.ts";

let server: TestServer;
let secure: TestServer;
beforeAll(async () => {
  server = await testServer({ workers: 0 });
  secure = await testServer({ workers: 0, publicUrl: "https://registry.test" });
});
afterAll(async () => {
  await server.close();
  await secure.close();
});

const HEADERS = {
  "content-security-policy": expect.stringMatching(
    /^default-src 'none'; script-src 'self'; .*base-uri 'none'.*frame-ancestors 'none'$/,
  ),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

const get = async (from: TestServer, path: string) => {
  const answer = await fetch(from.url + path);
  await answer.body?.cancel();
  return Object.fromEntries(answer.headers);
};

describe.each([
  "/",
  "/nowhere",
  "/api/docs",
  "/api/v2.0/systeminfo",
  "/api/v2.0/users/current",
  "/api/v2.0/nowhere",
  "/api/v2.0/projects?page=-1",
  "/service/token",
  "/metrics",
])("%s", (path) => {
  test("has them all, and HSTS where the public address is HTTPS", async () => {
    expect(await get(server, path)).toMatchObject(HEADERS);
    expect(await get(server, path)).not.toHaveProperty("strict-transport-security");
    const hsts = { "strict-transport-security": "max-age=31536000" };
    expect(await get(secure, path)).toMatchObject({ ...HEADERS, ...hsts });
  });
});

test("scripts come from here alone, and nowhere is inline code let in", async () => {
  const policy = (await get(server, "/"))["content-security-policy"]!;
  const rules = new Map(policy.split("; ").map((rule) => [rule.split(" ")[0], rule]));
  expect(rules.get("script-src")).toBe("script-src 'self'");
  expect(rules.get("connect-src")).toBe("connect-src 'self'");
  expect(policy.replace("style-src 'self' 'unsafe-inline'", "")).not.toMatch(/unsafe|\*|http/);
});

test("of the API nothing is stored", async () => {
  for (const path of ["/api/v2.0/projects", "/api/v2.0/users/current", "/api/docs"]) {
    expect((await get(server, path))["cache-control"]).toBe("no-store");
  }
});

test("the registry itself is no page: it has none of them", async () => {
  expect(await get(server, "/v2/")).not.toHaveProperty("content-security-policy");
});
