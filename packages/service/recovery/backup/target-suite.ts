import type { ObjectStore } from "@entrepot/storage";
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { decryptedWith, plain } from "./encryption.ts";
import { planPrune, pruneBackup } from "./prune-backup.ts";
import { readChains } from "./target-objects.ts";
import { expectSame, restored, world } from "./test-world.ts";
import { verifyBackup } from "./verify-backup.ts";

const LONG = { timeout: 240_000 };

/** What backups are, wherever they lie. `place` gives a new, empty one for each test. */
export function targetSuite(name: string, place: Place): void {
  describe(`backups in ${name}`, () => {
    test("one comes back, and is pruned", LONG, () => roundTrip(place, null));
    test("an encrypted one comes back with its key, and only with it", LONG, async () =>
      roundTrip(place, await newKey()),
    );
    test("cut off at a write, none is taken for whole, and the next completes it", LONG, () =>
      cutOff(place),
    );
    test("two at once are one", LONG, () => twoAtOnce(place));
  });
}

/** A new key of backups: what opens them, and whom they are encrypted for. */
export async function newKey(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** A key file of `identity` as `age -p` locks it; cheaply, which its header says. */
export async function lockedKey(identity: string, passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(10);
  return await encrypter.encrypt(`${identity}\n`);
}

type Place = () => Promise<ObjectStore>;
type World = Awaited<ReturnType<typeof world>>;
type Key = Awaited<ReturnType<typeof newKey>>;

/** `work` on a new registry and a new place for its backups. */
async function over(
  seed: number,
  place: Place,
  work: (given: World, objects: ObjectStore) => Promise<void>,
): Promise<void> {
  const given = await world(seed);
  const objects = await place();
  try {
    await work(given, objects);
  } finally {
    await objects.close();
    await given.close();
  }
}

/** What lies in `objects` comes back as `given` is. */
async function expectBack(given: World, objects: ObjectStore, key: Key | null = null) {
  const back = await restored(objects, key === null ? {} : { keyFile: key.identity });
  await expectSame(given, back);
  await back.close();
}

function roundTrip(place: Place, key: Key | null) {
  return over(21, place, async (given, objects) => {
    const recipients = key === null ? [] : [key.recipient];
    const backup = (full = false) => given.backup({ objects, recipients, full });
    await given.act(8);
    await backup();
    await given.act(4);
    const { added, kept: segment } = await backup();
    expect(segment.manifest.n).toBe(1);
    expect((await given.backup({ objects, recipients, tip: segment })).added).toBeNull();
    const { newBlobs: newCount, newBytes } = added!.plan;
    expect(segment.manifest).toMatchObject({ newCount, newBytes });
    // What is there already is not sent again.
    expect(added!.plan.newBlobs).toBeLessThanOrEqual(added!.plan.blobs);
    await given.act(4);
    const { kept, added: whole } = await backup(true);
    expect(whole!.plan.newBlobs).toBeLessThan(whole!.plan.blobs);

    const plan = planPrune(await readChains(objects), { last: 1 }, new Date());
    expect(plan.removed).toHaveLength(1);
    expect((await pruneBackup(objects, plan)).bytes).toBeGreaterThan(0);
    const open = key === null ? plain : decryptedWith(key.identity);
    const checked = await verifyBackup(objects, { share: 1, open });
    expect(checked).toMatchObject({
      snapshots: 1,
      problems: [],
      newest: { seq: kept.manifest.to },
    });
    if (key !== null) {
      const { identity: stranger } = await newKey();
      await expect(restored(objects, { keyFile: stranger })).rejects.toThrow(
        /this key does not open the backup/,
      );
    }
    await expectBack(given, objects, key);
  });
}

function cutOff(place: Place) {
  return over(22, place, async (given, objects) => {
    await given.act(4);
    let before: number | null = null;
    let n = 1;
    for (; ; n++) {
      await given.act(1);
      const head = await given.catalog.head();
      const run = given.backup({ objects: failingAt(objects, n, n % 2 === 0), full: n % 3 === 0 });
      const isCut = await run.then(
        () => false,
        (error: Error) => /the line is cut/.test(error.message),
      );
      if (!isCut) break;
      const newest = (await readChains(objects)).at(-1)?.links.at(-1)?.manifest.to ?? null;
      expect([before, head]).toContain(newest);
      before = (await given.backup({ objects })).kept.manifest.to;
      expect(before).toBe(head);
    }
    expect(n).toBeGreaterThan(3);
    const { problems } = await verifyBackup(objects, { share: 1, open: plain });
    expect(problems).toEqual([]);
    await expectBack(given, objects);
  });
}

function twoAtOnce(place: Place) {
  return over(23, place, async (given, objects) => {
    await given.act(4);
    await given.backup({ objects });
    await given.act(4);
    const both = [0, 1].map(() => given.backup({ objects, seen: new Map() }));
    const ended = await Promise.allSettled(both);
    // The other one finds that somebody has written meanwhile, or that nothing is left to do.
    expect(ended.some(({ status }) => status === "fulfilled")).toBe(true);
    const { links, problems } = (await readChains(objects)).at(-1)!;
    expect({ links: links.length, problems }).toEqual({ links: 2, problems: [] });
    await expectBack(given, objects);
  });
}

/** The store, which fails at write `n`, having stored nothing or all of it. */
function failingAt(objects: ObjectStore, n: number, stores: boolean): ObjectStore {
  let writes = 0;
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    writes += 1;
    if (writes !== n) return await work();
    if (stores) await work();
    throw new Error("the line is cut");
  };
  return {
    ...objects,
    put: (key, bytes) => write(() => objects.put(key, bytes)),
    putIfAbsent: (key, bytes) => write(() => objects.putIfAbsent(key, bytes)),
  };
}
