import { expect, test } from "vitest";
import { infoOf, localInfo } from "./registry-info.ts";

const types = (info: ReturnType<typeof infoOf>) =>
  info.supported_resource_filters.map(({ type }) => type);

test("every filter there is is named, a label only where listings tell labels", () => {
  expect(types(infoOf("harbor"))).toEqual(
    expect.arrayContaining(["name", "tag", "label", "resource", "platform", "newest", "signed"]),
  );
  expect(types(infoOf("docker-registry"))).not.toContain("label");
  expect(types(infoOf("docker-registry"))).toContain("tag_semver");
});

test.each([
  ["harbor", true],
  ["entrepot", true],
  ["docker-registry", true],
  ["docker-hub", false],
  ["oci-layout", false],
])("%s takes chunks: %s", (type, chunks) => {
  expect(infoOf(type).supported_copy_by_chunk).toBe(chunks);
});

test("only this registry's changes are events, and its labels are offered", () => {
  expect(infoOf("harbor").supported_triggers).not.toContain("event_based");
  const local = localInfo(["approved"]);
  expect(local.supported_triggers).toContain("event_based");
  const label = local.supported_resource_filters.find(({ type }) => type === "label");
  expect(label).toEqual({ type: "label", style: "list", values: ["approved"] });
});
