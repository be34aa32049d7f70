import { type Digest, childrenOf, isNonDistributable, parseManifest } from "@entrepot/oci";
import { eachOf } from "@entrepot/registry";
import { sql } from "kysely";
import { checkBlob, missing, type Reading } from "./check-blob.ts";
import { type Expected, expectedDigests, expectedOf } from "./expected.ts";
import type { CheckContext, CheckParameters, NewFinding } from "./ports.ts";

/** Digests looked at in one step, unless told otherwise. */
const BATCH = 1_000;
/** Blobs read at a time: where they are small, it is not the disk that takes the time. */
const AT_ONCE = 8;
/** A step ends after so many bytes, so that a restart loses little. */
const STEP_BYTES = 2 ** 30;

/** What one step found; `next` is where the next one begins, null after the last. */
export interface BlobsStep {
  readonly next: string | null;
  readonly findings: NewFinding[];
  readonly verified: Digest[];
  readonly blobs: number;
  readonly blobsRead: number;
  readonly bytesRead: number;
}

/** What one step looks at. */
interface Batch {
  readonly queue: readonly Expected[];
  /** Of those that were listed. */
  readonly sizes: ReadonlyMap<Digest, number>;
  readonly next: string | null;
}

interface Stored {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * Goes through the store and the names in the order of digests, both at once, each blob read once.
 * Within a scope only what its names want is looked for. Other work goes on meanwhile: whatever
 * looks wrong is asked about again before it is told.
 */
export function walkBlobs(
  { catalog, store, batch = BATCH }: Pick<CheckContext, "catalog" | "store" | "batch">,
  { scope, quick }: CheckParameters,
  reading: Reading,
) {
  let listed: Listing | null = null;
  /** What the next step looks at, asked for while this one reads. */
  let ahead: { readonly after: string; readonly batch: Promise<Batch> } | null = null;

  const gather = async (after: string): Promise<Batch> => {
    listed ??= listing(
      scope === "" ? store.list(after === "" ? undefined : (after as Digest)) : [],
    );
    const wanted = await expectedDigests(catalog, scope, after, batch);
    const bound = wanted.length === batch ? wanted.at(-1)! : null;
    const stored = scope === "" ? await listed.upTo(bound, batch) : await sizesOf(store, wanted);
    const last = scope === "" && stored.length === batch ? stored.at(-1)!.digest : bound;
    const both = [...wanted, ...stored.map(({ digest }) => digest)];
    const digests = [...new Set(both)].filter((one) => last === null || one <= last).toSorted();
    const sizes = new Map(stored.map(({ digest, size }) => [digest, size]));
    const facts = await expectedOf(catalog, digests);
    const queue = withinBytes(facts, sizes, quick);
    if (queue.length === facts.length) return { queue, sizes, next: last };
    // What was listed and not looked at is listed again.
    listed = null;
    return { queue, sizes, next: queue.at(-1)!.digest };
  };

  return async (after: string): Promise<BlobsStep> => {
    const { queue, sizes, next } = await (ahead?.after === after ? ahead.batch : gather(after));
    ahead = next === null ? null : { after: next, batch: gather(next) };
    ahead?.batch.catch(() => undefined); // told by the next step, if there is one
    const found = { findings: [] as NewFinding[], verified: [] as Digest[], blobs: 0 };
    const sum = { blobsRead: 0, bytesRead: 0 };
    await eachOf(queue, AT_ONCE, async (expected) => {
      reading.signal?.throwIfAborted();
      found.blobs += 1;
      const size = sizes.get(expected.digest) ?? (await store.stat(expected.digest));
      if (size === null || !expected.named) {
        const finding = await again({ catalog, store }, expected);
        if (finding) found.findings.push(finding);
        return;
      }
      const { finding, read } = await checkBlob(reading, expected, size, quick);
      if (finding) {
        const confirmed = finding.class === "missing" || finding.class === "blob-row";
        const real = confirmed ? await again({ catalog, store }, expected, finding) : finding;
        if (real) found.findings.push(real);
      }
      if (read?.whole) found.verified.push(expected.digest);
      if (read) sum.blobsRead += 1;
      sum.bytesRead += read?.size ?? 0;
    });
    return { next, ...found, ...sum };
  };
}

/** The first of `facts` that weigh a step's worth, but one at least. */
function withinBytes(
  facts: readonly Expected[],
  sizes: ReadonlyMap<Digest, number>,
  quick: boolean,
): readonly Expected[] {
  if (quick) return facts;
  let bytes = 0;
  const end = facts.findIndex(({ digest }, i) => {
    bytes += sizes.get(digest) ?? 0;
    return i > 0 && bytes > STEP_BYTES;
  });
  return end < 0 ? facts : facts.slice(0, end);
}

/** What is still wrong with a blob that is missing, nobody's, or has another size than rows say. */
async function again(
  { catalog, store }: Pick<CheckContext, "catalog" | "store">,
  { digest }: Expected,
  finding?: NewFinding,
): Promise<NewFinding | null> {
  const [now] = await expectedOf(catalog, [digest]);
  const size = await store.stat(digest);
  if (finding?.class === "blob-row")
    return now!.sizes.some((one) => one !== finding.size) ? finding : null;
  if (size !== null) {
    if (now!.named) return null;
    const detail = "nothing names it; garbage collection removes it in time";
    return { class: "orphan", name: digest, size, detail };
  }
  if (!now!.needed) return null;
  if (now!.past && !(await isNeededByPast(catalog, digest))) return null;
  return missing(now!);
}

/** Whether a deleted manifest needs blob `digest` to be here: others are fetched from elsewhere. */
async function isNeededByPast({ db }: CheckContext["catalog"], digest: Digest): Promise<boolean> {
  const { rows } = await sql<{ media_type: string; bytes: Buffer }>`
    SELECT media_type, bytes FROM past_manifest p
    WHERE EXISTS (SELECT FROM past_reference r
      WHERE r.manifest = p.digest AND r.digest = ${digest} AND kind = 'blob')
    LIMIT 20`.execute(db);
  return rows.some(({ bytes, media_type }) =>
    childrenOf(parseManifest(bytes, media_type)).blobs.some(
      (blob) => blob.digest === digest && !isNonDistributable(blob),
    ),
  );
}

async function sizesOf(
  store: CheckContext["store"],
  digests: readonly Digest[],
): Promise<Stored[]> {
  const found: Stored[] = [];
  await eachOf(digests, AT_ONCE, async (digest) => {
    const size = await store.stat(digest);
    if (size !== null) found.push({ digest, size });
  });
  return found;
}

interface Listing {
  /** The next at most `most` blobs, none after `bound`. */
  upTo(bound: string | null, most: number): Promise<Stored[]>;
}

/** A list that is taken in pieces; the first that is beyond a bound waits for the next. */
function listing(all: AsyncIterable<Stored> | Iterable<Stored>): Listing {
  const items = Symbol.asyncIterator in all ? all[Symbol.asyncIterator]() : all[Symbol.iterator]();
  let ahead: Stored | null = null;
  return {
    async upTo(bound, most) {
      const taken: Stored[] = [];
      while (taken.length < most) {
        if (!ahead) {
          const { done, value } = await items.next();
          if (done) break;
          ahead = value as Stored;
        }
        if (bound !== null && ahead.digest > bound) break;
        taken.push(ahead);
        ahead = null;
      }
      return taken;
    },
  };
}
