import {
  type Children,
  childrenOf,
  type Descriptor,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import { collect, eachOf, verified } from "@entrepot/registry";
import type { Sides } from "./compare.ts";
import type { Decision } from "./plan-run.ts";

/** Artifacts looked into at a time. */
const AT_ONCE = 8;
/** Questions to both sides for one estimate, unless told. An artifact that is begun is finished. */
export const MOST_QUESTIONS = 5_000;

/** What a plan would move, in bytes. What refers to the artifacts (signatures) is not counted. */
export interface Estimate {
  readonly bytesToSend: number;
  /** Already at the target, as far as it was looked at: below a manifest that is there, nothing. */
  readonly bytesThere: number;
  /** The target can take it from another of its repositories. */
  readonly bytesMountable: number;
  /** Artifacts that were not looked into, since there were too many: the figures are partial. */
  readonly artifactsLeftOut: number;
}

/** An estimate that grows with a plan. */
export interface GrowingEstimate {
  /** Looks into what `decisions` would copy: what is there, and what can be mounted? */
  add(decisions: readonly Decision[]): Promise<void>;
  readonly sum: Estimate;
}

/** An estimate of nothing yet. Copies nothing; asks at most about `questions` times. */
export function openEstimate(sides: Sides, questions = MOST_QUESTIONS): GrowingEstimate {
  const sum = { bytesToSend: 0, bytesThere: 0, bytesMountable: 0, artifactsLeftOut: 0 };
  const seen = new Set<string>();
  let left = questions;
  const { rules, signal, target: to } = sides;

  const isNew = (target: string, { digest }: Descriptor) => {
    const before = seen.size;
    return seen.add(`${target}@${digest}`).size > before;
  };
  const ask = <T>(question: () => Promise<T>): Promise<T | null> => {
    signal.throwIfAborted();
    left--;
    return orNull(question);
  };

  async function addManifest(from: string, target: string, content: Descriptor): Promise<void> {
    if (!isNew(target, content)) return;
    const source = sides.source.registry(rules.origin).repository(from);
    const repository = to.registry(rules.origin).repository(target);
    if (await ask(() => repository.resolve(content.digest))) {
      sum.bytesThere += content.size;
      return;
    }
    const children = await ask(() => readChildren(source, content));
    sum.bytesToSend += content.size;
    for (const child of children?.manifests ?? []) await addManifest(from, target, child);
    for (const blob of children?.blobs ?? []) {
      if (!isNew(target, blob)) continue;
      const there = await ask(() => repository.stat(blob.digest));
      if (there?.size === blob.size) sum.bytesThere += blob.size;
      else if (await ask(async () => to.mountFrom?.(blob))) sum.bytesMountable += blob.size;
      else sum.bytesToSend += blob.size;
    }
  }

  return {
    sum,
    async add(decisions) {
      const copies = decisions.filter(({ step }) => step?.operation === "copy");
      await eachOf(copies, AT_ONCE, async ({ repository, target, atSource }) => {
        if (seen.has(`${target}@${atSource}`)) return;
        if (left <= 0) return void sum.artifactsLeftOut++;
        const source = sides.source.registry(rules.origin).repository(repository);
        const content = await ask(() => source.resolve(atSource!));
        if (content) await addManifest(repository, target, content);
      });
    },
  };
}

async function readChildren(
  source: Pick<ReturnType<ReturnType<Sides["source"]["registry"]>["repository"]>, "fetch">,
  content: Descriptor,
): Promise<Children> {
  const bytes = await collect(verified(await source.fetch(content), content), MANIFEST_LIMIT_BYTES);
  return childrenOf(parseManifest(bytes, content.mediaType));
}

/** Null for what, or whose repository, is not there. */
async function orNull<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    return (await question()) ?? null;
  } catch (error) {
    const code = error instanceof RegistryError ? error.code : "";
    if (["NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"].includes(code)) return null;
    throw error;
  }
}
