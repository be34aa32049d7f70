import type { ObjectStore } from "@entrepot/storage";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { plain } from "./encryption.ts";
import { one } from "./parts.ts";
import { planBackupRestore } from "./plan-restore.ts";
import { planPrune, pruneBackup } from "./prune-backup.ts";
import { readChains } from "./target-objects.ts";
import { expectSame, restored, world } from "./test-world.ts";
import { verifyBackup } from "./verify-backup.ts";

describe("damage", () => {
  const harms: Record<string, (objects: ObjectStore, key: string) => Promise<unknown>> = {
    missing: (objects, key) => objects.remove(key),
    "cut short": async (objects, key) =>
      objects.put(key, one((await read(objects, key)).subarray(1))),
    changed: async (objects, key) => {
      const bytes = await read(objects, key);
      bytes[bytes.length >> 1]! ^= 1;
      await objects.put(key, one(bytes));
    },
  };

  test.each(Object.keys(harms))(
    "an object that is %s is found, and nothing is restored",
    {
      timeout: 120_000,
    },
    async (name) => {
      const given = await world(11);
      await given.act(6);
      await given.backup();
      await given.act(4);
      await given.backup();
      for await (const { key } of given.objects.list("")) {
        if (key === "entrepot-backup.json") continue;
        const whole = await read(given.objects, key);
        await harms[name]!(given.objects, key);

        const isSnapshot = key.startsWith("snapshots/");
        const isLastLink = key.startsWith("segments/") && name === "missing";
        const checked = await verifyBackup(given.objects, { share: 1, open: plain });
        // A snapshot without its manifest file was never written; nor was a last segment.
        if (!(name === "missing" && isSnapshot) && !isLastLink) {
          expect(checked.problemCount, key).toBeGreaterThan(0);
          expect(checked.problems.join(), key).toContain(key.split("/").at(-1)!.slice(0, 8));
          if (!key.startsWith("blobs/") || name !== "changed") {
            const plan = await planBackupRestore(given.objects).catch(() => null);
            expect(plan?.problemCount ?? 1, key).toBeGreaterThan(0);
          } else {
            // Only reading all of it tells: before any name is restored.
            await expect(restored(given.objects), key).rejects.toThrow(/another digest/);
          }
        }
        await given.objects.put(key, one(whole));
      }
      await given.close();
    },
  );
});

test("another registry is refused, and so is one that is behind its own backup", async () => {
  const [given, other] = [await world(1), await world(2)];
  await given.act(3);
  await given.backup();
  await expect(other.backup({ objects: given.objects })).rejects.toMatchObject({
    code: "CONFLICT",
  });
  await given.catalog.db.updateTable("journal_head").set({ seq: 0 }).execute();
  await expect(given.backup()).rejects.toThrow(/this place is ahead/);
  await given.close();
  await other.close();
});

test("an encrypted backup comes back with its key, and only with it", async () => {
  const identity = await generateX25519Identity();
  const given = await world(5);
  await given.act(8);
  await given.backup({ recipients: [await identityToRecipient(identity)] });

  for await (const { key } of given.objects.list("")) {
    const bytes = await read(given.objects, key);
    const isSealed = bytes.toString("latin1").startsWith("age-encryption.org/v1");
    expect(isSealed, key).toBe(/^blobs|names/.test(key));
  }
  const stranger = await generateX25519Identity();
  await expect(restored(given.objects, { keyFile: stranger })).rejects.toMatchObject({
    code: "INTEGRITY",
  });
  const back = await restored(given.objects, { keyFile: `# mine\n${identity}\n` });
  await expectSame(given, back);
  await back.close();
  await given.close();
});

test(
  "pruning leaves what stays whole, removes what nothing names, and can be cut off",
  {
    timeout: 60_000,
  },
  async () => {
    const given = await world(3);
    for (let n = 0; n < 3; n++) {
      await given.act(6);
      given.seen.clear();
      await given.backup({ full: true });
    }
    const chains = await readChains(given.objects);
    const plan = planPrune(chains, { last: 1 }, new Date());
    expect(plan.removed.map(({ id }) => id)).toEqual(chains.slice(0, 2).map(({ id }) => id));

    let removals = 0;
    const cut: ObjectStore = {
      ...given.objects,
      async remove(key) {
        removals += 1;
        if (removals === 4) throw new Error("cut off");
        return await given.objects.remove(key);
      },
    };
    await expect(pruneBackup(cut, plan)).rejects.toThrow("cut off");
    await pruneBackup(
      given.objects,
      planPrune(await readChains(given.objects), { last: 1 }, new Date()),
    );
    const { problems, snapshots } = await verifyBackup(given.objects, { share: 1, open: plain });
    expect({ problems, snapshots }).toEqual({ problems: [], snapshots: 1 });
    const keys = (await Array.fromAsync(given.objects.list("parts/"))).map(({ key }) => key);
    expect(keys.every((key) => key.startsWith(`parts/${chains[2]!.id}/`))).toBe(true);
    const back = await restored(given.objects);
    await expectSame(given, back);
    await back.close();
    await given.close();
  },
);

async function read(objects: ObjectStore, key: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync((await objects.get(key))!));
}
