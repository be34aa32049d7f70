import { appendFile, mkdtemp, open, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, testCatalog } from "@entrepot/catalog/testing";
import type { Catalog } from "@entrepot/catalog";
import { type Content, openContent } from "@entrepot/content";
import type { Repository } from "@entrepot/registry";
import type { Digest } from "@entrepot/oci";
import { pushSample, type Sample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { SWEEP_BEGIN, sweepRun } from "@entrepot/retention";
import { type BlobStore, openStorage } from "@entrepot/storage";
import { sql } from "kysely";
import { expect } from "vitest";
import { CHECK_BEGIN, checkRun, type CheckState } from "./check-run.ts";
import { readFindings } from "./findings.ts";
import type { CheckParameters } from "./ports.ts";

const ANN = { name: "ann", cause: "test" };
const NO_LIMIT = { isLimited: false, take: async () => undefined };

/** A registry over PostgreSQL and a folder, which can be damaged behind its back. */
export async function checkWorld(seed = 1) {
  const { catalog, close } = await testCatalog();
  const folder = await mkdtemp(join(tmpdir(), "entrepot-check-"));
  const store = await openStorage(`file:${folder}`);
  const content = openContent({ catalog, store });
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  await content.projects.ensure(ANN, "library", true);
  await content.projects.ensure(ANN, "team", true);
  const context = { catalog, store, throttle: () => NO_LIMIT };
  const repository = (name: string) => content.as(ANN).repository(name);
  const acts = clientActs({ catalog, store, content, repository, random });

  /** A check's execution, which nobody works on. */
  async function begin(): Promise<number> {
    const { id } = await catalog.db
      .insertInto("execution")
      .values({ vendor: "CHECK", vendor_id: 1, trigger: "manual", actor: "ann", status: "Success" })
      .returning("id")
      .executeTakeFirstOrThrow();
    return id;
  }

  return {
    begin,
    catalog,
    store,
    content,
    context,
    folder,
    repository,
    async act(times: number) {
      for (let n = 0; n < times; n++) await acts[below(acts.length)]!();
    },
    /** A whole check, from `begin`; what it found, as `class name`. */
    async check(more: Partial<CheckParameters> = {}, from = CHECK_BEGIN, given?: number) {
      const parameters = { quick: false, scope: "", bytesPerSecond: 0, ...more };
      const id = given ?? (await begin());
      const run = checkRun(context, parameters, id);
      let state: CheckState = from;
      while (state.stage !== "done") state = await run.step(state);
      const { items } = await readFindings(catalog, id, { page: 1, pageSize: 1_000 });
      return {
        id,
        items,
        report: state.report,
        said: items.map((one) => `${one.class} ${one.name}`).toSorted(),
      };
    },
    ...damagesTo(folder),
    async close() {
      await store.close();
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Acting {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  readonly content: Content;
  readonly repository: (name: string) => Repository;
  readonly random: () => number;
}

/** What clients and garbage collection do. */
function clientActs({ catalog, store, content, repository, random }: Acting) {
  const below = (n: number) => Math.floor(random() * n);
  const someRepository = () => repository(`${["library", "team"][below(2)]}/app${below(3)}`);
  const pushed: Sample[] = [];
  const acts: (() => Promise<unknown>)[] = [
    () => push(sampleImage()),
    () => push(sampleIndex([sampleImage(), sampleImage()])),
    // Content that others have, too.
    () => push(pushed[below(pushed.length)] ?? sampleImage()),
    async () => {
      const [tag] = (await tagsOf(catalog.db)).toSorted(() => random() - 0.5);
      if (tag) await repository(tag.repository).delete(tag.name);
    },
    async () => {
      const [tag] = (await tagsOf(catalog.db)).toSorted(() => random() - 0.5);
      const named = tag && (await repository(tag.repository).resolve(tag.name));
      // What an index still needs is refused.
      if (named)
        await repository(tag.repository)
          .delete(named.digest)
          .catch(() => undefined);
    },
    () => pushSample(someRepository(), sampleImage().children[0]!),
    () => content.deleteRepository(ANN, `team/app${below(3)}`),
    sweep,
  ];
  async function push(sample: Sample) {
    pushed.push(sample);
    const place = someRepository();
    await pushSample(place, sample, [`t${below(5)}`]);
    if (below(3) === 0) await pushSample(place, sampleImage({ subject: sample.content }));
  }
  async function sweep() {
    const deleteUntagged = (name: string, digest: Digest) =>
      content.deleteUntagged(ANN, name, digest);
    const waits = { graceMs: 0, quarantineMs: 0, deleteUntagged };
    const asked = { dryRun: false, deleteUntagged: below(2) === 0, workers: 1 };
    const run = sweepRun({ catalog, store, ...waits }, asked);
    for (let state = SWEEP_BEGIN; state.stage !== "done";) state = await run.step(state);
  }
  return acts;
}

/** What can be done to the files under `folder` behind the registry's back. */
function damagesTo(folder: string) {
  const pathOf = (digest: Digest) => {
    const [algorithm, hex] = digest.split(":") as [string, string];
    return join(folder, "blobs", algorithm, hex.slice(0, 2), hex);
  };
  return {
    /** Flips the last bit of a blob's file. */
    async flip(digest: Digest) {
      const file = await open(pathOf(digest), "r+");
      const { size } = await file.stat();
      expect(size).toBeGreaterThan(0);
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
      await file.write(Buffer.from([buffer[0]! ^ 1]), 0, 1, size - 1);
      await file.close();
    },
    cut: (digest: Digest, size: number) => truncate(pathOf(digest), size),
    lengthen: (digest: Digest) => appendFile(pathOf(digest), "more"),
    lose: (digest: Digest) => rm(pathOf(digest)),
  };
}

/** See `checkWorld`. */
export type CheckWorld = Awaited<ReturnType<typeof checkWorld>>;

async function tagsOf(db: CheckWorld["catalog"]["db"]) {
  const { rows } = await sql<{ repository: string; name: string }>`
    SELECT r.name AS repository, t.name FROM tag t JOIN repository r ON r.id = t.repository_id
    ORDER BY 1, 2`.execute(db);
  return rows;
}
