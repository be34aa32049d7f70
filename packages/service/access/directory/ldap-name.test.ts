import { expect, test } from "vitest";
import { isBelow, plainDn } from "./ldap-name.ts";

test.for([
  ["CN=Devs, OU=Groups,DC=example,DC=org", "cn=devs,ou=groups,dc=example,dc=org"],
  ["cn = Devs ; ou = Groups", "cn=devs,ou=groups"],
  [String.raw`cn=Smith\, Ann,ou=x`, String.raw`cn=smith\, ann,ou=x`],
  [String.raw`cn=Smith\2C Ann,ou=x`, String.raw`cn=smith\, ann,ou=x`],
  [`cn="Smith, Ann",ou=x`, String.raw`cn=smith\, ann,ou=x`],
  [String.raw`cn=J\C3\B6rg,ou=x`, "cn=jörg,ou=x"],
  ["cn=J\u006f\u0308rg,ou=x", "cn=jörg,ou=x"],
  [String.raw`cn=\23 sharp,ou=x`, String.raw`cn=\# sharp,ou=x`],
  [String.raw`cn=a\\b,ou=x`, String.raw`cn=a\\b,ou=x`],
  ["cn=two  blanks,ou=x", "cn=two blanks,ou=x"],
  [String.raw`cn=evil\,ou=admins,ou=x`, String.raw`cn=evil\,ou\=admins,ou=x`],
  ["cn=团队,ou=x", "cn=团队,ou=x"],
  ["", ""],
])("%s is %s", ([dn, plain]) => {
  expect(plainDn(dn!)).toBe(plain);
  expect(plainDn(plainDn(dn!))).toBe(plain);
});

test("what is below is told by parts, not by letters", () => {
  expect(isBelow(plainDn("cn=a,ou=Groups,dc=x"), plainDn("OU=groups, DC=x"))).toBe(true);
  expect(isBelow(plainDn("ou=groups,dc=x"), plainDn("ou=groups,dc=x"))).toBe(true);
  expect(isBelow(plainDn("cn=a,ou=mygroups,dc=x"), plainDn("groups,dc=x"))).toBe(false);
  expect(isBelow(plainDn("cn=a,dc=y"), plainDn("ou=groups,dc=x"))).toBe(false);
  expect(isBelow(plainDn("cn=a,dc=y"), "")).toBe(true);
});
