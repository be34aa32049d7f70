import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { openFolderObjects } from "@entrepot/storage";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { planBackupRestore } from "../backup/plan-restore.ts";
import { expectSame, restored, world } from "../backup/test-world.ts";
import { checkStored } from "./check-stored.ts";
import { findManifests } from "./find-manifests.ts";
import { type NameArchive, openNameArchive } from "./open-name-archive.ts";

const ANN = { name: "ann", cause: "test" };
let given: Awaited<ReturnType<typeof world>>;
const archives: NameArchive[] = [];

afterEach(async () => {
  for (const archive of archives.splice(0)) await archive.close();
  await given.close();
});

async function begun() {
  given = await world(7);
  const folder = await mkdtemp(join(tmpdir(), "entrepot-names-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const objects = await openFolderObjects(folder);
  const errors: unknown[] = [];
  const node = () => {
    const onError = (error: unknown) => void errors.push(error);
    const archive = openNameArchive({ catalog: given.catalog, objects, onError });
    archives.push(archive);
    return archive;
  };
  return { objects, node, errors };
}

test("names alone come back from the storage, and the blobs are looked for", async () => {
  const { objects, node } = await begun();
  const archive = node();
  await given.act(10);
  expect(await archive.write()).toBe(true);
  await given.act(10);
  expect(await archive.write()).toBe(true);

  const plan = await planBackupRestore(objects);
  expect(plan).toMatchObject({ problemCount: 0, blobCount: 0, seq: await given.catalog.head() });
  expect(plan.links.length).toBe(2);
  const back = await restored(objects, {});
  onTestFinished(back.close);
  await expectSame(given, { catalog: back.catalog, store: given.store });
  const { missing, missingCount } = await checkStored(back.catalog.db, given.store);
  expect({ missing, missingCount }).toEqual({ missing: [], missingCount: 0 });
});

test("one node writes; another goes on where it ended, once it has let go", async () => {
  const { objects, node } = await begun();
  const [one, other] = [node(), node()];
  await given.act(3);
  expect(await one.write()).toBe(true);
  expect(await other.write()).toBe(false);
  await one.close();
  await given.act(3);
  expect(await other.write()).toBe(true);
  const plan = await planBackupRestore(objects);
  expect(plan.links.map(({ manifest }) => manifest.n)).toEqual([0, 1]);
});

test("what is missing is told with who needs it; what nobody names is found", async () => {
  await begun();
  const [kept, lost] = [sampleImage(), sampleIndex([sampleImage()])];
  const repository = given.content.as(ANN).repository("library/app");
  await pushSample(repository, kept, ["1.0"]);
  const layer = kept.children[0]!.content;
  expect(await given.store.setAside(layer.digest)).toBe(true);
  expect(await checkStored(given.catalog.db, given.store)).toMatchObject({
    missingCount: 1,
    missing: [
      {
        digest: layer.digest,
        expected: layer.size,
        found: null,
        neededBy: `library/app@${kept.content.digest}`,
        needs: 1,
      },
    ],
  });
  for (const { content, bytes } of [lost, ...lost.children]) {
    await given.store.put(content.digest, bytes);
  }
  const all = await findManifests(given.store);
  expect(all.manifests.map(({ digest }) => digest)).toContain(kept.content.digest);
  const unknown = await findManifests(given.store, { db: given.catalog.db });
  expect(unknown.manifests.map(({ digest }) => digest)).toEqual([lost.content.digest]);
});
