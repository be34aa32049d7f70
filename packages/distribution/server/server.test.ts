import { digestOf, RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import { memoryRegistry } from "@entrepot/registry/memory";
import type { Registry, Repository } from "@entrepot/registry";
import { describe, expect, test } from "vitest";
import { printScope } from "../wire/index.ts";
import type { Scope } from "../wire/index.ts";
import { distributionServer } from "./server.ts";
import type { DistributionOptions } from "./server.ts";
import type { Failure } from "./failure.ts";

const origin = "http://registry.example";
const digest = digestOf(Buffer.from("x"));

/** A server over `registry`, and what it logged. */
function served(registry: Registry, options: Partial<DistributionOptions> = {}) {
  const failures: Failure[] = [];
  const log = (failure: Failure) => void failures.push(failure);
  const answer = distributionServer({ open: async () => registry, log, ...options });
  const send = (method: string, path: string, init: RequestInit = {}) =>
    answer(new Request(origin + path, { method, ...init }));
  return { send, failures };
}

/** A registry whose every repository is an empty one with `parts` in place of its own. */
function registryWith(parts: Partial<Repository>): Registry {
  const memory = memoryRegistry();
  return { ...memory, repository: (name) => ({ ...memory.repository(name), ...parts }) };
}

/** A registry that fails to find any manifest. */
function throwing(error: unknown): Registry {
  return registryWith({ resolve: () => Promise.reject(error) });
}

/** A registry whose blob is said to have `size` bytes and has `bytes`. */
function stored(size: number, bytes: () => Bytes): Registry {
  return registryWith({
    stat: async () => ({ mediaType: "application/octet-stream", digest, size }),
    fetch: async () => bytes(),
  });
}

async function* pieces(count: number, error?: Error): Bytes {
  for (let n = 0; n < count; n++) yield new Uint8Array(100_000);
  if (error) throw error;
}

function challengeOf(_: Request, scopes: readonly Scope[]): string {
  return `scope=${scopes.map(printScope).join(" ")}`;
}

async function code(response: Response): Promise<string> {
  return JSON.parse(await response.text()).errors[0].code;
}

describe("what is asked of open", () => {
  const cases = [
    ["GET", "/v2/", ""],
    ["GET", "/v2/_catalog", "registry:catalog:*"],
    ["GET", "/v2/p/r/manifests/latest", "repository:p/r:pull"],
    ["HEAD", `/v2/p/r/blobs/${digest}`, "repository:p/r:pull"],
    ["GET", "/v2/p/r/tags/list", "repository:p/r:pull"],
    ["GET", `/v2/p/r/referrers/${digest}`, "repository:p/r:pull"],
    ["PUT", "/v2/p/r/manifests/latest", "repository:p/r:pull,push"],
    ["POST", "/v2/p/r/blobs/uploads/", "repository:p/r:pull,push"],
    ["PATCH", "/v2/p/r/blobs/uploads/1", "repository:p/r:pull,push"],
    ["GET", "/v2/p/r/blobs/uploads/1", "repository:p/r:pull,push"],
    ["DELETE", "/v2/p/r/blobs/uploads/1", "repository:p/r:pull,push"],
    ["DELETE", "/v2/p/r/manifests/latest", "repository:p/r:delete"],
    ["DELETE", `/v2/p/r/blobs/${digest}`, "repository:p/r:delete"],
  ];
  test.each(cases)("%s %s needs %j", async (method, path, expected) => {
    const asked: string[] = [];
    const open: DistributionOptions["open"] = async (_, scopes) => {
      asked.push(scopes.map(printScope).join(" "));
      throw new RegistryError("UNAUTHORIZED", "log in");
    };
    const { send, failures } = served(memoryRegistry(), { open, challenge: challengeOf });
    const answer = await send(method, path);
    expect(asked).toEqual([expected]);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe(`scope=${expected}`);
    expect(failures).toEqual([]);
  });

  test("a mount needs the target, and asks for the source too", async () => {
    const seen: string[] = [];
    const { send } = served(memoryRegistry(), {
      async open(_, scopes) {
        seen.push(...scopes.map(printScope));
        throw new RegistryError("UNAUTHORIZED", "log in");
      },
      challenge: challengeOf,
    });
    const answer = await send("POST", `/v2/p/r/blobs/uploads/?mount=${digest}&from=q/s`);
    expect(seen).toEqual(["repository:p/r:pull,push"]);
    expect(answer.headers.get("www-authenticate")).toBe(
      "scope=repository:p/r:pull,push repository:q/s:pull",
    );
  });

  test("a hostile name, a wrong method and an unknown path ask nothing", async () => {
    const { send } = served(memoryRegistry(), {
      open: () => Promise.reject(new Error("was asked")),
    });
    expect((await send("GET", "/v2/P/r/tags/list")).status).toBe(400);
    expect((await send("PATCH", "/v2/p/r/tags/list")).status).toBe(405);
    expect((await send("GET", "/v2/p/r/nothing")).status).toBe(404);
  });
});

describe("errors", () => {
  test("an error of no code is hidden, logged, and found by its id", async () => {
    const secret = new Error("password is hunter2");
    const { send, failures } = served(throwing(secret));
    const answer = await send("GET", "/v2/p/r/manifests/latest");
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).not.toContain("hunter2");
    expect(text).toContain("UNKNOWN");
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ error: secret, path: "/v2/p/r/manifests/latest" });
    expect(answer.headers.get("x-request-id")).toBe(failures[0]?.requestId);
    expect(text).toContain(failures[0]?.requestId);
  });

  test("HEAD fails without a body", async () => {
    const { send } = served(throwing(new Error("x")));
    const answer = await send("HEAD", "/v2/p/r/manifests/latest");
    expect(answer.status).toBe(500);
    expect(answer.body).toBeNull();
  });

  test.each([
    ["DENIED", 403],
    ["NAME_UNKNOWN", 404],
    ["UNSUPPORTED", 405],
    ["PRECONDITION", 412],
    ["UNAVAILABLE", 503],
  ] as const)("%s is %i, with its message and detail", async (errorCode, status) => {
    const error = new RegistryError(errorCode, "what to do", { detail: { a: 1 } });
    const answer = await served(throwing(error)).send("GET", "/v2/p/r/manifests/latest");
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({
      errors: [{ code: errorCode, message: "what to do", detail: { a: 1 } }],
    });
  });

  test.each([
    [{ retryAfterSeconds: 2.1 }, "3"],
    [undefined, "1"],
  ])("TOOMANYREQUESTS with %j says Retry-After %s", async (detail, seconds) => {
    const error = new RegistryError("TOOMANYREQUESTS", "slow down", { detail });
    const answer = await served(throwing(error)).send("GET", "/v2/p/r/manifests/latest");
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe(seconds);
  });

  test("a guard that says no in mid-act is challenged too", async () => {
    const error = new RegistryError("UNAUTHORIZED", "log in");
    const { send } = served(throwing(error), { challenge: () => 'Basic realm="x"' });
    const answer = await send("GET", "/v2/p/r/manifests/latest");
    expect(answer.headers.get("www-authenticate")).toBe('Basic realm="x"');
  });
});

