import { randomUUID } from "node:crypto";
import { RegistryError } from "@entrepot/oci";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import type { ExchangeReport, RemoteRegistryOptions } from "@entrepot/distribution/client";
import type { Scope } from "@entrepot/distribution/wire";
import { bytesOf } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { pushSample, sampleBlob, sampleImage } from "@entrepot/registry/samples";
import { afterEach, expect, test } from "vitest";
import { serveRaw, serveRegistry } from "./serve.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const ME = { username: "me", password: "secret" };

/** A registry that wants tokens, and the service that hands them out, on one host. */
async function tokenWorld(world: { realm?: string; lifeS?: number; refuses?: string } = {}) {
  const tokens = new Map<string, readonly string[]>();
  const asked: (readonly string[])[] = [];
  const passwords: (string | undefined)[] = [];
  const service = await serveRaw((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://x");
    const scopes = searchParams.getAll("scope");
    asked.push(scopes);
    passwords.push(request.headers.authorization);
    const refused = world.refuses !== undefined && scopes.join(" ").includes(world.refuses);
    const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    const stranger = request.headers.authorization !== basic && request.headers.authorization;
    if (refused || stranger || searchParams.get("service") !== "the registry") {
      response.writeHead(401).end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED" }] }));
      return;
    }
    const token = randomUUID();
    tokens.set(token, scopes);
    response.end(JSON.stringify({ token, expires_in: world.lifeS ?? 300 }));
  });
  const realm = world.realm ?? `${service.url}/token`;
  const store = memoryRegistry();
  const registry = await serveRegistry(store, {
    async open(request, needed: readonly Scope[]) {
      const [, token = ""] = (request.headers.get("authorization") ?? "").split("Bearer ");
      const granted = tokens.get(token);
      const allows = ({ type, name, actions }: Scope) =>
        actions.every((action) =>
          granted?.some((text) => {
            const [grantedType, grantedName, list = ""] = text.split(":");
            return grantedType === type && grantedName === name && list.split(",").includes(action);
          }),
        );
      if (granted && needed.every(allows)) return store;
      throw new RegistryError("UNAUTHORIZED", "log in first");
    },
    challenge: (_, scopes) => {
      const scope = scopes.map(({ type, name, actions }) => `${type}:${name}:${actions.join(",")}`);
      return `Bearer realm="${realm}",service="the registry",scope="${scope.join(" ")}"`;
    },
  });
  closing.push(service.close, registry.close);
  return { url: registry.url, asked, passwords, tokens };
}

function open(url: string, options: Partial<RemoteRegistryOptions> = {}) {
  const sent: ExchangeReport[] = [];
  const onExchange = (report: ExchangeReport) => sent.push(report);
  const fetch = endpointFetch();
  const registry = remoteRegistry({ url, credential: ME, fetch, onExchange, ...options });
  closing.push(() => registry.close());
  return { registry, statuses: () => sent.map(({ method, status }) => `${method} ${status}`) };
}

test("one token per repository serves a whole push, and no request is refused", async () => {
  const { url, asked } = await tokenWorld();
  const { registry, statuses } = open(url);
  const repository = registry.repository("library/app");
  await repository.resolve("v1");
  await pushSample(repository, sampleImage(), ["v1"]);
  await repository.tags();
  expect(asked).toEqual([["repository:library/app:pull,push"]]);
  expect(statuses().filter((status) => status.endsWith("401"))).toEqual(["GET 401"]);
});

test("many requests at once ask for one token", async () => {
  const { url, asked } = await tokenWorld();
  const repository = open(url).registry.repository("library/app");
  await Promise.all(Array.from({ length: 20 }, (_, n) => repository.resolve(`v${n}`)));
  expect(asked.length).toBe(1);
});

