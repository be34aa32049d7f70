import { expect, test } from "vitest";
import { registryRoot, trustedRealm } from "./trust.ts";

const TRUSTED = ["auth.example.com"];

test.for([
  ["https://host/token", "https://host", true],
  ["https://host:8443/token", "https://host", true],
  ["http://host:81/token", "http://host", true],
  ["https://host/token", "http://host", true],
  ["http://host/token", "https://host", false],
  ["https://auth.example.com/token", "https://host", true],
  ["http://auth.example.com/token", "http://host", false],
  ["https://auth.host/token", "https://host", false],
  ["https://host.evil/token", "https://host", false],
  ["https://u:p@host/token", "https://host", false],
  ["https://auth.docker.io/token", "https://registry-1.docker.io", true],
  ["https://auth.docker.io/token", "https://host", false],
  ["https://gitlab.com/jwt/auth", "https://registry.gitlab.com", true],
  ["/token", "https://host", false],
] as const)("realm %s for %s: %s", ([realm, root, trusted]) => {
  const find = () => trustedRealm(realm, root, TRUSTED).href;
  if (trusted) expect(find()).toBe(realm);
  else expect(find).toThrow(expect.objectContaining({ code: "DENIED" }));
});

test.for([
  ["https://host", "https://host"],
  ["https://host/", "https://host"],
  ["http://host:5000/v2/", "http://host:5000"],
  ["https://host/prefix/", "https://host/prefix"],
  ["https://hub.docker.com", "https://registry-1.docker.io"],
  ["https://me:pw@host", "https://host"],
] as const)("the root of %s is %s", ([address, root]) => {
  expect(registryRoot(address)).toBe(root);
});

test.for(["", "host", "host:5000", "ftp://host", "https://"])("%j is no address", (address) => {
  const find = () => registryRoot(address);
  expect(find).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
});
