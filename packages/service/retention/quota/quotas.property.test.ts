import { randomBytes } from "node:crypto";
import { openContent } from "@entrepot/content";
import { compareWithTables } from "@entrepot/catalog";
import { seededRandom, seeds, testCatalog } from "@entrepot/catalog/testing";
import { RegistryError } from "@entrepot/oci";
import { bytesOf } from "@entrepot/registry";
import { pushSample, sampleBlob, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openQuotas, UNLIMITED } from "./quotas.ts";

const ACTOR = { name: "client", cause: "push" };
const KIB = 1024;

async function world(storage: number) {
  const { catalog, close } = await testCatalog();
  const content = openContent({ catalog, store: memoryStore() });
  const quotas = openQuotas(catalog);
  const id = await content.projects.create(ACTOR, { name: "team" });
  await content.projects.create(ACTOR, { name: "other" });
  await quotas.set(ACTOR, id, storage);
  const counted = async () => {
    const { rows } = await sql<{ used: number; recount: number; storage: number }>`
      SELECT used, storage, project_bytes(project_id) AS recount FROM quota
    `.execute(catalog.db);
    return rows[0]!;
  };
  return { catalog, content, quotas, id, counted, close };
}

/** What a push came to; anything but success and the quota's refusal is thrown. */
async function outcomeOf(push: Promise<unknown>): Promise<"pushed" | "refused" | "cut off"> {
  try {
    await push;
    return "pushed";
  } catch (error) {
    const { code, detail } = error as RegistryError;
    if (error instanceof RegistryError && code === "DENIED" && detail) return "refused";
    // The repository was deleted between its blobs and it.
    if (code === "MANIFEST_BLOB_UNKNOWN") return "cut off";
    throw error;
  }
}

const FILE = "packages/service/retention/quota/quotas.property.test.ts";

test.each(seeds(FILE, process.env))(
  "pushes at once never pass the limit, and what is counted is what is there: %s",
  async (replay, seed) => {
    const next = seededRandom(seed);
    const random = (below: number) => Math.floor(next() * below);
    const limit = 40 * KIB;
    const { catalog, content, quotas, id, counted, close } = await world(limit);
    const layers = Array.from({ length: 8 }, () => randomBytes(2 * KIB + random(4 * KIB)));
    const registry = content.as(ACTOR);
    const act = async (n: number): Promise<unknown> => {
      const repository = registry.repository(`${n % 9 === 8 ? "other" : "team"}/app-${n % 4}`);
      const kind = random(10);
      const blob = sampleBlob(layers[random(layers.length)]!).content;
      if (kind < 4) {
        return outcomeOf(pushSample(repository, sampleImage(), [`v${random(4)}`]));
      }
      if (kind < 7) {
        const bytes = layers.find((one) => sampleBlob(one).content.digest === blob.digest)!;
        return outcomeOf(repository.push(blob, bytesOf(bytes)));
      }
      if (kind < 8) return outcomeOf(repository.mount(blob));
      if (kind < 9) return repository.delete(`v${random(4)}`);
      return content.deleteRepository(ACTOR, `team/app-${random(4)}`);
    };
    try {
      for (let round = 0; round < 6; round++) {
        await Promise.all(Array.from({ length: 12 }, (_, n) => act(n)));
        const { used, recount, storage } = await counted();
        expect(used, replay).toBe(recount);
        expect(used, replay).toBeLessThanOrEqual(storage);
      }
      // A limit given while pushes are under way counts them, too.
      await quotas.set(ACTOR, id, UNLIMITED);
      const pushes = Array.from({ length: 8 }, (_, n) => act(n));
      await quotas.set(ACTOR, id, 400 * KIB);
      await Promise.all(pushes);
      const { used, recount } = await counted();
      expect(used, replay).toBe(recount);
      expect(await compareWithTables(catalog), replay).toEqual([]);
    } finally {
      await close();
    }
  },
  60_000,
);

test("one project's refusal is no other's failure, however closely they come", async () => {
  const { content, close } = await world(10);
  try {
    const registry = content.as(ACTOR);
    const push = (project: string) => {
      const bytes = randomBytes(KIB);
      const { content: blob } = sampleBlob(bytes);
      return outcomeOf(registry.repository(`${project}/app`).push(blob, bytesOf(bytes)));
    };
    const names = Array.from({ length: 20 }, (_, n) => (n % 2 ? "team" : "other"));
    const outcomes = await Promise.all(names.map(push));
    expect(outcomes).toEqual(names.map((name) => (name === "team" ? "refused" : "pushed")));
  } finally {
    await close();
  }
});

test("a shared blob counts once; below what is used only new bytes are refused", async () => {
  const { content, quotas, id, counted, close } = await world(100 * KIB);
  try {
    const registry = content.as(ACTOR);
    const bytes = randomBytes(30 * KIB);
    const { content: blob } = sampleBlob(bytes);
    const push = (name: string) => registry.repository(`team/${name}`).push(blob, bytesOf(bytes));
    await Promise.all(["a", "b", "c", "d"].map(push));
    expect((await counted()).used).toBe(30 * KIB);
    await quotas.set(ACTOR, id, 10 * KIB);
    await push("e");
    const more = randomBytes(1);
    const refused = registry.repository("team/a").push(sampleBlob(more).content, bytesOf(more));
    await expect(refused).rejects.toMatchObject({
      code: "DENIED",
      detail: { project: "team", used: 30 * KIB, limit: 10 * KIB, needed: 1 },
    });
    await registry.repository("team/a").deleteBlob(blob.digest);
    expect((await counted()).used).toBe(30 * KIB);
    for (const name of ["b", "c", "d", "e"]) {
      await registry.repository(`team/${name}`).deleteBlob(blob.digest);
    }
    expect((await counted()).used).toBe(0);
    await expect(quotas.set(ACTOR, id, 0)).rejects.toThrow(/not accepted/);
    expect(await quotas.set(ACTOR, 999_999, 1)).toBe(false);
  } finally {
    await close();
  }
});
