import { randomBytes } from "node:crypto";
import { type Catalog, INITIAL_SETTINGS } from "@entrepot/catalog";
import { seededRandom, seeds } from "@entrepot/catalog/testing";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { openAccessLog } from "./access-log.ts";
import { appendRecords } from "./append-records.ts";
import { readHead, seal } from "./chain.ts";
import { openAudit } from "./open-audit.ts";
import { purgeRecords } from "./purge.ts";
import { openSigner } from "./signer.ts";
import { by, event, logOf, opened, signer } from "./test-log.ts";
import { verifyChain } from "./verify-chain.ts";

test("a log that nobody touched holds, from its first record to its last", async () => {
  const catalog = await logOf(12, [5, 10]);
  const found = await verifyChain(catalog, signer);
  const head = await readHead(catalog);
  expect(found).toEqual({
    holds: true,
    from: 1,
    to: 12,
    hash: head.hash.toString("hex"),
    anchor: null,
    seals: 2,
    foreignSeals: 0,
    broken: null,
  });
  expect(await verifyChain(await opened(), signer)).toMatchObject({ holds: true, from: 1, to: 0 });
});

test("whatever text is told comes back as it was hashed", async () => {
  const catalog = await opened();
  const odd = ["a\0b", "\uD800", "𝒳".repeat(600), "x".repeat(5_000), "'\"\\\n", "中文", ""];
  const events = odd.map((text, n) =>
    event(n, { actor: text, userAgent: text, resource: text, project: text, detail: { text } }),
  );
  await catalog.transaction((db) => appendRecords(db, signer, events));
  expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, to: odd.length });
});

