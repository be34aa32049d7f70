import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { chooseUser, closedFolderAbove } from "./run-as.ts";

const folder = mkdtempSync(join(tmpdir(), "entrepot-users-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ROOT = "root:x:0:0:root:/root:/bin/sh";
const GAMES = "games:x:5:60:games:/usr/games:/bin/false";
const NOBODY = "nobody:x:65534:65534::/:/bin/false";
const POSTGRES = "postgres:x:101:104::/var/lib/postgresql:/bin/sh";

test.runIf(process.getuid?.() === 0).each([
  [[ROOT, GAMES, NOBODY, POSTGRES], { name: "postgres", uid: 101, gid: 104 }],
  [[ROOT, GAMES, NOBODY], { name: "nobody", uid: 65_534, gid: 65_534 }],
  [[ROOT, "", "broken", GAMES], { name: "games", uid: 5, gid: 60 }],
])("root, with users %j, starts PostgreSQL as %o", (lines, user) => {
  const passwd = join(folder, "passwd");
  writeFileSync(passwd, lines.join("\n"));
  expect(chooseUser(join(folder, "none"), passwd)).toEqual(user);
});

test.runIf(process.getuid?.() === 0)("root, on a machine without any other user", () => {
  const passwd = join(folder, "passwd");
  writeFileSync(passwd, ROOT);
  expect(() => chooseUser(join(folder, "none"), passwd)).toThrow(/no other user/);
});

test("the first folder on the way that a user may not pass through", () => {
  const stranger = { name: "stranger", uid: 54_321, gid: 54_321 };
  expect(closedFolderAbove("/", stranger)).toBeNull();
  expect(closedFolderAbove(folder, stranger)).toBe(folder);
});
