import { openDatabase, openCatalog } from "@entrepot/catalog";
import { openContent } from "@entrepot/content";
import { bytesOf } from "@entrepot/registry";
import { type Sample, sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { SWEEP_BEGIN, sweepRun } from "@entrepot/retention";
import { openFileStore } from "@entrepot/storage";
import { sql } from "kysely";
import { expect } from "vitest";
import { plain } from "../backup/encryption.ts";
import { planBackupRestore } from "../backup/plan-restore.ts";
import { restoreBackup } from "../backup/restore-backup.ts";
import { takeBackup } from "../backup/take-backup.ts";
import { verifyBackup } from "../backup/verify-backup.ts";
import { makePlan } from "../restore/make-plan.ts";
import type { RestorableKind } from "../restore/ports.ts";
import { restoreTask } from "../restore/restore-task.ts";
import { copyOf, imagesIn, namesIn, repoOf, type State } from "./model.ts";
import { allPull, allSound, ANN, type FaultWorld, namesOf, type Node } from "./world.ts";

/** One act: what it does, as often as it is asked to, and what there is once it has succeeded. */
export interface Act {
  readonly what: string;
  /** About how many steps it takes: the fault comes before that. */
  readonly steps: number;
  readonly after: State;
  run(node: Node): Promise<void>;
  /** What must hold besides, whether it was cut off or not. */
  readonly check?: () => Promise<void>;
}

/** What acts choose from, and remember. */
export interface Acting {
  readonly world: FaultWorld;
  readonly random: () => number;
  readonly images: readonly Sample[];
  /** What there is. */
  state: State;
  /** What there was, by seq, so far back as it can be had again. */
  readonly moments: { readonly seq: number; readonly state: State }[];
  /** What there was at the last whole backup; null: there is none. */
  backedUp: State | null;
  restores: number;
}

const REPOSITORIES = ["kept/a", "kept/b", "brief/a"];
const TAGS = ["v1", "v2", "latest"];

/** Images that share layers, some with a large one, and indexes of some. The same for a seed. */
export function someImages(random: () => number): Sample[] {
  const layers = [64, 64, 3_000, 150_000, 1_200_000].map((size) =>
    sampleBlob(Buffer.alloc(size, String(random()))),
  );
  const images = Array.from({ length: 6 }, (_, n) => {
    const config = sampleBlob(String(random()), "application/vnd.oci.image.config.v1+json");
    return sampleImage({ config }, [layers[n % 5]!, layers[(n * 2 + 1) % 5]!]);
  });
  const index = (from: number) => {
    const annotations = { made: String(random()) };
    return sampleIndex(images.slice(from, from + 2), { annotations });
  };
  return [...images, index(0), index(2)];
}

/** The next act, of all that may be done now. */
export function nextAct(acting: Acting): Act {
  const { random } = acting;
  const others: [weight: number, make: () => Act | null][] = [
    [6, () => push(acting)],
    [2, () => retag(acting)],
    [2, () => deleteTag(acting)],
    [3, () => deleteImage(acting)],
    [3, () => collect(acting)],
    [3, () => backUp(acting)],
    [3, () => restorePast(acting)],
    [1.5, () => restoreElsewhere(acting)],
  ];
  for (;;) {
    let at = random() * others.reduce((sum, [weight]) => sum + weight, 0);
    const act = others.find(([weight]) => (at -= weight) < 0)![1]();
    if (act) return act;
  }
}

const oneOf = <T>({ random }: Pick<Acting, "random">, items: readonly T[]): T | undefined =>
  items[Math.floor(random() * items.length)];

function push(acting: Acting): Act {
  const [name, tag] = [oneOf(acting, REPOSITORIES)!, oneOf(acting, TAGS)!];
  const image = oneOf(acting, acting.images)!;
  const [asks, uploads] = [acting.random() < 0.5, acting.random() < 0.5];
  const after = copyOf(acting.state);
  const repo = repoOf(after, name);
  for (const one of imagesIn(image)) repo.images.set(one.content.digest, one);
  repo.tags.set(tag, image);

  return {
    what: `push ${image.content.digest} to ${name}:${tag}`,
    steps: 40 + 45 * imagesIn(image).length,
    after,
    async run({ content }) {
      const repository = content.as(ANN).repository(name);
      const blobs = imagesIn(image).flatMap((one) =>
        imagesIn(one).length > 1 ? [] : one.children,
      );
      for (const { content: blob, bytes } of blobs) {
        // As clients do, some of whom ask first.
        if (asks && (await repository.stat(blob.digest))) continue;
        if (!uploads) {
          await repository.push(blob, bytesOf(bytes));
          continue;
        }
        const upload = await repository.startUpload();
        await upload.append(bytesOf(bytes.subarray(0, bytes.length / 2)));
        await upload.append(bytesOf(bytes.subarray(bytes.length / 2)));
        await upload.commit(blob.digest);
      }
      for (const one of imagesIn(image)) {
        await repository.push(one.content, bytesOf(one.bytes), one === image ? [tag] : []);
      }
    },
  };
}

/** An image that is there, with its repository. */
function someImage(acting: Acting, wanted: (name: string, image: Sample) => boolean) {
  const all = [...acting.state].flatMap(([name, { images }]) =>
    [...images.values()].filter((image) => wanted(name, image)).map((image) => ({ name, image })),
  );
  return oneOf(acting, all) ?? null;
}

function retag(acting: Acting): Act | null {
  const found = someImage(acting, () => true);
  if (!found) return null;
  const { name, image } = found;
  const tag = oneOf(acting, TAGS)!;
  const after = copyOf(acting.state);
  repoOf(after, name).tags.set(tag, image);
  return {
    what: `tag ${name}:${tag} as ${image.content.digest}`,
    steps: 14,
    after,
    run: ({ content }) => content.as(ANN).repository(name).tag(tag, image.content.digest),
  };
}

function deleteTag(acting: Acting): Act | null {
  const all = [...acting.state].flatMap(([name, { tags }]) =>
    [...tags.keys()].map((tag) => ({ name, tag })),
  );
  const found = oneOf(acting, all);
  if (!found) return null;
  const { name, tag } = found;
  const after = copyOf(acting.state);
  repoOf(after, name).tags.delete(tag);
  return {
    what: `delete ${name}:${tag}`,
    steps: 14,
    after,
    run: async ({ content }) => void (await content.as(ANN).repository(name).delete(tag)),
  };
}

/** One that no index there needs. */
function deleteImage(acting: Acting): Act | null {
  const { state } = acting;
  const found = someImage(acting, (name, image) =>
    [...repoOf(state, name).images.values()].every((one) => !one.children.includes(image)),
  );
  if (!found) return null;
  const { name, image } = found;
  const after = copyOf(state);
  const { images, tags } = repoOf(after, name);
  images.delete(image.content.digest);
  for (const [tag, named] of tags) if (named === image) tags.delete(tag);
  return {
    what: `delete ${name}@${image.content.digest}`,
    steps: 14,
    after,
    async run({ content }) {
      await content.as(ANN).repository(name).delete(image.content.digest);
    },
  };
}

/** A whole garbage collection, without any grace. */
function collect({ state }: Acting): Act {
  return {
    what: "collect garbage",
    steps: 160,
    after: state,
    async run({ catalog, store }) {
      const deleteUntagged = () => Promise.resolve(false);
      const context = { catalog, store, graceMs: 0, quarantineMs: 0, deleteUntagged };
      const run = sweepRun(context, { dryRun: false, deleteUntagged: false, workers: 2 });
      for (let at = SWEEP_BEGIN; at.stage !== "done";) at = await run.step(at);
    },
  };
}

function backUp(acting: Acting): Act {
  const full = acting.random() < 0.2;
  const { world, state } = acting;
  return {
    what: full ? "back up anew" : "back up",
    steps: 260,
    after: state,
    async run({ catalog, store, objects, seen }) {
      const hold = async (seq: number) => {
        const row = { holder: "backup:1", seq, reason: "a backup" };
        await catalog.db
          .insertInto("history_hold")
          .values(row)
          .onConflict((conflict) => conflict.column("holder").doUpdateSet({ seq }))
          .execute();
      };
      const snapshotEveryMs = 7 * 24 * 3_600_000;
      const recipients: string[] = [];
      const run = { catalog, store, objects, seen, hold, recipients, snapshotEveryMs, full };
      await takeBackup(run);
      acting.backedUp = state;
    },
    async check() {
      if (!acting.backedUp) return;
      const { problems, newest } = await verifyBackup(world.node.objects, {
        share: 1,
        open: plain,
      });
      expect(problems).toEqual([]);
      expect(newest).not.toBeNull();
    },
  };
}

/** Back to a moment, out of history. */
function restorePast(acting: Acting): Act | null {
  const moment = oneOf(acting, acting.moments);
  if (!moment) return null;
  const name = oneOf(acting, ["kept", "kept/a", "kept/b"])!;
  const after = copyOf(acting.state);
  for (const repository of REPOSITORIES) {
    if (repository !== name && !repository.startsWith(`${name}/`)) continue;
    after.set(repository, repoOf(copyOf(moment.state), repository));
  }
  let planId: number | null = null;
  return {
    what: `restore ${name} to ${moment.seq}`,
    steps: 80,
    after,
    async run({ catalog, store, content }) {
      const { project, label, repository, manifest, tag, artifact_label } = content.restore;
      const named = { project, label, repository, manifest, tag, artifact_label };
      const kinds: RestorableKind[] = Object.entries(named).map(([kind, put]) => ({
        kind,
        restore: (commit, names, { sizes }) => put(commit, names, sizes),
      }));
      const planning = { catalog, store, kinds: Object.keys(named) };
      planId ??= await makePlan(planning, { name, seq: moment.seq }, ANN);
      const handler = restoreTask({
        catalog,
        store,
        kinds: new Map(kinds.map((kind) => [kind.kind, kind])),
      });
      await handler.run(taskRun({ planId, actor: ANN.name }));
    },
  };
}

/** A task's run that nobody aborts. */
function taskRun(
  payload: Readonly<Record<string, unknown>>,
): Parameters<ReturnType<typeof restoreTask>["run"]>[0] {
  const nobody = new AbortController().signal;
  const task = {
    id: 1,
    executionId: 1,
    kind: "restore",
    lane: "restore",
    payload,
    status: "Running",
    statusText: "",
    attempts: 1,
    progress: {},
    startTime: new Date(),
    endTime: null,
  } as const;
  return {
    task,
    execution: { id: 1, vendorId: 1, trigger: "manual" },
    attempt: 1,
    signal: nobody,
    draining: nobody,
    log: () => undefined,
    progress: () => undefined,
    addTasks: () => Promise.resolve(),
  };
}

/** The newest backup onto nothing: another database, another folder. */
function restoreElsewhere(acting: Acting): Act | null {
  const { world, backedUp, state } = acting;
  if (!backedUp) return null;
  const folder = `elsewhere-${(acting.restores += 1)}`;
  let database: Awaited<ReturnType<FaultWorld["newDatabase"]>> | null = null;
  return {
    what: "restore the backup elsewhere",
    steps: 300,
    after: state,
    async run({ objects }) {
      database ??= await world.newDatabase();
      const { disk } = world.machine;
      const root = world.folder(folder);
      const store = await openFileStore({ root, disk, earlyShards: false });
      const db = openDatabase(database);
      try {
        if (await hasNames(db)) return;
        const plan = await planBackupRestore(objects);
        await restoreBackup({ objects, plan, open: plain, db, store, keepSecrets: true });
      } finally {
        await db.destroy();
        await store.close().catch(() => undefined); // the machine may be down
      }
    },
    async check() {
      if (!database) return;
      const db = openDatabase(database);
      // All of it or nothing.
      const isThere = await hasNames(db);
      await db.destroy();
      if (!isThere) return;
      const catalog = await openCatalog({ ...database, maxConnections: 4 });
      const { disk } = world.machine;
      const store = await openFileStore({ root: world.folder(folder), disk, earlyShards: false });
      const names = await namesOf({ catalog });
      expect(names).toEqual(namesIn(backedUp));
      await allPull({ content: openContent({ catalog, store }) }, backedUp, names);
      await allSound({ catalog, store });
      await store.close();
      await catalog.close();
    },
  };
}

async function hasNames(db: ReturnType<typeof openDatabase>): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT to_regclass('journal') IS NOT NULL AS there`.execute(db);
  if (!rows[0]!.there) return false;
  return (await db.selectFrom("journal").select("seq").limit(1).execute()).length > 0;
}
