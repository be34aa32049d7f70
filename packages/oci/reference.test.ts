import { expect, test } from "vitest";
import { cosignSubjectOf, cosignTagOf } from "./cosign.ts";
import { asDigest, digestOf, hexOf, parseDigest } from "./digest.ts";
import {
  asReference,
  isRepositoryName,
  isTag,
  parseReference,
  parseRepositoryName,
  parseTag,
  projectOf,
} from "./reference.ts";

const GOOD_NAMES = [
  "library/alpine",
  "a/b",
  "0/1",
  "library/a.b",
  "library/a_b",
  "library/a__b",
  "library/a---b",
  "team-x/deep/er/still",
  `library/${"x".repeat(247)}`,
];

const BAD_NAMES = [
  "",
  "library",
  "/library/a",
  "library/a/",
  "library//a",
  "Library/a",
  "library/A",
  "library/.a",
  "library/a.",
  "library/a..b",
  "library/a___b",
  "library/_a",
  "library/-a",
  "library/a b",
  "library/a:b",
  "library/a@b",
  "library/a\n",
  "library/..",
  "library/ä",
  "library/a%2fb",
  "library\\a",
  "library/a\u0000",
  `library/${"x".repeat(248)}`,
];

test.each(GOOD_NAMES)("the repository name %j", (name) => {
  expect(parseRepositoryName(name)).toBe(name);
});

test.each(BAD_NAMES)("not a repository name: %j", (name) => {
  expect(isRepositoryName(name)).toBe(false);
  expect(() => parseRepositoryName(name)).toThrow(
    expect.objectContaining({ code: "NAME_INVALID" }),
  );
});

test("a hostile name is refused in no time, and not repeated whole", () => {
  const hostile = `library/${"a-".repeat(100_000)}`;
  expect(isRepositoryName(hostile)).toBe(false);
  expect(isRepositoryName(`library/${"-".repeat(240)}`)).toBe(false);
  expect(isRepositoryName(`library/a${"__".repeat(120)}`)).toBe(false);
  expect(() => parseRepositoryName(hostile)).toThrow(/^.{0,400}$/);
});

test("the project is what stands before the first slash", () => {
  expect(projectOf("team/deep/app")).toBe("team");
});

test.each(["latest", "v1.2.3", "_x", "A", "1", "a-b.c_d", "x".repeat(128)])("the tag %j", (tag) => {
  expect(parseTag(tag)).toBe(tag);
});

test.each(["", ".a", "-a", "a b", "a/b", "a:b", "ä", "a\n", "x".repeat(129)])(
  "not a tag: %j",
  (tag) => {
    expect(isTag(tag)).toBe(false);
    expect(() => parseTag(tag)).toThrow(expect.objectContaining({ code: "TAG_INVALID" }));
  },
);

const digest = digestOf(Buffer.from("x"));
const sha512 = digestOf(Buffer.from("x"), "sha512");

test("a reference is a tag, a digest, or nothing", () => {
  expect(asReference("v1")).toEqual({ tag: "v1" });
  expect(asReference(digest)).toEqual({ digest });
  expect(parseReference(sha512)).toEqual({ digest: sha512 });
  expect(asReference("sha256:abc")).toBeNull();
  expect(asReference("../v1")).toBeNull();
  expect(() => parseReference("sha256:abc")).toThrow(
    expect.objectContaining({ code: "DIGEST_INVALID" }),
  );
  expect(() => parseReference("../v1")).toThrow(expect.objectContaining({ code: "TAG_INVALID" }));
});

test.each([
  `sha256:${"A".repeat(64)}`,
  `sha256:${"a".repeat(63)}`,
  `sha512:${"a".repeat(64)}`,
  `md5:${"a".repeat(32)}`,
  `sha256:${"a".repeat(64)}\n`,
  "a".repeat(64),
])("not a digest: %j", (text) => {
  expect(asDigest(text)).toBeNull();
  expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "DIGEST_INVALID" }));
});

test("cosign's tags lead to their subject", () => {
  const tag = cosignTagOf(digest);
  expect(tag).toBe(`sha256-${hexOf(digest)}`);
  for (const suffix of ["", ".sig", ".att", ".sbom"]) {
    expect(cosignSubjectOf(`${tag}${suffix}`)).toBe(digest);
  }
  for (const other of ["latest", `${tag}.txt`, `${tag}.sig.sig`, `x${tag}`, tag.slice(0, -1)]) {
    expect(cosignSubjectOf(other)).toBeNull();
  }
});

test("the tag of a sha512 digest is cut, so that it is a tag", () => {
  const tag = cosignTagOf(sha512);
  expect(isTag(tag)).toBe(true);
  expect(tag).toBe(`sha512-${hexOf(sha512).slice(0, 64)}`);
  expect(cosignSubjectOf(tag)).toBeNull();
});
