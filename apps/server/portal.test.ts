import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPortal, type Portal } from "./portal.ts";

let folder: string;
let portal: Portal;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot-portal-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<p>the page");
  await writeFile(join(folder, "index.html.br"), "compressed page");
  await writeFile(join(folder, "assets/main-1.js"), "code()");
  await writeFile(join(folder, ".sources"), "a hash");
  portal = openPortal(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  const answer = await portal(new Request(`http://here${path}`, { headers, method }), path);
  return answer && { text: await answer.text(), headers: answer.headers };
}
const asPage = { accept: "text/html,*/*" };

test.each(["/", "/projects/team", "/anything/at/all", "/index.html"])(
  "%s is the page, and asked for again each time",
  async (path) => {
    const answer = await get(path, asPage);
    expect(answer?.text).toBe("<p>the page");
    expect(answer?.headers.get("cache-control")).toBe("no-cache");
  },
);

test.each(["/v2/", "/v2", "/api/v2.0/x", "/service/token", "/c/oidc/login", "/assets/gone.js"])(
  "%s is never a page",
  async (path) => expect(await get(path, asPage)).toBeNull(),
);

test.each([["/.sources"], ["/../package.json"], ["/assets/..%2findex.html"], ["/index.html.br"]])(
  "%s is no file of the portal",
  async (path) => expect(await get(path)).toBeNull(),
);

test("programs that ask for no page get none, and nothing is changed by a POST", async () => {
  expect(await get("/")).toBeNull();
  expect(await get("/", asPage, "POST")).toBeNull();
});

test("what carries a hash is kept for ever; HEAD tells the same without the bytes", async () => {
  const answer = await get("/assets/main-1.js");
  expect(answer?.text).toBe("code()");
  expect(answer?.headers.get("cache-control")).toContain("immutable");
  const head = await get("/assets/main-1.js", {}, "HEAD");
  expect(head?.text).toBe("");
  expect(head?.headers.get("content-length")).toBe("6");
});

test("who takes brotli gets what was compressed at the build, others the file", async () => {
  const answer = await get("/", { ...asPage, "accept-encoding": "gzip, br" });
  expect(answer?.text).toBe("compressed page");
  expect(answer?.headers.get("content-encoding")).toBe("br");
  const plain = await get("/", { ...asPage, "accept-encoding": "gzip" });
  expect(plain?.headers.get("content-encoding")).toBeNull();
});

test("without a build nothing is the portal's", async () => {
  const none = openPortal(join(folder, "gone"));
  expect(await none(new Request("http://here/", { headers: asPage }), "/")).toBeNull();
});
