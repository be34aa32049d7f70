import { testCatalog } from "@entrepot/catalog/testing";
import { memoryStore } from "@entrepot/storage/memory";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { asOf } from "./as-of.ts";
import { diffMoments } from "./diff-moments.ts";
import { history } from "./history.ts";

/*
 * Not a measurement: whether pages of a repository of 100,000 tags are index work. Each would take
 * seconds if it read the journal whole or probed name by name.
 */

const TAGS = 100_000;
const LIMIT_MS = 2_000;

test("pages of the past of 100,000 tags are found by the index", async () => {
  const { catalog, close } = await testCatalog();
  try {
    // Every tag twice: pushed, and moved later.
    await sql`
      INSERT INTO journal
        (seq, timeline, at, origin, origin_seq, path, actor, cause, kind, key, after)
      SELECT n, 1, timestamptz '2026-01-01' + n * interval '1 second', 'here', n, '{}', 'mia',
        'request-' || n, 'tag', 'library/app:' || lpad((n % ${TAGS})::text, 6, '0'),
        jsonb_build_object('repository', 'library/app', 'tag', lpad((n % ${TAGS})::text, 6, '0'),
          'digest', 'sha256:' || md5(n::text) || md5(n::text),
          'mediaType', 'application/vnd.oci.image.manifest.v1+json')
      FROM generate_series(1, ${2 * TAGS}) AS n`.execute(catalog.db);
    // As the database does by itself before long.
    await sql`VACUUM ANALYZE journal`.execute(catalog.db);
    await sql`UPDATE journal_head SET seq = ${2 * TAGS}`.execute(catalog.db);

    const scope = { project: "library", repository: "app" };
    const then = asOf({ catalog, store: memoryStore() }, { seq: TAGS, at: new Date() });
    const repository = then.repository("library/app");
    const pages: [string, () => Promise<unknown>][] = [
      ["the first tags then", () => repository.tags({ n: 1_000 })],
      ["the last tags then", () => repository.tags({ n: 1_000, last: "099000" })],
      ["one tag then", () => repository.resolve("050000")],
      ["the newest history", () => history(catalog, { scope, limit: 100 })],
      ["history in the middle", () => history(catalog, { scope, olderThan: TAGS, limit: 100 })],
      [
        "a page of differences",
        () => diffMoments(catalog, { from: TAGS, to: 2 * TAGS }, { limit: 100 }),
      ],
    ];
    for (const [what, read] of pages) {
      const begun = performance.now();
      await read();
      const took = performance.now() - begun;
      expect(took, what).toBeLessThan(LIMIT_MS);
    }
    expect((await repository.tags({ n: 3, last: "099997" })).items).toEqual(["099998", "099999"]);
  } finally {
    await close();
  }
}, 60_000);
