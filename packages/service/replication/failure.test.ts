import { type ErrorCode, httpExchange, RegistryError } from "@entrepot/oci";
import { copyTag } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { sampleBlob } from "@entrepot/registry/samples";
import { describe, expect, test } from "vitest";
import { failureOf, heldBack, restMs, retryDelayMs } from "./failure.ts";
import { DEFAULT_PACE } from "./pace.ts";
import { sourceSide } from "./source-side.ts";

const answer = (code: ErrorCode, status: number, body = "", detail?: unknown) => {
  const exchange = httpExchange("PUT", "https://far.example/v2/x?_state=s", status, body);
  const cause = new RegistryError(code, "far: no", { exchange, detail });
  return new RegistryError(code, "copying a to b: far: no", { cause, detail });
};
const QUOTA = "adding 4 MiB of storage resource will exceed the configured upper limit of 10 MiB";

test.for([
  ["network", answer("UNREACHABLE", 0)],
  ["network", answer("UNAVAILABLE", 502)],
  ["rate", answer("UNAVAILABLE", 503)],
  ["rate", answer("TOOMANYREQUESTS", 429)],
  ["auth", answer("UNAUTHORIZED", 401)],
  ["auth", answer("DENIED", 403, "requested access to the resource is denied")],
  ["quota", answer("DENIED", 403, QUOTA)],
  ["quota", answer("UNKNOWN", 413, "")],
  ["quota", answer("UNAVAILABLE", 507)],
  ["target_refuses", answer("MANIFEST_INVALID", 400)],
  ["target_refuses", answer("PRECONDITION", 412, "tag is immutable")],
  ["target_refuses", answer("NAME_UNKNOWN", 404)],
  ["source_gone", answer("MANIFEST_UNKNOWN", 404, "", { side: "source" })],
  ["integrity", new RegistryError("DIGEST_INVALID", "other bytes")],
  ["integrity", answer("MANIFEST_BLOB_UNKNOWN", 400)],
  ["unknown", new RegistryError("UNAVAILABLE", "the store has no room for more")],
  ["unknown", new Error("a bug")],
] as const)("%s: %s", ([kind, error]) => {
  const failure = failureOf(error);
  expect(failure.kind).toBe(kind);
  expect(failure.remedy).not.toBe("");
  expect(JSON.stringify(failure)).not.toContain("_state");
});

describe("each kind has its own rule", () => {
  const pace = { ...DEFAULT_PACE, retryMs: 500 };
  const delays = (error: unknown) =>
    [1, 2, 3, 4, 5, 6].map((attempt) => retryDelayMs(error, attempt, pace));

  test.for([
    ["network: doubling", answer("UNREACHABLE", 0), [500, 1000, 2000, 4000, 8000, null]],
    ["auth: not again", answer("UNAUTHORIZED", 401), Array(6).fill(null)],
    ["quota: not again", answer("DENIED", 403, QUOTA), Array(6).fill(null)],
    ["integrity: thrice", answer("DIGEST_INVALID", 400), [500, 1000, null, null, null, null]],
    ["unsupported: not again", answer("UNSUPPORTED", 405), Array(6).fill(null)],
  ] as const)("%s", ([, error, expected]) => expect(delays(error)).toEqual(expected));

  test("and rests as long as it takes until something may have changed", () => {
    expect(restMs(answer("UNREACHABLE", 0), pace)).toBe(pace.catchUpMs);
    expect(restMs(answer("UNAUTHORIZED", 401), pace)).toBe(600_000);
    expect(restMs(answer("DENIED", 403, QUOTA), pace)).toBe(300_000);
  });

  test("a rate limit does not count, and is waited for as long as it says", () => {
    const error = answer("TOOMANYREQUESTS", 429, "", { retryAfterMs: 90_000 });
    expect(heldBack(error, () => 0)).toMatchObject({ delayMs: 90_000 });
    expect(heldBack(answer("UNAVAILABLE", 503), () => 1)).toMatchObject({ delayMs: 1250 });
    expect(heldBack(answer("UNREACHABLE", 0))).toBeNull();
  });
});

test("what is missing at the source is told from what is missing at the target", async () => {
  const registry = memoryRegistry();
  const source = sourceSide(registry.repository("library/a"));
  const { content } = sampleBlob("nothing there");
  const root = { ...content, mediaType: "application/vnd.oci.image.manifest.v1+json" };
  const copying = copyTag(source, registry.repository("library/b"), "1", root);
  const error = await copying.catch((failure: unknown) => failure);
  expect(failureOf(error).kind).toBe("source_gone");
});
