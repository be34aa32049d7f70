import { RegistryError } from "@entrepot/oci";
import type { ObjectStore } from "@entrepot/storage";
import { askedOf, listedIn } from "./copy-blobs.ts";
import { type Conversion, plain } from "./encryption.ts";
import type { BlobLine, TargetFile } from "./format.ts";
import { readPart, readParts } from "./parts.ts";
import { type Chain, type Kept, readChains, readTargetFile } from "./target-objects.ts";

/** Which moment to restore; neither: the newest. */
export interface RestorePoint {
  readonly at?: Date | undefined;
  readonly seq?: number | undefined;
  /**
   * Where no state in the backup is exactly that moment: the next one after it, whose journal tells
   * how to go back. Else the newest that is not later.
   */
  readonly exact?: boolean | undefined;
  /** Moments before the first snapshot, too: as far back as its journal tells. */
  readonly byHistory?: boolean | undefined;
}

/** What a restore is going to do, and what stands in its way. */
export interface RestorePlan {
  readonly registry: string;
  readonly encrypted: boolean;
  readonly snapshot: string;
  /** The snapshot and the segments that are applied, in order. */
  readonly links: readonly Kept[];
  readonly timeline: number;
  /** The moment that comes back. */
  readonly seq: number;
  readonly at: string;
  /** Parts of names, in bytes as stored. */
  readonly namesBytes: number;
  readonly blobCount: number;
  readonly blobBytes: number;
  /** What the registry itself no longer had when it was backed up, although an image needs it. */
  readonly absentCount: number;
  /** Missing or damaged pieces, the first 1,000, and how many there are. */
  readonly problems: readonly string[];
  readonly problemCount: number;
}

const MOST_PROBLEMS = 1_000;

/**
 * What restoring `point` from `objects` takes. Every manifest file and every part of names is read
 * and checked; of blobs, whether they are there and as long as they should be. Changes nothing.
 * Throws NOT_FOUND where there is no backup of that moment.
 */
export async function planBackupRestore(
  objects: ObjectStore,
  point: RestorePoint = {},
): Promise<RestorePlan> {
  const { target, links, problems } = await chooseLinks(objects, point);
  if (target.scope) {
    throw new RegistryError(
      "PRECONDITION",
      `this backup holds ${target.scope.join(", ")} alone; bring that into a registry that runs: ` +
        "'entrepot restore --from … --project …' or '--repository …'",
    );
  }
  return await checkChain(objects, links, problems, target);
}

/**
 * The snapshot and the segments that hold `point`, in order, and what is wrong with newer ones
 * where the newest was asked for. Throws NOT_FOUND where there is no backup of that moment.
 */
export async function chooseLinks(
  objects: ObjectStore,
  point: RestorePoint,
): Promise<{
  readonly target: TargetFile;
  readonly links: readonly Kept[];
  readonly problems: readonly string[];
}> {
  const target = await readTargetFile(objects);
  const chains = await readChains(objects);
  const before = chosenFor(chains, point);
  const chosen = before && point.exact ? exactFor(chains, before, point) : before;
  if (!chosen && point.byHistory) {
    const first = chains.find(({ links }) => links.length > 0)?.links[0];
    if (first) return { target, links: [first], problems: [] };
  }
  if (!chosen) throw notCovered(chains);
  const newest = point.at === undefined && point.seq === undefined;
  const since = newest ? chains.slice(chains.indexOf(chosen.chain)) : [];
  return { target, links: chosen.links, problems: since.flatMap((chain) => chain.problems) };
}