describe("tampering in the database is found, with the first record that does not hold", () => {
  const anew = (from: number) => async (catalog: Catalog) => {
    // Who knows how records are hashed writes a consistent log, but cannot sign it.
    const rows = await catalog.db.selectFrom("audit_log").selectAll().orderBy("n").execute();
    const kept = rows[from - 2]!;
    await catalog.db.deleteFrom("audit_log").where("n", ">=", from).execute();
    await catalog.db.updateTable("audit_head").set({ n: kept.n, hash: kept.hash }).execute();
    const events = rows.slice(from - 1).map(({ n }) => event(n, { actor: "nobody" }));
    await catalog.transaction((db) => appendRecords(db, openSigner(randomBytes(32)), events));
  };
  const run = (statement: string) => (catalog: Catalog) =>
    sql
      .raw(statement)
      .execute(catalog.db)
      .then(() => {});

  test.each<[string, (catalog: Catalog) => Promise<void>, number, RegExp]>([
    ["a record is changed", run("UPDATE audit_log SET actor = 'bob' WHERE n = 4"), 4, /changed/],
    ["its detail is", run("UPDATE audit_log SET detail = '{}' WHERE n = 4"), 4, /changed/],
    ["its time is", run("UPDATE audit_log SET at = at + interval '1 s' WHERE n = 9"), 9, /changed/],
    ["a record is deleted", run("DELETE FROM audit_log WHERE n = 4"), 4, /missing/],
    ["the first is", run("DELETE FROM audit_log WHERE n = 1"), 1, /missing/],
    ["the last is", run("DELETE FROM audit_log WHERE n = 12"), 12, /missing: the log reached 12/],
    [
      "the end is, with the head",
      run(`DELETE FROM audit_log WHERE n > 8; UPDATE audit_head SET n = 8,
           hash = (SELECT hash FROM audit_log WHERE n = 8)`),
      9,
      /missing: the log has reached 10/,
    ],
    [
      "a record is added at the end",
      run(`INSERT INTO audit_log SELECT 13, at, kind, operation, resource_type, resource, project,
           actor, address, user_agent, result, cause, seq, detail, hash FROM audit_log
           WHERE n = 12; UPDATE audit_head SET n = 13`),
      13,
      /changed/,
    ],
    [
      "one is put in between",
      run(`UPDATE audit_log SET n = -n WHERE n > 6; UPDATE audit_log SET n = 1 - n WHERE n < 0;
           INSERT INTO audit_log SELECT 7, at, kind, operation, resource_type, resource, project,
           'bob', address, user_agent, result, cause, seq, detail, hash FROM audit_log
           WHERE n = 6; UPDATE audit_head SET n = 13`),
      7,
      /changed/,
    ],
    [
      "two change places",
      run(`UPDATE audit_log SET n = -n WHERE n IN (3, 4);
           UPDATE audit_log SET n = 7 + n WHERE n < 0`),
      3,
      /changed/,
    ],
    ["the log is written anew in front of a seal", anew(8), 10, /was signed/],
    ["a seal is", run("UPDATE audit_seal SET hash = decode('00', 'hex')"), 5, /no signature/],
    [
      "an anchor of somebody else's hides the beginning",
      run(`UPDATE audit_seal SET key_id = 'theirs', is_anchor = true WHERE n = 5;
           DELETE FROM audit_log WHERE n <= 5`),
      1,
      /missing/,
    ],
  ])("%s", async (_, tamper, n, why) => {
    const catalog = await logOf(12, [5, 10]);
    await tamper(catalog);
    const found = await verifyChain(catalog, signer);
    expect(found.holds).toBe(false);
    expect(found.broken).toEqual({ n, why: expect.stringMatching(why) });
  });

  test("the end is cut off with all that tells of it: by what was told elsewhere", async () => {
    const catalog = await logOf(12, [5, 10]);
    const { n, hash } = await readHead(catalog);
    await run(`DELETE FROM audit_log WHERE n > 8; DELETE FROM audit_seal WHERE n > 8;
      UPDATE audit_head SET n = 8, hash = (SELECT hash FROM audit_log WHERE n = 8)`)(catalog);
    expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, to: 8 });
    const told = [{ n, hash: hash.toString("hex") }];
    expect((await verifyChain(catalog, signer, told)).broken).toEqual({
      n: 9,
      why: "it is missing: the log has reached 12",
    });
  });

  test("all is written anew, and the seals taken away", async () => {
    const catalog = await opened();
    const events = Array.from({ length: 2_100 }, (_, n) => event(n));
    await catalog.transaction((db) => appendRecords(db, signer, events));
    expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, seals: 2 });
    await run("DELETE FROM audit_seal")(catalog);
    expect((await verifyChain(catalog, signer)).broken?.why).toMatch(/seals were taken away/);
    const theirs = openSigner(randomBytes(32));
    const rows = await catalog.db.selectFrom("audit_log").selectAll().orderBy("n").execute();
    await catalog.transaction(async (db) => {
      for (const n of [1_000, 2_000]) await seal(db, theirs, rows[n - 1]!);
    });
    expect((await verifyChain(catalog, signer)).broken?.why).toMatch(/seals were taken away/);
    await catalog.transaction((db) => seal(db, signer, rows.at(-1)!));
    expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, foreignSeals: 2 });
  });
});

test("what is old is purged up to a signed anchor, where the chain goes on; recorded", async () => {
  const catalog = await logOf(12, [5, 10]);
  const before = event(8).at;
  const asked = await purgeRecords(catalog, signer, before, { ...by, dryRun: true });
  expect([asked, (await verifyChain(catalog, signer)).from]).toEqual([{ records: 7, upTo: 7 }, 1]);
  expect(await purgeRecords(catalog, signer, before, by)).toEqual(asked);
  expect(await purgeRecords(catalog, signer, before, by)).toEqual({ records: 0, upTo: null });
  expect(await verifyChain(catalog, signer)).toMatchObject({
    holds: true,
    from: 8,
    to: 13,
    anchor: 7,
    seals: 1,
  });
  const newest = catalog.db.selectFrom("audit_log").selectAll().orderBy("n", "desc");
  expect(await newest.executeTakeFirst()).toMatchObject({ operation: "purge", actor: "ann" });
  await catalog.db.deleteFrom("audit_log").where("n", "=", 8).execute();
  expect((await verifyChain(catalog, signer)).broken?.n).toBe(8);
});

