import { expect, test } from "vitest";
import { parseRetryAfter, responseError } from "./response-error.ts";

const NOW = Date.UTC(2026, 0, 1);

test.for([
  [null, undefined],
  ["0", 0],
  ["120", 120_000],
  ["9999999", 86_400_000],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ["soon", undefined],
] as const)("Retry-After %s is %s ms", ([header, waitMs]) => {
  expect(parseRetryAfter(header, NOW)).toBe(waitMs);
});

const named = (code: string) => JSON.stringify({ errors: [{ code, message: "because" }] });

test.for([
  [400, named("MANIFEST_INVALID"), "MANIFEST_INVALID"],
  [400, "<html>", "BAD_REQUEST"],
  [401, named("DENIED"), "UNAUTHORIZED"],
  [403, "", "DENIED"],
  [404, named("NAME_UNKNOWN"), "NAME_UNKNOWN"],
  [404, named("NOT_FOUND"), "BLOB_UNKNOWN"],
  [404, "404 page not found", "BLOB_UNKNOWN"],
  [412, named("PRECONDITION"), "PRECONDITION"],
  [413, "", "REQUEST_ENTITY_TOO_LARGE"],
  [416, "", "RANGE_INVALID"],
  [500, named("BLOB_UNKNOWN"), "UNAVAILABLE"],
  [599, "", "UNAVAILABLE"],
] as const)("%d with %s is %s", async ([status, body, code]) => {
  const response = new Response(body, { status });
  const error = await responseError(response, "GET x at y", NOW, "BLOB_UNKNOWN");
  expect(error).toMatchObject({ code, message: expect.stringMatching(/^GET x at y: /) });
});