/** Checks `links`, which follow each other; `known` is what is wrong with them already. */
export async function checkChain(
  objects: ObjectStore,
  links: readonly Kept[],
  known: readonly string[],
  target: { readonly registry: string; readonly recipients: readonly string[] },
): Promise<RestorePlan> {
  const problems = problemList();
  for (const problem of known) problems.add(problem);
  const encrypted = target.recipients.length > 0;
  let blobCount = 0;
  let blobBytes = 0;
  let absentCount = 0;
  for (const { manifest } of links) {
    if (manifest.registry !== target.registry) {
      problems.add(`snapshot ${manifest.snapshot} is of another registry, ${manifest.registry}`);
    }
    for (const part of [...manifest.names, ...manifest.blobs]) {
      await readPart(objects, part).catch(problems.note);
    }
    absentCount += manifest.absent.filter(({ needed }) => needed).length;
    const absent = new Set(manifest.absent.map(({ digest }) => digest));
    // A snapshot's list is in the order of the target's own; a segment's is short.
    const isThere = manifest.n === 0 ? listedIn(objects, encrypted) : askedOf(objects, encrypted);
    try {
      for await (const line of readParts<BlobLine>(objects, manifest.blobs, plain)) {
        if (absent.has(line.digest)) continue;
        blobCount += 1;
        blobBytes += line.size ?? 0;
        if (!(await isThere(line))) problems.add(`blob ${line.digest} is missing or cut short`);
      }
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error; // told above, with the part
    }
  }
  const { manifest } = links.at(-1)!;
  const parts = links.flatMap((link) => link.manifest.names);
  return {
    registry: target.registry,
    encrypted,
    snapshot: manifest.snapshot,
    links,
    timeline: manifest.timeline,
    seq: manifest.to,
    at: manifest.at,
    namesBytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    blobCount,
    blobBytes,
    absentCount,
    problems: problems.shown,
    problemCount: problems.count(),
  };
}

/**
 * Throws INTEGRITY unless `open` opens what `links` hold: so that a wrong key is known before
 * anything is changed.
 */
export async function checkKey(
  objects: ObjectStore,
  { links }: Pick<RestorePlan, "links">,
  open: Conversion,
): Promise<void> {
  const [first] = links.flatMap(({ manifest }) => manifest.names);
  if (!first) return;
  for await (const _ of readParts(objects, [first], open)) return;
}

/** Problems, of which the first 1,000 are kept in words. */
export function problemList() {
  const shown: string[] = [];
  let count = 0;
  const add = (text: string) => {
    count += 1;
    if (shown.length < MOST_PROBLEMS) shown.push(text);
  };
  return {
    shown,
    count: () => count,
    add,
    /** For a `catch`: damage is noted, everything else thrown. */
    note: (error: unknown) => {
      if (!(error instanceof RegistryError) || error.code !== "INTEGRITY") throw error;
      add(error.message);
    },
  };
}

/** States in a chain, the last of which is what is restored. */
interface Chosen {
  readonly chain: Chain;
  readonly links: readonly Kept[];
}

/** The newest chain that covers the moment, with its links up to it. */
function chosenFor(chains: readonly Chain[], { at, seq }: RestorePoint): Chosen | null {
  for (const chain of chains.toReversed()) {
    const links = chain.links.filter(
      ({ manifest }) =>
        (at === undefined || Date.parse(manifest.at) <= at.getTime()) &&
        (seq === undefined || manifest.to <= seq),
    );
    if (links.length > 0) return { chain, links };
  }
  return null;
}

/** `before`, if it is the moment or nothing came after it; else with the next state added. */
function exactFor(chains: readonly Chain[], before: Chosen, { at, seq }: RestorePoint): Chosen {
  const { manifest } = before.links.at(-1)!;
  if (seq === manifest.to || at?.getTime() === Date.parse(manifest.at)) return before;
  const inChain = before.chain.links[before.links.length];
  const chain = inChain
    ? before.chain
    : chains.slice(chains.indexOf(before.chain) + 1).find(({ links }) => links.length > 0);
  const next = inChain ?? chain?.links[0];
  if (!chain || !next) return before;
  // Of what is no name, nothing tells more exactly when it changed.
  if (next.manifest.to === manifest.to) return before;
  return { chain, links: inChain ? [...before.links, next] : [next] };
}

function notCovered(chains: readonly Chain[]): RegistryError {
  const broken = chains.flatMap(({ problems }) => problems)[0];
  const first = chains.find(({ links }) => links.length > 0)?.links[0]?.manifest;
  const why = first
    ? `the earliest moment here is ${first.at} (seq ${first.to})`
    : (broken ?? "there is no whole snapshot here; run a backup first");
  return new RegistryError("NOT_FOUND", `no backup covers this: ${why}`);
}
