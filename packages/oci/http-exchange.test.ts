import { expect, test } from "vitest";
import { RegistryError } from "./error.ts";
import { exchangeOf, httpExchange, withoutSecrets } from "./http-exchange.ts";

test.for([
  ["https://me:pw@host/v2/a/blobs/uploads/1?_state=abc&digest=sha256:1#x", "digest=sha256%3A1"],
  ["https://s3.example/x?X-Amz-Signature=abc&X-Amz-Credential=me&n=5", "n=5"],
])("of %s nothing secret is kept", ([url]) => {
  const kept = httpExchange("PATCH", url!, 500, "").url;
  expect(kept).not.toMatch(/pw|me@|abc|Credential|#/);
  expect(new URL(kept).search.slice(1)).toMatch(/^(?:digest=sha256:1|n=5|digest=sha256%3A1)$/);
});

test.for([
  "Authorization: Bearer abcd.efgh",
  "Authorization: Basic bWU6c2VjcmV0",
  '{"access_token":"abcd.efgh","x":1}',
  "Set-Cookie: sid=abcd.efgh",
  "password=abcd.efgh&x",
  "/uploads/1?_state=abcd.efgh",
  "X-Amz-Signature=abcd.efgh",
  "eyJabc.abcd.efgh",
  "https://me:abcd.efgh@host/x",
])("%s loses its secret", (text) => {
  expect(withoutSecrets(text)).not.toMatch(/abcd|efgh|bWU6/);
  expect(withoutSecrets(text)).toContain("(removed)");
});

test("what is no secret stays", () => {
  const text =
    '{"errors":[{"code":"DENIED","message":"requested access to library/app is denied"}]}';
  expect(withoutSecrets(text)).toBe(text);
});

test("a body is cut at 1 KiB, and the exchange found behind what was made of its error", () => {
  const exchange = httpExchange("GET", "http://host/v2/", 500, "x".repeat(5000));
  expect(exchange.body).toHaveLength(1024);
  const cause = new RegistryError("UNAVAILABLE", "it failed", { exchange });
  expect(exchangeOf(new RegistryError("UNAVAILABLE", "copying failed", { cause }))).toBe(exchange);
  expect(exchangeOf(new Error("other"))).toBeNull();
});
