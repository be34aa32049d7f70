import type { Catalog } from "@entrepot/catalog";
import { type Digest, isManifestType } from "@entrepot/oci";
import type { Registry } from "@entrepot/registry";
import { sql } from "kysely";

/** When manifests were last pulled, and how often. */
export interface Pulls {
  /**
   * `registry`, made for one request, whose manifests' readers are noted; `told` hears of each by
   * what it was asked for, a tag or a digest.
   */
  noting(
    registry: Registry,
    told: (repository: string, reference: string, digest: Digest) => void,
  ): Registry;
  /** Writes what has been noted. Repeating is safe. */
  flush(): Promise<void>;
  /** Forgets manifests that are not here any more. */
  forgetGone(): Promise<void>;
  /** Writes, and notes nothing more. */
  close(): Promise<void>;
}

/** What has been noted of one manifest and not written yet. */
interface Noted {
  readonly repository: string;
  readonly digest: Digest;
  at: number;
  count: number;
}

const FLUSH_MS = 5_000;
/** Manifests between two writes; the pulls of more are not counted. */
const MOST = 20_000;

/**
 * Notes pulls of `catalog`'s manifests and writes them behind the answers, all of five seconds in
 * one statement: a pull never waits for it, and a crash loses only these counts.
 */
export function openPulls(catalog: Catalog, onError: (error: unknown) => void): Pulls {
  let noted = new Map<string, Noted>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const flush = async () => {
    clearTimeout(timer);
    timer = undefined;
    const all = [...noted.values()];
    noted = new Map();
    if (all.length > 0) await write(catalog, all);
  };

  const note = (repository: string, digest: Digest) => {
    const key = `${repository}@${digest}`;
    const known = noted.get(key);
    if (known) {
      known.at = Date.now();
      known.count++;
      return;
    }
    if (isClosed || noted.size >= MOST) return;
    noted.set(key, { repository, digest, at: Date.now(), count: 1 });
    timer ??= setTimeout(() => void flush().catch(onError), FLUSH_MS).unref();
  };

  return {
    noting: (registry, told) => ({
      ...registry,
      repository(name) {
        const inner = registry.repository(name);
        let asked: string | undefined;
        return {
          ...inner,
          resolve(reference) {
            asked = reference;
            return inner.resolve(reference);
          },
          async fetch(content, range) {
            const bytes = await inner.fetch(content, range);
            if (isManifestType(content.mediaType)) {
              note(name, content.digest);
              told(name, asked ?? content.digest, content.digest);
            }
            return bytes;
          },
        };
      },
    }),
    flush,
    async forgetGone() {
      await sql`
        DELETE FROM pulled WHERE NOT EXISTS (SELECT FROM manifest
          JOIN repository ON repository.id = manifest.repository_id
          WHERE repository.name = pulled.repository AND manifest.digest = pulled.digest)
      `.execute(catalog.db);
    },
    close: async () => {
      isClosed = true;
      await flush();
    },
  };
}

async function write({ db }: Catalog, all: readonly Noted[]): Promise<void> {
  // In one order everywhere, so that two nodes do not wait for each other.
  const sorted = all.toSorted((a, b) =>
    `${a.repository}@${a.digest}` < `${b.repository}@${b.digest}` ? -1 : 1,
  );
  await sql`
    INSERT INTO pulled (repository, digest, at, count)
    SELECT * FROM unnest(
      ${sorted.map(({ repository }) => repository)}::text[],
      ${sorted.map(({ digest }) => digest)}::text[],
      ${sorted.map(({ at }) => new Date(at))}::timestamptz[],
      ${sorted.map(({ count }) => count)}::bigint[])
    ON CONFLICT (repository, digest) DO UPDATE
    SET at = greatest(pulled.at, excluded.at), count = pulled.count + excluded.count
  `.execute(db);
}
