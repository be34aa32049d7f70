import { isTag } from "@entrepot/oci";
import { seededRandom, seeds } from "@entrepot/catalog/testing";
import { expect, test } from "vitest";
import { beforeTags, isCut, keyOfTag, tagOfKey } from "./object-tag.ts";

const HEX = "0123456789abcdef".repeat(8);

test.each([
  ["entrepot-backup.json", "entrepot-dbackup-ejson"],
  ["snapshots/01-ab.json", "snapshots-f01-dab-ejson"],
  ["Zz _~", "_5aza-0_5fze"],
])("object %s lies under tag %s", (key, tag) => {
  expect(tagOfKey(key)).toBe(tag);
  expect(keyOfTag(tag)).toBe(key);
});

test("a key that makes too long a tag is cut, and tells so", () => {
  const keys = [`blobs/sha512/01/${HEX}`, `blobs/sha512/01/${HEX.slice(0, -1)}0`];
  const tags = keys.map(tagOfKey);
  expect(new Set(tags).size).toBe(2);
  for (const tag of tags) {
    expect([tag.length, isTag(tag), isCut(tag), keyOfTag(tag)]).toEqual([128, true, true, null]);
  }
  expect(isCut(tagOfKey(`blobs/sha256/01/${HEX.slice(64)}`))).toBe(false);
});

test.each(["-a", " a", "/a", "é", "", "a//b"])("%j is no key", (key) => {
  expect(() => tagOfKey(key)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
});

test.each(["", "a.b", "-", "_5", "z", "zf", "_zz", "A"])("tag %j is no object's", (tag) => {
  expect(keyOfTag(tag)).toBeNull();
});

test.each(seeds("packages/service/recovery/backup/object-tag.test.ts", process.env))(
  "tags are in the order of their keys, and come back as them: %s",
  (_replay, seed) => {
    const random = seededRandom(seed);
    const characters = " -./09:AZ_`az{~";
    const part = () => {
      const length = 1 + Math.floor(random() * 6);
      const text = Array.from(
        { length },
        () => characters[Math.floor(random() * characters.length)],
      );
      return `b${text.join("").replaceAll("/", "x")}`;
    };
    const keys = Array.from({ length: 300 }, () =>
      random() < 0.5 ? part() : `${part()}/${part()}`,
    );
    const sorted = keys.toSorted((a, b) => (a < b ? -1 : 1));
    const byTag = keys.toSorted((a, b) => (tagOfKey(a) < tagOfKey(b) ? -1 : 1));
    expect(byTag).toEqual(sorted);
    for (const key of keys) expect(keyOfTag(tagOfKey(key))).toBe(key);
    for (const prefix of ["", "b", "b-", "b/", sorted[150]!.slice(0, 3)]) {
      const wanted = sorted.filter((key) => key.startsWith(prefix) && key > sorted[100]!);
      const first = beforeTags(prefix, sorted[100]!);
      expect(wanted.every((key) => tagOfKey(key) > first)).toBe(true);
    }
  },
);
