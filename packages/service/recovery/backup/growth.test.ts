import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { growthOf, noteHeld, noteWritten } from "./growth.ts";
import { planPrune, pruneBackup } from "./prune-backup.ts";
import { readChains } from "./target-objects.ts";
import { world } from "./test-world.ts";

test("a target's growth is what lies there, day by day", { timeout: 60_000 }, async () => {
  const given = await world(7);
  onTestFinished(given.close);
  const { catalog, objects } = given;
  const { rows } = await sql<{ id: number }>`
    INSERT INTO backup_target (name, address) VALUES ('vault', 'file:/vault') RETURNING id
  `.execute(catalog.db);
  const { id } = rows[0]!;
  const bytesThere = async () => {
    let bytes = 0;
    for (const prefix of ["parts/", "blobs/"]) {
      for await (const { size } of objects.list(prefix)) bytes += size!;
    }
    return bytes;
  };
  /** What is noted of today. */
  const noted = async () => (await growthOf(catalog, id, 30)).at(-1)?.bytes;
  /** As if all of it had been `days` ago. */
  const age = (days: number) =>
    sql`UPDATE backup_sample SET day = day - ${days}::integer`.execute(catalog.db);
  expect(await growthOf(catalog, id, 30)).toEqual([]);

  await given.act(10);
  await given.backup();
  await given.act(5);
  // Of one that was there before anything was noted, all is counted.
  await noteWritten(catalog, id, objects, (await given.backup()).kept.manifest);
  const first = await noted();
  expect(first).toBe(await bytesThere());

  await age(3);
  await given.act(10);
  await noteWritten(catalog, id, objects, (await given.backup({ full: true })).kept.manifest);
  const second = await bytesThere();
  const days = await growthOf(catalog, id, 30);
  expect(days.map(({ bytes }) => bytes)).toEqual([first, first, first, second]);
  expect((await growthOf(catalog, id, 2)).map(({ bytes }) => bytes)).toEqual([first, second]);

  const plan = planPrune(await readChains(objects), { last: 1 }, catalog.now());
  await noteHeld(catalog, id, (await pruneBackup(objects, plan)).bytesLeft!);
  expect(await noted()).toBe(await bytesThere());
  expect(await noted()).toBeLessThan(second);

  await age(500);
  await noteHeld(catalog, id, 1);
  expect((await growthOf(catalog, id, 400)).map(({ bytes }) => bytes)).toEqual([1]);
});
