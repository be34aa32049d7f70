import { restoreMembers } from "@entrepot/access";
import { type Catalog, replayJournal } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { type Content, openContent } from "@entrepot/content";
import { type Jobs, openJobs } from "@entrepot/jobs";
import type { BlobStore } from "@entrepot/storage";
import { memoryStore } from "@entrepot/storage/memory";
import { expect } from "vitest";
import { openRestores, type Restores, type RestoresOptions } from "./open-restores.ts";
import type { RestorableKind, RestoreRequest } from "./ports.ts";

/** A registry without a server, whose names can be put back. */
export interface World {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  readonly content: Content;
  readonly jobs: Jobs;
  readonly restores: Restores;
  close(): Promise<void>;
}

/** Opens an empty one. `beforeTags` is called once tags have been put back, before that counts. */
export async function openWorld(
  more: Partial<RestoresOptions> = {},
  beforeTags: () => void = () => undefined,
): Promise<World> {
  const { catalog, close } = await testCatalog();
  const store = memoryStore();
  const content = openContent({ catalog, store });
  const jobs = await openJobs({ catalog, log: () => undefined });
  const { project, label, repository, manifest, tag, artifact_label } = content.restore;
  const named = { project, label, repository, manifest, tag, artifact_label };
  const kinds: RestorableKind[] = Object.entries(named).map(([kind, put]) => ({
    kind,
    async restore(commit, names, { sizes }) {
      const left = await put(commit, names, sizes);
      if (kind === "tag") beforeTags();
      return left;
    },
  }));
  kinds.splice(2, 0, { kind: "member", restore: restoreMembers });
  const restores = openRestores({ catalog, store, jobs, kinds, ...more });
  await jobs.start({ workers: 1 });
  const closeAll = async () => {
    await jobs.stop();
    await close();
  };
  return { catalog, store, content, jobs, restores, close: closeAll };
}

/** All names that a restore puts back, by `kind key`, with what the journal says of them. */
export async function stateAt(
  { catalog }: Pick<World, "catalog">,
  seq: number,
): Promise<Map<string, string>> {
  const entries = await catalog.entries(0, 1_000_000);
  const state = replayJournal(entries.filter((entry) => entry.seq <= seq));
  const all = new Map<string, string>();
  for (const [kind, names] of state) {
    for (const [key, image] of names) all.set(`${kind} ${key}`, JSON.stringify(image));
  }
  return all;
}

/** Plans `request` and carries it out. Returns the execution's id; fails if that does not. */
export async function restore(at: World, request: RestoreRequest): Promise<number> {
  const actor = { name: "admin", cause: "test" };
  const plan = await at.restores.plan(request, actor);
  const id = await at.restores.execute(plan.id, actor);
  for (;;) {
    const execution = await at.jobs.execution(id);
    if (execution!.status === "Success") return id;
    if (execution!.status !== "Running") {
      const { items } = await at.jobs.tasks({ executionId: id, page: 1, pageSize: 1 });
      expect.fail(items[0]!.statusText);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
