import { seededRandom, testCatalog } from "@entrepot/catalog/testing";
import { compileGlob } from "@entrepot/replication";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { globRegex } from "./glob-regex.ts";

const PATTERNS = (
  "* ** v* v?.* a/** **/b a/*/c {a,b}/* v[0-9]* [^a]* [!a-c]? release-{1,2}.* a.b a\\*b " +
  "x(y)|z+ [a\\-c]x []a] **/a/** [.-0] {a,}b"
).split(" ");
const PIECES = ["a", "b", "c", "v", "1", ".", "-", "/", "x(y)|z+", "*", "]", "a*b", "release-2."];

test("a pattern as PostgreSQL's expression matches what the pattern matches", async () => {
  const { catalog, close } = await testCatalog();
  try {
    const random = seededRandom(7);
    const piece = () => PIECES[Math.floor(random() * PIECES.length)]!;
    const made = Array.from({ length: 400 }, () =>
      Array.from({ length: 1 + Math.floor(random() * 5) }, piece).join(""),
    );
    const names = [...new Set([...made, "v1.2", "a/x/c", "a/b", "release-1.0", "b/b", "0", "/"])];
    for (const pattern of PATTERNS) {
      const matches = compileGlob(pattern);
      const { rows } = await sql<{ name: string }>`
        SELECT name FROM unnest(${names}::text[]) AS name WHERE name ~ ${globRegex(pattern)}
      `.execute(catalog.db);
      const found = rows.map(({ name }) => name).toSorted();
      expect(found, pattern).toEqual(names.filter(matches).toSorted());
    }
  } finally {
    await close();
  }
});