test("a mount asks for both repositories", async () => {
  const { url, asked } = await tokenWorld();
  const { registry } = open(url);
  const blob = sampleBlob();
  await registry.repository("library/a").push(blob.content, bytesOf(blob.bytes));
  expect(await registry.repository("library/b").mount(blob.content, "library/a")).toBe(true);
  expect(asked.at(-1)).toEqual([
    "repository:library/b:pull,push",
    "repository:library/a:pull,push",
  ]);
});

test("a token is renewed before it expires", async () => {
  const { url, asked } = await tokenWorld({ lifeS: 60 });
  let now = 1_000_000;
  const repository = open(url, { clock: () => now }).registry.repository("library/app");
  await repository.resolve("v1");
  now += 49_000;
  await repository.resolve("v1");
  expect(asked.length).toBe(1);
  now += 2_000;
  await repository.resolve("v1");
  expect(asked.length).toBe(2);
});

test("a token that is refused is replaced once", async () => {
  const { url, asked, tokens } = await tokenWorld();
  const { registry, statuses } = open(url);
  const repository = registry.repository("library/app");
  await repository.resolve("v1");
  tokens.clear();
  expect(await repository.resolve("v1")).toBeNull();
  expect(asked.length).toBe(2);
  expect(statuses()).toEqual(["GET 401", "HEAD 404", "HEAD 401", "HEAD 404"]);
});

test("where only pulling is granted, pulling is asked for", async () => {
  const { url, asked } = await tokenWorld({ refuses: "push" });
  const repository = open(url).registry.repository("library/app");
  expect(await repository.resolve("v1")).toBeNull();
  expect(await repository.resolve("v2")).toBeNull();
  expect(asked).toEqual([["repository:library/app:pull,push"], ["repository:library/app:pull"]]);
  const push = repository.push(sampleBlob().content, bytesOf("x"));
  await expect(push).rejects.toBeInstanceOf(RegistryError);
});

test("without an account, tokens are asked for without a password, for pulling", async () => {
  const { url, asked, passwords } = await tokenWorld();
  const repository = open(url, { credential: undefined }).registry.repository("library/app");
  expect(await repository.resolve("v1")).toBeNull();
  expect(asked).toEqual([["repository:library/app:pull"]]);
  expect(passwords).toEqual([undefined]);
});

test("a wrong password is UNAUTHORIZED, with a remedy and without the password", async () => {
  const { url } = await tokenWorld();
  const credential = { username: "me", password: "wr0ng" };
  const failure = await open(url, { credential })
    .registry.ping()
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "UNAUTHORIZED" });
  expect((failure as Error).message).toContain("check the endpoint's user name");
  expect((failure as Error).message).not.toContain("wr0ng");
});

test.for([
  "https://evil.example/token",
  "http://127.0.0.2/token",
  "http://127.0.0.1.evil.example/token",
  "http://me:pw@127.0.0.1/token",
  "file:///etc/passwd",
  "no address",
])("a token service at %s gets nothing", async (realm) => {
  const { url, passwords } = await tokenWorld({ realm });
  const { registry } = open(url);
  await expect(registry.ping()).rejects.toMatchObject({ code: "DENIED" });
  expect(passwords).toEqual([]);
});

test("Basic is answered where it is what the registry wants", async () => {
  let seen: string | undefined;
  const served = await serveRaw((request, response) => {
    seen = request.headers.authorization;
    const status = seen === undefined ? 401 : 200;
    response.writeHead(status, { "www-authenticate": 'Basic realm="here"' }).end("{}");
  });
  closing.push(served.close);
  await open(served.url).registry.ping();
  expect(seen).toBe(`Basic ${Buffer.from("me:secret").toString("base64")}`);
});

test("a refused Basic login is tried once", async () => {
  let count = 0;
  const served = await serveRaw((_, response) => {
    count++;
    response.writeHead(401, { "www-authenticate": 'Basic realm="here"' }).end();
  });
  closing.push(served.close);
  await expect(open(served.url).registry.ping()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  expect(count).toBe(2);
});