describe("content that is not what was promised", () => {
  const big = 300_000;

  test("a small blob cut short is an error, not a blob", async () => {
    const { send, failures } = served(stored(200_000, () => pieces(1)));
    const answer = await send("GET", `/v2/p/r/blobs/${digest}`);
    expect(answer.status).toBe(500);
    expect(await code(answer)).toBe("INTEGRITY");
    expect(failures).toHaveLength(1);
  });

  test.each([
    ["too short", 2],
    ["too long", 4],
  ])("a stream %s breaks off, and is logged", async (_, count) => {
    const { send, failures } = served(stored(big, () => pieces(count)));
    const answer = await send("GET", `/v2/p/r/blobs/${digest}`);
    expect(answer.headers.get("content-length")).toBe(String(big));
    await expect(answer.arrayBuffer()).rejects.toThrow(/promised/);
    expect(failures).toHaveLength(1);
  });

  test("a stream whose source fails breaks off, and is logged", async () => {
    const { send, failures } = served(stored(big, () => pieces(1, new Error("disk"))));
    const answer = await send("GET", `/v2/p/r/blobs/${digest}`);
    await expect(answer.arrayBuffer()).rejects.toThrow(/disk/);
    expect(failures[0]?.error).toMatchObject({ message: "disk" });
  });

  test("a client that goes ends the reading, and is no fault", async () => {
    let ended = false;
    async function* endless(): Bytes {
      try {
        for (;;) yield new Uint8Array(100_000);
      } finally {
        ended = true;
      }
    }
    const { send, failures } = served(stored(1e12, endless));
    const answer = await send("GET", `/v2/p/r/blobs/${digest}`);
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(ended).toBe(true);
    expect(failures).toEqual([]);
  });
});

