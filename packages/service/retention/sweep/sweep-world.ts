import { testCatalog } from "@entrepot/catalog/testing";
import { openContent } from "@entrepot/content";
import type { Digest } from "@entrepot/oci";
import { bytesOf, type Repository } from "@entrepot/registry";
import { type Sample, sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import type { BlobStore } from "@entrepot/storage";
import { memoryStore } from "@entrepot/storage/memory";
import { sql } from "kysely";
import { expect } from "vitest";
import type { SweepContext } from "./sweep-run.ts";

/** An hour. */
export const HOUR_MS = 3_600_000;
/** A day. */
export const DAY_MS = 24 * HOUR_MS;
/** The grace, and the time in quarantine. */
export const GRACE_MS = 24 * HOUR_MS;
/** The recovery window of each project, in days. */
export const DAYS = { library: 3, long: 9, short: 1 } as const;
/** What clients push to. */
export const REPOSITORIES = ["library/a", "library/b", "long/c", "short/d"] as const;

/** That a repository had an image from one moment to another. */
export interface Span {
  readonly repository: string;
  readonly image: Sample;
  /** When it ended, by the world's clock, and the seq that ended it; null: it is there. */
  endedAt: number | null;
  endSeq: number;
  readonly tags: Set<string>;
}

/** A registry over PostgreSQL with a clock of its own, and a memory of all that it ever had. */
export async function sweepWorld(random: () => number, keeping?: BlobStore) {
  let time = Date.now();
  const test = await testCatalog({ clock: () => new Date(time) });
  const { catalog } = test;
  const store = keeping ?? memoryStore({ now: () => time });
  const content = openContent({ catalog, store });
  const actor = { name: "client", cause: "test" };
  await catalog.db
    .insertInto("setting")
    .values({ key: "recovery_days", value: JSON.stringify(DAYS.library) })
    .execute();
  for (const [name, days] of Object.entries(DAYS)) {
    const own = name === "library" ? {} : { metadata: { recovery_days: String(days) } };
    await content.projects.create(actor, { name, public: true, ...own });
  }
  const context: SweepContext = {
    catalog,
    store,
    graceMs: GRACE_MS,
    quarantineMs: GRACE_MS,
    deleteUntagged: (repository, digest) => content.deleteUntagged(actor, repository, digest),
  };
  return {
    ...test,
    store,
    context,
    random,
    images: someImages(random),
    spans: [] as Span[],
    pick: <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!,
    repository: (name: string) => content.as(actor).repository(name),
    now: () => time,
    pass: (ms: number) => void (time += ms),
  };
}

/** See `sweepWorld`. */
export type SweepWorld = Awaited<ReturnType<typeof sweepWorld>>;

/** Images that share layers, and indexes of some. Each its own content, so that seeds replay. */
function someImages(random: () => number): Sample[] {
  const bytes = () => String(random());
  const layers = Array.from({ length: 5 }, () => sampleBlob(bytes()));
  const images = Array.from({ length: 7 }, (_, n) =>
    sampleImage({ config: sampleBlob(bytes()), annotations: { n: bytes() } }, [
      layers[n % 5]!,
      layers[(n * 2 + 1) % 5]!,
    ]),
  );
  const annotations = { made: bytes() };
  return [...images, sampleIndex(images.slice(0, 2), { annotations })];
}

/** Every digest that an image consists of, its own included. */
export function partsOf(image: Sample): Digest[] {
  return [image.content.digest, ...image.children.flatMap(partsOf)];
}

/** Images of which `image` consists, itself the last. */
export function imagesIn(image: Sample): Sample[] {
  const isIndex = image.content.mediaType.includes("index");
  return isIndex ? [...image.children, image] : [image];
}

/** Everything that is there can be pulled, byte for byte. */
export async function allPulls(world: SweepWorld): Promise<void> {
  for (const { repository: name, image, tags, endedAt } of world.spans) {
    if (endedAt !== null) continue;
    const repository = world.repository(name);
    for (const tag of tags) {
      expect((await repository.resolve(tag))?.digest).toBe(image.content.digest);
    }
    await pulls(repository, image);
  }
}

async function pulls(repository: Repository, image: Sample): Promise<void> {
  const bytes: Uint8Array[] = [];
  for await (const piece of await repository.fetch(image.content)) bytes.push(Buffer.from(piece));
  expect(Buffer.concat(bytes).equals(image.bytes)).toBe(true);
  for (const child of image.children) await pulls(repository, child);
}

/** Whether history, or a hold from `holds`, still needs what a span ended with. */
export function isHeld(world: SweepWorld, span: Span, holds: readonly number[]): boolean {
  if (span.endedAt === null) return true;
  const days = DAYS[span.repository.split("/", 1)[0] as keyof typeof DAYS];
  return span.endedAt + days * DAY_MS > world.now() || holds.some((seq) => span.endSeq > seq);
}

/** What is held lies in the store or in quarantine, and its manifests in the database. */
export async function heldIsThere(world: SweepWorld, holds: readonly number[]): Promise<void> {
  const { db } = world.catalog;
  const there = new Set<string>();
  for await (const { digest } of world.store.list()) there.add(digest);
  for await (const { digest } of world.store.quarantined()) there.add(digest);
  const { rows } = await sql<{ digest: string }>`
    SELECT digest FROM manifest UNION SELECT digest FROM past_manifest`.execute(db);
  const manifests = new Set(rows.map((row) => row.digest));
  for (const span of world.spans.filter((one) => isHeld(world, one, holds))) {
    const missing = partsOf(span.image).filter((digest) => !there.has(digest));
    expect([span.repository, span.endedAt, missing]).toEqual([span.repository, span.endedAt, []]);
    expect(manifests).toContain(span.image.content.digest);
  }
}

/** Puts an image back as a restore does: by what the past says of it, over the rows it needs. */
export async function restoreImage(world: SweepWorld, span: Span): Promise<boolean> {
  const { db } = world.catalog;
  const { digest } = span.image.content;
  const past = await db
    .selectFrom("past_manifest")
    .select("bytes")
    .where("digest", "=", digest)
    .executeTakeFirst();
  if (!past) return false;
  const blobs = await db
    .selectFrom("past_reference")
    .select("digest")
    .where("manifest", "=", digest)
    .where("kind", "=", "blob")
    .execute();
  for (const blob of blobs) {
    const size = await world.store.stat(blob.digest as Digest);
    if (size === null) return false;
    await sql`
      INSERT INTO repository_blob (repository, digest, size, project_id)
      SELECT ${span.repository}, ${blob.digest}, ${size}, id FROM project
      WHERE name = split_part(${span.repository}, '/', 1)
      ON CONFLICT (repository, digest) DO UPDATE SET condemned_at = NULL
    `.execute(db);
  }
  const repository = world.repository(span.repository);
  await repository.push(span.image.content, bytesOf(past.bytes), ["restored"]);
  return true;
}
