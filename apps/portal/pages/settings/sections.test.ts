import { expect, test } from "vitest";
import { namesIn, SECTIONS, type Section, sectionOf } from "./sections.ts";

test.each([
  ["ldap", "ldap"],
  [undefined, "general"],
  ["constructor", "general"],
])("the address %j shows %s", (name, section) => expect(sectionOf(name)).toBe(section));

test("every setting is in exactly one section, unknown ones in the general one", () => {
  const all = ["read_only", "ldap_url", "oidc_name", "auth_mode", "robot_name_prefix", "brand_new"];
  const shown = (Object.keys(SECTIONS) as Section[]).flatMap((key) => namesIn(key, all));
  expect(shown.toSorted()).toEqual(all.toSorted());
  expect(namesIn("general", all)).toEqual(["read_only", "brand_new"]);
});
