import type { Catalog } from "@entrepot/catalog";
import {
  algorithmOf,
  asDigest,
  type Bytes,
  type Digest,
  digestOf,
  RegistryError,
} from "@entrepot/oci";
import { bytesOf, eachOf, orCancelled } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { sql } from "kysely";
import { readBlob } from "./check-blob.ts";
import { expectedOf } from "./expected.ts";
import type { Copies, Copy, Finding } from "./ports.ts";

/** Blobs whose copies are looked for at a time. */
const AT_ONCE = 4;
/** How long one place may take to say whether it has a blob. */
const ASK_MS = 15_000;
const DATABASE: Copy = { kind: "database", id: 0, repository: "", label: "the database" };
const STORE: Copy = { kind: "store", id: 0, repository: "", label: "the blob store" };

type Source = Pick<Catalog, "db">;

/** `others`, and before them what the database and the store have themselves. */
export function copiesNearby({ db }: Source, store: BlobStore, others: Copies): Copies {
  const manifest = async (digest: Digest): Promise<Buffer | null> => {
    const { rows } = await sql<{ bytes: Buffer }>`
      SELECT bytes FROM manifest WHERE digest = ${digest}
      UNION ALL SELECT bytes FROM past_manifest WHERE digest = ${digest}`.execute(db);
    return rows.find(({ bytes }) => isOf(bytes, digest))?.bytes ?? null;
  };
  return {
    async places(wanted) {
      const read = await readBlob({ store }, wanted.digest);
      return [DATABASE, ...(read?.whole ? [STORE] : []), ...(await others.places(wanted))];
    },
    async stat(copy, digest) {
      if (copy.kind === "database") return (await manifest(digest))?.length ?? null;
      return copy.kind === "store" ? store.stat(digest) : others.stat(copy, digest);
    },
    async fetch(copy, content): Promise<Bytes> {
      if (copy.kind === "store") return store.read(content.digest);
      if (copy.kind !== "database") return others.fetch(copy, content);
      const bytes = await manifest(content.digest);
      if (bytes) return bytesOf(bytes);
      throw new RegistryError("MANIFEST_UNKNOWN", `${content.digest} is not in the database`);
    },
  };
}

/** Which of the places where the bytes of `findings` may be say that they have them. */
export async function findCopies(
  catalog: Source,
  copies: Copies,
  findings: readonly Pick<Finding, "name" | "size">[],
  signal?: AbortSignal,
): Promise<Map<Digest, Copy[]>> {
  const found = new Map<Digest, Copy[]>();
  await eachOf(findings, AT_ONCE, async ({ name, size }) => {
    const digest = asDigest(name.slice(name.indexOf("@") + 1));
    if (!digest || found.has(digest)) return;
    const having: Copy[] = [];
    found.set(digest, having);
    const [facts] = await expectedOf(catalog, [digest]);
    const repositories = await reposOf(catalog, digest, facts!.repositories);
    for (const copy of await copies.places({ digest, size, repositories })) {
      // Sizes that rows tell may be wrong, too; the digest decides when it is fetched.
      if ((await asked(copies, copy, digest, signal)) !== null) having.push(copy);
    }
  });
  return found;
}

/** Null too where that place cannot be asked, or takes too long. */
export async function asked(
  copies: Pick<Copies, "stat">,
  copy: Copy,
  digest: Digest,
  signal?: AbortSignal,
): Promise<number | null> {
  const until = AbortSignal.any([AbortSignal.timeout(ASK_MS), ...(signal ? [signal] : [])]);
  try {
    return await orCancelled(copies.stat(copy, digest), until);
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}

/** Repositories with a blob, or with a manifest or one that refers to it. */
async function reposOf(
  { db }: Source,
  digest: Digest,
  known: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT DISTINCT r.name FROM manifest m JOIN repository r ON r.id = m.repository_id
    WHERE m.digest = ${digest} OR m.id IN
      (SELECT manifest_id FROM manifest_reference f WHERE f.digest = ${digest})
    LIMIT 20`.execute(db);
  return [...new Set([...known, ...rows.map(({ name }) => name)])];
}

function isOf(bytes: Buffer, digest: Digest): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest;
}