test("with another key the chain is followed, and its seals are told apart", async () => {
  const catalog = await logOf(6, [3]);
  const other = openSigner(Buffer.alloc(32, 8));
  expect(await verifyChain(catalog, other)).toMatchObject({
    holds: true,
    seals: 0,
    foreignSeals: 1,
  });
});

test("several nodes append side by side: one chain, nothing lost", async () => {
  const catalog = await opened();
  const logs = [1, 2, 3].map(() =>
    openAccessLog(catalog, signer, (error) => {
      throw error;
    }),
  );
  await Promise.all(
    logs.map(async (log, node) => {
      for (let n = 0; n < 40; n++) {
        log.note(event(n, { cause: `${node}-${n}` }));
        if (n % 7 === 0) await log.flush();
      }
      await log.close();
    }),
  );
  expect(await verifyChain(catalog, signer)).toMatchObject({ holds: true, to: 120 });
});

test("what is too much is dropped, counted, and recorded as dropped", async () => {
  const catalog = await opened();
  const log = openAccessLog(catalog, signer, () => {});
  for (let n = 0; n < 20_005; n++) log.note(event(n));
  expect(log.dropped()).toBe(5);
  await log.close();
  const drop = catalog.db.selectFrom("audit_log").selectAll().where("operation", "=", "drop");
  expect(JSON.parse((await drop.executeTakeFirstOrThrow()).detail)).toMatchObject({ events: 5 });
}, 60_000);

test("events of a database that does not answer are recorded once it does, drops too", async () => {
  const catalog = await opened();
  let down = true;
  const errors: unknown[] = [];
  const failing: Pick<Catalog, "transaction"> = {
    transaction: (fn) => (down ? Promise.reject(new Error("down")) : catalog.transaction(fn)),
  };
  const log = openAccessLog(failing, signer, (error) => errors.push(error));
  for (let n = 0; n < 20_002; n++) log.note(event(n));
  await log.flush();
  expect([log.dropped(), errors.length]).toEqual([2, 41]);
  // What comes meanwhile finds no room.
  log.note(event(20_002));
  down = false;
  await log.close();
  const rows = await catalog.db.selectFrom("audit_log").selectAll().orderBy("n").execute();
  expect(rows.length).toBe(20_001);
  expect(rows.slice(0, 2).map(({ cause }) => cause)).toEqual(["r0", "r1"]);
  expect(JSON.parse(rows.at(-1)!.detail)).toMatchObject({ events: 3 });
}, 60_000);

test("a request's cause is another's change only if it is the same caller's", async () => {
  const catalog = await opened();
  await catalog.commit({ name: "ann", cause: "r1" }, async ({ record }) =>
    record({ kind: "tag", key: "library/app:1", after: { digest: "sha256:1" } }),
  );
  const log = openAccessLog(catalog, signer, () => {});
  for (const actor of ["bob", "ann"]) log.note(event(1, { actor }));
  await log.close();
  const rows = catalog.db.selectFrom("audit_log").select(["actor", "kind"]).orderBy("n");
  expect(await rows.execute()).toEqual([
    { actor: "bob", kind: "request" },
    { actor: "ann", kind: "access" },
  ]);
});