describe("limits", () => {
  test("a page holds at most pageSize, and links on", async () => {
    const registry = memoryRegistry();
    const { send } = served(registry, { limits: { pageSize: 2 } });
    for (const name of ["p/a", "p/b", "p/c"]) {
      await registry.repository(name).startUpload();
    }
    const answer = await send("GET", "/v2/_catalog?n=500");
    expect(await answer.json()).toEqual({ repositories: ["p/a", "p/b"] });
    expect(answer.headers.get("link")).toBe('</v2/_catalog?n=2&last=p%2Fb>; rel="next"');
  });

  test("an index of referrers stays readable, however long their annotations", async () => {
    const items = ["a", "b", "c"].map((one) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: digestOf(Buffer.from(one)),
      size: 1,
      annotations: { text: "x".repeat(1000) },
    }));
    const registry = registryWith({ referrers: async () => ({ items, next: null }) });
    const { send } = served(registry, { limits: { manifestBytes: 3000 } });
    const answer = await send("GET", `/v2/p/r/referrers/${digest}`);
    const body = await answer.text();
    expect(body.length).toBeLessThanOrEqual(3000);
    expect(JSON.parse(body).manifests).toEqual(items.slice(0, 2));
    const last = encodeURIComponent(items[1]?.digest ?? "");
    expect(answer.headers.get("link")).toContain(`last=${last}>`);
  });

  test("a manifest at the limit passes to the registry, one byte more does not", async () => {
    const { send } = served(memoryRegistry(), { limits: { manifestBytes: 10 } });
    const put = (body: string) => send("PUT", "/v2/p/r/manifests/x", { body });
    expect((await put("x".repeat(10))).status).toBe(400);
    expect((await put("x".repeat(11))).status).toBe(413);
  });
});

describe("a body", () => {
  test.each([
    ["shorter", "5"],
    ["longer", "3"],
  ])("%s than its Content-Length stores nothing", async (_, length) => {
    const registry = memoryRegistry();
    const { send } = served(registry);
    const path = `/v2/p/r/blobs/uploads/?digest=${digestOf(Buffer.from("1234"))}`;
    const answer = await send("POST", path, {
      body: "1234",
      headers: { "content-length": length },
    });
    expect(answer.status).toBe(400);
    expect(await code(answer)).toBe("SIZE_INVALID");
    expect(await registry.repository("p/r").stat(digestOf(Buffer.from("1234")))).toBeNull();
  });

  test("that breaks off is the client's fault; what arrived is kept", async () => {
    const registry = memoryRegistry();
    const { send, failures } = served(registry);
    const upload = await registry.repository("p/r").startUpload();
    let count = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (count++ < 3) controller.enqueue(new Uint8Array(10));
        else controller.error(new Error("aborted"));
      },
    });
    const path = `/v2/p/r/blobs/uploads/${upload.id}`;
    const answer = await send("PATCH", path, { body, duplex: "half" } as RequestInit);
    expect(answer.status).toBe(400);
    expect(failures).toEqual([]);
    expect((await registry.repository("p/r").resumeUpload(upload.id))?.offset).toBe(30);
  });

  test("left half read by an error does not end the connection", async () => {
    let cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => void (cancelled = true),
    });
    const full = new RegistryError("UNAVAILABLE", "the disk is full");
    const registry = registryWith({
      push: async (_, bytes) => {
        for await (const chunk of bytes) if (chunk.byteLength) throw full;
      },
    });
    const path = `/v2/p/r/blobs/uploads/?digest=${digest}`;
    const answer = await served(registry).send("POST", path, {
      body,
      duplex: "half",
      headers: { "content-length": "1000" },
    } as RequestInit);
    expect(answer.status).toBe(503);
    expect(cancelled).toBe(false);
  });
});
