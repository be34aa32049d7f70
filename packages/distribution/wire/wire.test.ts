import { RegistryError } from "@entrepot/oci";
import { describe, expect, test } from "vitest";
import { parseChallenges, printChallenge } from "./challenge.ts";
import { codeOfStatus, parseErrors, printErrors } from "./errors.ts";
import { matchesETag, printETag } from "./headers.ts";
import { parseNextLink, printNextLink } from "./link.ts";
import { parseScope, printScope } from "./scope.ts";

describe("WWW-Authenticate", () => {
  const bearer = {
    realm: "https://a/t?x=1,2",
    service: 'a "b" \\c',
    scope: "repository:a/b:pull,push",
  };

  test("what is printed is parsed", () => {
    const text = printChallenge("Bearer", bearer);
    expect(parseChallenges(text)).toEqual([{ scheme: "bearer", params: bearer }]);
  });

  test("a value cannot break out of its header", () => {
    expect(printChallenge("Basic", { realm: "a\r\nSet-Cookie: b\u0000" })).toBe(
      'Basic realm="aSet-Cookie: b"',
    );
  });

  test.each([
    ["", []],
    ["Negotiate", [{ scheme: "negotiate", params: {} }]],
    [
      'Basic realm="a, b", Bearer realm=http://x/t , service = "s"',
      [
        { scheme: "basic", params: { realm: "a, b" } },
        { scheme: "bearer", params: { realm: "http://x/t", service: "s" } },
      ],
    ],
    ['BEARER Realm="x",,SCOPE=""', [{ scheme: "bearer", params: { realm: "x", scope: "" } }]],
    ['Bearer realm="x', [{ scheme: "bearer", params: { realm: "" } }]],
  ])("%j", (header, challenges) => {
    expect(parseChallenges(header)).toMatchObject(challenges);
  });

  test("a hostile header is read in linear time", () => {
    const started = performance.now();
    parseChallenges(`Bearer realm="${"\\".repeat(100_000)}`);
    parseChallenges(`Bearer ${"a,".repeat(50_000)}`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("Link", () => {
  test("the next page is a path, without a raw comma", () => {
    const link = printNextLink("/v2/a/tags/list", { n: 2, last: "a,b&c>d" });
    expect(link).toBe('</v2/a/tags/list?n=2&last=a%2Cb%26c%3Ed>; rel="next"');
    expect(parseNextLink(link)).toBe("/v2/a/tags/list?n=2&last=a%2Cb%26c%3Ed");
  });

  test.each([
    ["<https://x/y?a=1,2>; rel=next", "https://x/y?a=1,2"],
    ['</p>; rel="prev", </n>; title="t"; rel="next"', "/n"],
    ['</n>;REL="last next"', "/n"],
    ['</p>; rel="prev"', null],
    ["</n", null],
    ["", null],
  ])("%s", (header, target) => {
    expect(parseNextLink(header)).toBe(target);
  });
});

describe("errors", () => {
  test("what is printed is parsed", () => {
    const error = parseErrors(404, printErrors("BLOB_UNKNOWN", "no such blob", { digest: "x" }));
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ code: "BLOB_UNKNOWN", detail: { digest: "x" } });
    expect(error.message).toBe("no such blob (HTTP 404)");
  });

  test.each([
    [502, "<html>Bad gateway</html>", "UNAVAILABLE"],
    [404, "", "NOT_FOUND"],
    [400, '{"errors":[{"code":"MADE_UP","message":"m"}]}', "BAD_REQUEST"],
    [401, '{"errors":[]}', "UNAUTHORIZED"],
    [403, '{"errors":[{"code":"constructor"}]}', "DENIED"],
    [500, '{"errors":"x"}', "UNKNOWN"],
    [429, "null", "TOOMANYREQUESTS"],
  ])("%i with %s", (status, body, code) => {
    expect(parseErrors(status, body)).toMatchObject({ code });
  });

  test("a status of no code is UNKNOWN", () => expect(codeOfStatus(418)).toBe("UNKNOWN"));
});

test.each([
  ['"sha256:1"', true],
  ['W/"sha256:1"', true],
  ['"a", "sha256:1"', true],
  ["sha256:1", true],
  [" * ", true],
  ['"sha256:12"', false],
  ["", false],
])("If-None-Match %s", (header, matches) => {
  expect(matchesETag(header, "sha256:1")).toBe(matches);
  expect(printETag("sha256:1")).toBe('"sha256:1"');
});

test.each([
  ["repository:a/b:pull,push", { type: "repository", name: "a/b", actions: ["pull", "push"] }],
  ["repository:host:5000/a:pull", { type: "repository", name: "host:5000/a", actions: ["pull"] }],
  ["registry:catalog:*", { type: "registry", name: "catalog", actions: ["*"] }],
])("the scope %s", (text, scope) => {
  expect(parseScope(text)).toEqual(scope);
  expect(printScope(scope)).toBe(text);
});

test.each(["", "repository", "repository:a", ":a:pull", "a::pull"])("%j is no scope", (text) => {
  expect(parseScope(text)).toBeNull();
});
