import { expect, test } from "vitest";
import { parsePath } from "./path.ts";

const digest = `sha256:${"0".repeat(64)}`;
const cases: [string, object | null][] = [
  ["/v2", { kind: "check" }],
  ["/v2/", { kind: "check" }],
  ["/v2/_catalog", { kind: "catalog" }],
  ["/v2/a/b/tags/list", { kind: "tags", name: "a/b" }],
  ["/v2/a/manifests/v1", { kind: "manifest", name: "a", reference: "v1" }],
  [`/v2/a/b/c/blobs/${digest}`, { kind: "blob", name: "a/b/c", digest }],
  [`/v2/a/blobs/${encodeURIComponent(digest)}`, { kind: "blob", name: "a", digest }],
  ["/v2/a/blobs/uploads", { kind: "uploads", name: "a" }],
  ["/v2/a/blobs/uploads/", { kind: "uploads", name: "a" }],
  ["/v2/a/blobs/uploads/7", { kind: "upload", name: "a", id: "7" }],
  [`/v2/a/referrers/${digest}`, { kind: "referrers", name: "a", digest }],
  // Names that look like the ends of paths.
  ["/v2/tags/list/manifests/x", { kind: "manifest", name: "tags/list", reference: "x" }],
  [
    "/v2/a/blobs/uploads/manifests/x",
    { kind: "manifest", name: "a/blobs/uploads", reference: "x" },
  ],
  ["/v2/a/manifests/tags/list", { kind: "tags", name: "a/manifests" }],
  ["/v2/a/manifests/uploads", { kind: "manifest", name: "a", reference: "uploads" }],
  ["/v2/blobs/uploads/blobs/uploads/1", { kind: "upload", name: "blobs/uploads", id: "1" }],
  // A name that is missing is for the name's own grammar to refuse.
  ["/v2/tags/list", { kind: "tags", name: "" }],
  ["/v2/manifests/x", { kind: "manifest", name: "", reference: "x" }],
  ["/v2/blobs/uploads/1", { kind: "upload", name: "", id: "1" }],
  ["/v2//manifests/x", { kind: "manifest", name: "", reference: "x" }],
  ["/v2/a/manifests/", null],
  ["/v2/a/blobs/", null],
  ["/v2/a/tags/", null],
  ["/v2/a/uploads/1", null],
  ["/v2/a", null],
  ["/v2x/", null],
  ["/v1/a/manifests/x", null],
  ["", null],
  ["/v2/a%2Fb/manifests/x", null],
  ["/v2/a/manifests/x%2fy", null],
  ["/v2/a/manifests/%E0%A4%A", null],
];

test.each(cases)("%s", (path, route) => {
  expect(parsePath(path)).toEqual(route);
});
