import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { expect, test } from "vitest";
import { dryObjects } from "./dry-objects.ts";
import { world } from "./test-world.ts";

/** Every object in a target, with its size. */
async function listOf({ objects }: Awaited<ReturnType<typeof world>>) {
  return await Array.fromAsync(objects.list(""), ({ key, size }) => `${key} ${size}`);
}

for (const encrypted of [false, true]) {
  const title = encrypted ? "an encrypted target" : "a target";
  test(`a dry run tells what a run of ${title} then writes, and writes nothing`, async () => {
    const given = await world(11);
    const recipients = encrypted ? [await identityToRecipient(await generateX25519Identity())] : [];
    const dry = () => given.backup({ recipients, objects: dryObjects(given.objects) });
    try {
      for (let round = 0; round < 3; round++) {
        await given.act(5);
        const before = await listOf(given);
        const planned = (await dry()).added!.plan;
        expect(await listOf(given)).toEqual(before);
        const { added, kept } = await given.backup({ recipients });
        // Compressed bytes differ by nothing; what is encrypted has a length of its own.
        expect(added!.plan).toEqual(planned);
        expect(planned).toMatchObject({
          kind: round === 0 ? "snapshot" : "segment",
          to: kept.manifest.to,
        });
        const blobs = (list: string[]) => list.filter((line) => line.startsWith("blobs/")).length;
        expect(planned.newBlobs).toBe(blobs(await listOf(given)) - blobs(before));
        if (!encrypted) expect(planned.newBytes).toBe(added!.bytesSent);
      }
    } finally {
      await given.close();
    }
  });
}
