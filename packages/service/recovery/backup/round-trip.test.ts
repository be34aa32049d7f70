import { seeds } from "@entrepot/catalog/testing";
import { expect, test } from "vitest";
import { plain } from "./encryption.ts";
import { one } from "./parts.ts";
import { readTip } from "./target-objects.ts";
import { expectSame, restored, world } from "./test-world.ts";
import { verifyBackup } from "./verify-backup.ts";

const FILE = "packages/service/recovery/backup/round-trip.test.ts";

test.each(seeds(FILE, process.env))(
  "full, incremental and continuous backups come back as they were: %s",
  { timeout: 120_000 },
  async (_replay, seed) => {
    const given = await world(seed);
    await given.act(20);
    let tip = (await given.backup()).kept;
    for (let n = 0; n < 6; n++) {
      await given.act(5);
      // As a new process, or as one that goes on.
      tip = (await given.backup(n % 2 === 0 ? {} : { tip })).kept;
    }
    expect(tip.manifest.n).toBeGreaterThanOrEqual(5);
    expect(given.holds().at(-1)).toBe(tip.manifest.to);
    expect((await given.backup({ tip })).added).toBeNull();

    const back = await restored(given.objects);
    await expectSame(given, back);
    expect(back.result.timeline).toBe(2);
    const checked = await verifyBackup(given.objects, { share: 1, open: plain });
    expect(checked).toMatchObject({ problems: [], newest: { seq: tip.manifest.to } });

    await back.close();
    await given.close();
  },
);

test.each(seeds(FILE, process.env))(
  "whose last file somebody else has replaced goes on from what is there: %s",
  { timeout: 120_000 },
  async (_replay, seed) => {
    const given = await world(seed);
    const objects = {
      ...given.objects,
      // As a store that tells both of two writers that they were first.
      async putIfAbsent(key: string, bytes: Uint8Array) {
        await given.objects.put(key, one(bytes));
        return true;
      },
    };
    await given.act(10);
    const first = (await given.backup()).kept;
    await given.act(5);
    const both = [0, 1].map(() => given.backup({ objects, tip: first, seen: new Map() }));
    const tips = (await Promise.all(both)).map(({ kept }) => kept);
    const there = (await readTip(objects))!;
    const replaced = tips.find(({ sha256 }) => sha256 !== there.sha256)!;
    expect(replaced.manifest.n).toBe(there.manifest.n);

    await given.act(5);
    await given.backup({ tip: replaced });
    const checked = await verifyBackup(given.objects, { share: 1, open: plain });
    const seq = await given.catalog.head();
    expect(checked).toMatchObject({ problems: [], newest: { seq } });
    const back = await restored(given.objects);
    await expectSame(given, back);
    await back.close();
    await given.close();
  },
);
