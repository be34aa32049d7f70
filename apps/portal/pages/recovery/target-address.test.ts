import { expect, test } from "vitest";
import { addressOf, partsOf, restoreFlags } from "./target-address.ts";

test.each(["file:/backup/vault", "s3:bucket/prefix", "registry:dr-site/backups/vault"])(
  "%s comes back of its parts",
  (address) => {
    expect(addressOf(partsOf(address))).toBe(address);
  },
);

test("an endpoint goes before the repository, and before nothing else", () => {
  const parts = { endpoint: "far away/dr", place: " backups/vault " };
  expect(addressOf({ ...parts, kind: "registry" })).toBe("registry:far away/dr/backups/vault");
  expect(addressOf({ ...parts, kind: "s3" })).toBe("s3:backups/vault");
  expect(partsOf(undefined)).toEqual({ kind: "file", endpoint: "", place: "" });
});

test("a restore elsewhere is told where the registry is, and who asks", () => {
  const credential = { access_key: "robot$backup" };
  const endpoints = [
    { name: "dr", url: "https://wrong.example", credential },
    { name: "dr/site", url: "https://dr.example/", credential },
  ];
  expect(restoreFlags("registry:dr/site/backups/vault", endpoints)).toEqual({
    flags: "--from registry:https://dr.example/backups/vault --username 'robot$backup'",
    login: true,
  });
  expect(restoreFlags("s3:bucket", endpoints)).toEqual({ flags: "--from s3:bucket", login: false });
});