describe("a log that lost what was signed is signed no further", () => {
  const audit = (catalog: Catalog) =>
    openAudit({
      catalog,
      signer,
      settings: INITIAL_SETTINGS,
      host: "here",
      lookup: (() => {}) as never,
      onSeal: () => {},
      onError: () => {},
    });
  const cut = `DELETE FROM audit_log WHERE n > 3; DELETE FROM audit_seal WHERE n > 3;
    UPDATE audit_head SET n = 3, hash = (SELECT hash FROM audit_log WHERE n = 3)`;

  test.each([false, true])("cut off, and written on: %s", async (isWrittenOn) => {
    const catalog = await logOf(6, [2]);
    const log = audit(catalog);
    expect((await log.seal())?.n).toBe(6);
    await sql.raw(cut).execute(catalog.db);
    const events = [4, 5, 6, 7].map((n) => event(n, { actor: "nobody" }));
    if (isWrittenOn) await catalog.transaction((db) => appendRecords(db, signer, events));
    for (const _ of [1, 2]) {
      await expect(log.seal()).rejects.toMatchObject({ code: "INTEGRITY" });
      expect(await log.verify()).toMatchObject({ holds: false });
    }
  });

  test("written on until a record is due to be signed: recorded, and not signed", async () => {
    const catalog = await logOf(6, [2, 6]);
    // The seals are still there; what the second one signed is not.
    await sql
      .raw(
        `DELETE FROM audit_log WHERE n > 3;
         UPDATE audit_head SET n = 3, hash = (SELECT hash FROM audit_log WHERE n = 3)`,
      )
      .execute(catalog.db);
    const events = Array.from({ length: 1_000 }, (_one, n) => event(n));
    const head = await catalog.transaction((db) => appendRecords(db, signer, events));
    expect(head.n).toBe(1_003);
    const seals = await catalog.db.selectFrom("audit_seal").select("n").orderBy("n").execute();
    expect(seals).toEqual([{ n: 2 }, { n: 6 }]);
  });

  test("written anew in front of a seal, while no process runs", async () => {
    const catalog = await logOf(6, [2, 5]);
    await sql
      .raw("UPDATE audit_log SET hash = decode('00', 'hex') WHERE n = 5")
      .execute(catalog.db);
    await expect(audit(catalog).seal()).rejects.toMatchObject({ code: "INTEGRITY" });
  });

  test("what was purged is not missed", async () => {
    const catalog = await logOf(6, [2]);
    const log = audit(catalog);
    await log.seal();
    await log.purge(event(100).at, by);
    expect((await log.seal())?.n).toBe(7);
    expect(await log.verify()).toMatchObject({ holds: true, from: 7, to: 7 });
  });
});

describe("every change of the journal is recorded once, with what it was before", () => {
  const file = "packages/service/events/audit/audit.test.ts";
  test.each(seeds(file, process.env))("%s", async (_, seed) => {
    const random = seededRandom(seed);
    const catalog = await opened();
    const lookup = () => {};
    const heads: number[] = [];
    const options = {
      catalog,
      signer,
      settings: INITIAL_SETTINGS,
      host: "here",
      lookup: lookup as never,
      onSeal: ({ n }: { n: number }) => void heads.push(n),
      onError: () => {},
    };
    // Two nodes, one of which ends in between.
    const nodes = [openAudit(options), openAudit(options)];
    for (const node of nodes) await node.start();
    const state = new Map<string, string>();
    const expected: string[] = [];
    for (let n = 0; n < 60; n++) {
      const key = `library/app:${Math.floor(random() * 5)}`;
      const before = state.get(key) ?? null;
      const after = random() < 0.3 ? null : `sha256:${n}`;
      if (before === null && after === null) continue;
      await catalog.commit({ name: `u${n % 3}`, cause: `c${n}` }, async ({ record }) =>
        record({ kind: "tag", key, after: after === null ? null : { digest: after } }),
      );
      if (after === null) state.delete(key);
      else state.set(key, after);
      expected.push(JSON.stringify([key, before, after, `c${n}`]));
      if (n === 30) await nodes[1]!.close();
    }
    await nodes[0]!.idle();
    await nodes[0]!.seal();
    const rows = await catalog.db.selectFrom("audit_log").selectAll().orderBy("n").execute();
    const found = rows.map(({ resource, detail, cause }) => {
      const { from, to } = JSON.parse(detail) as { from: Tag; to: Tag };
      return JSON.stringify([resource, from?.digest ?? null, to?.digest ?? null, cause]);
    });
    expect(found).toEqual(expected);
    expect(rows.every(({ project, kind }) => project === "library" && kind === "change")).toBe(
      true,
    );
    expect(heads).toEqual([rows.length]);
    expect(await nodes[0]!.verify()).toMatchObject({ holds: true, to: rows.length });
    await nodes[0]!.close();
  });
});

type Tag = { readonly digest: string } | null;
