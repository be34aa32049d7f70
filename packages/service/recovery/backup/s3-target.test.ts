import { openObjects } from "@entrepot/storage";
import { newPlace, testS3 } from "@entrepot/storage/testing";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { decryptedWith, plain } from "./encryption.ts";
import { planPrune, pruneBackup } from "./prune-backup.ts";
import { readChains } from "./target-objects.ts";
import { expectSame, restored, world } from "./test-world.ts";
import { verifyBackup } from "./verify-backup.ts";

const s3 = await testS3();

describe.skipIf(s3 === null)("in a bucket of a real S3 server", { timeout: 120_000 }, () => {
  for (const encrypted of [false, true]) {
    test(`${encrypted ? "an encrypted" : "a"} backup comes back, and is pruned`, async () => {
      const given = await world(21);
      const objects = await openObjects(await newPlace(s3!), { keys: s3!.keys });
      const identity = await generateX25519Identity();
      const recipients = encrypted ? [await identityToRecipient(identity)] : [];
      const backup = (full = false) => given.backup({ objects, recipients, full });
      try {
        await given.act(8);
        await backup();
        await given.act(4);
        expect((await backup()).kept.manifest.n).toBe(1);
        await given.act(4);
        const { kept } = await backup(true);

        const plan = planPrune(await readChains(objects), { last: 1 }, new Date());
        expect(plan.removed).toHaveLength(1);
        await pruneBackup(objects, plan);
        const open = encrypted ? decryptedWith(identity) : plain;
        const checked = await verifyBackup(objects, { share: 1, open });
        expect(checked).toMatchObject({
          snapshots: 1,
          problems: [],
          newest: { seq: kept.manifest.to },
        });
        const back = await restored(objects, encrypted ? { keyFile: identity } : {});
        await expectSame(given, back);
        await back.close();
      } finally {
        await objects.close();
        await given.close();
      }
    });
  }
});
