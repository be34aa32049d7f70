import { randomBytes } from "node:crypto";
import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { appendRecords } from "./append-records.ts";
import { readHead, seal } from "./chain.ts";
import { emptyRecords } from "./empty-records.ts";
import { purgeRecords } from "./purge.ts";
import { openSigner } from "./signer.ts";
import { by, event, opened, signer } from "./test-log.ts";
import { verifyChain } from "./verify-chain.ts";

describe("records of some types are emptied", () => {
  const before = event(9).at;
  const types = ["login", "create_tag"];
  /** Twelve hours: a label is made, a tag, somebody logs in, and again. */
  async function mixed(): Promise<Catalog> {
    const catalog = await opened();
    const login = { operation: "login", resourceType: "session" } as const;
    const kinds = [{}, { resourceType: "tag" }, login];
    const events = Array.from({ length: 12 }, (_one, n) => event(n + 1, kinds[n % 3]));
    await catalog.transaction(async (db) => {
      const head = await appendRecords(db, signer, events);
      await seal(db, signer, head);
    });
    return catalog;
  }
  const emptied = async () => {
    const catalog = await mixed();
    expect(await emptyRecords(catalog, signer, { before, types, by })).toBe(5);
    return catalog;
  };

  test("their words go, the chain holds, and others stay", async () => {
    const catalog = await mixed();
    const dry = { before, types, by: { ...by, dryRun: true } };
    expect(await emptyRecords(catalog, signer, dry)).toBe(5);
    expect((await readHead(catalog)).n).toBe(12);
    expect(await emptyRecords(catalog, signer, { before, types, by })).toBe(5);
    expect(await emptyRecords(catalog, signer, { before, types, by })).toBe(0);
    const rows = await catalog.db.selectFrom("audit_log").selectAll().orderBy("n").execute();
    const empty = rows.filter(
      ({ actor, resource, detail }) => `${actor}${resource}${detail}` === "{}",
    );
    expect(empty.map(({ n, emptied_by }) => [n, emptied_by])).toEqual(
      [2, 3, 5, 6, 8].map((n) => [n, 13]),
    );
    expect(JSON.parse(rows.at(-1)!.detail)).toMatchObject({ emptied: "2-3,5-6,8", types });
    expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, from: 1, to: 13 });
    // What is older still goes as a whole, emptied or not.
    await purgeRecords(catalog, signer, event(6).at, by);
    expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, from: 6, to: 14 });
    await purgeRecords(catalog, signer, event(1_000_000).at, by);
    expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, from: 15, to: 15 });
  });

  test("many are emptied in several steps", async () => {
    const catalog = await opened();
    const events = Array.from({ length: 2_300 }, () => event(1));
    await catalog.transaction((db) => appendRecords(db, signer, events));
    const given = { before, types: ["create"], by };
    expect(await emptyRecords(catalog, signer, given)).toBe(2_300);
    expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, to: 2_303 });
  });

  test.each<[string, string, number, RegExp]>([
    [
      "another record is",
      "UPDATE audit_log SET emptied_by = 13, actor = '' WHERE n = 4",
      13,
      /other/,
    ],
    [
      "one is, and nothing says so",
      "UPDATE audit_log SET emptied_by = 99 WHERE n = 4",
      4,
      /no purge/,
    ],
    [
      "one is by a record that empties none",
      "UPDATE audit_log SET emptied_by = 12 WHERE n = 4",
      4,
      /no purge/,
    ],
    [
      "one has words again",
      "UPDATE audit_log SET emptied_by = NULL, actor = 'bob' WHERE n = 5",
      5,
      /changed/,
    ],
    ["the purge's record is", "UPDATE audit_log SET emptied_by = 14 WHERE n = 13", 13, /no purge/],
    [
      "the purge names another",
      "UPDATE audit_log SET detail = replace(detail, '2-3', '2-4') WHERE n = 13",
      13,
      /changed/,
    ],
    ["an emptied one is missing", "DELETE FROM audit_log WHERE n = 5", 5, /missing/],
  ])("and not by a purge: %s", async (_what, statement, n, why) => {
    const catalog = await emptied();
    await sql.raw(statement).execute(catalog.db);
    const { holds, broken } = await verifyChain(catalog, signer);
    expect([holds, broken]).toEqual([false, { n, why: expect.stringMatching(why) }]);
  });

  test("a purge that somebody else has written empties nothing", async () => {
    const catalog = await mixed();
    const theirs = openSigner(randomBytes(32));
    await emptyRecords(catalog, theirs, { before, types, by });
    expect((await verifyChain(catalog, signer)).broken).toEqual({
      n: 13,
      why: "what it emptied is not signed by this registry",
    });
  });

  test("nothing is taken away of a log that lost what was signed", async () => {
    const catalog = await mixed();
    const statement = "UPDATE audit_log SET hash = decode('00', 'hex') WHERE n = 12";
    await sql.raw(statement).execute(catalog.db);
    const refused = { code: "INTEGRITY" };
    await expect(emptyRecords(catalog, signer, { before, types, by })).rejects.toMatchObject(
      refused,
    );
    await expect(purgeRecords(catalog, signer, before, by)).rejects.toMatchObject(refused);
    expect((await readHead(catalog)).n).toBe(12);
  });
});
