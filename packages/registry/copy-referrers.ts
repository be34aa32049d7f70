import {
  cosignSuffixes,
  cosignTagOf,
  isIndexType,
  RegistryError,
  type Descriptor,
} from "@entrepot/oci";
import { step, type Copy } from "./copy.ts";
import { eachOf } from "./each-of.ts";
import { listOf, pages } from "./page.ts";
import { NESTING_LIMIT, readGraph } from "./read-graph.ts";

/** Most referrers that travel with one manifest. */
export const REFERRER_LIMIT = 10_000;

/** What hangs on a manifest: by its subject, or by cosign's `tag`. */
interface Attached {
  readonly content: Descriptor;
  readonly tag?: string;
}

/**
 * Copies what refers to `root` and to every manifest within it, then what refers to those, by
 * `copyManifest`. The source is asked for referrers and three tags per manifest. Throws UNSUPPORTED
 * beyond REFERRER_LIMIT, and where referrers refer to referrers deeper than NESTING_LIMIT.
 */
export async function copyReferrers(
  copy: Copy,
  root: Descriptor,
  copyManifest: (copy: Copy, content: Descriptor, tag?: string) => Promise<void>,
): Promise<void> {
  const seen = new Set<string>();
  let subjects = await manifestsWithin(copy, root);
  for (let depth = 0; subjects.length > 0; depth++) {
    if (depth > NESTING_LIMIT) throw tooMany(root, `deeper than ${NESTING_LIMIT}`);
    const found: Attached[] = [];
    await eachOf(subjects, copy.concurrency, async (subject) => {
      found.push(...(await attachedTo(copy, subject)));
    });
    subjects = [];
    for (const { content, tag } of found) {
      const key = `${content.digest} ${tag ?? ""}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > REFERRER_LIMIT) throw tooMany(root, `more than ${REFERRER_LIMIT}`);
      await copyManifest(copy, content, tag);
      subjects.push(content);
    }
  }
}

/** `root` and, if it is an index, the manifests below it. Only indexes need reading for that. */
async function manifestsWithin(copy: Copy, root: Descriptor): Promise<Descriptor[]> {
  const graph = await readGraph(copy, root, async ({ mediaType }) => !isIndexType(mediaType));
  return [...graph.manifests.flat().map((manifest) => manifest.content), ...graph.skipped];
}

async function attachedTo(copy: Copy, subject: Descriptor): Promise<Attached[]> {
  const { source } = copy;
  const { digest } = subject;
  const bySubject = step(copy, `reading referrers of ${digest}`, async () => {
    const referrers = pages((query) => source.referrers(digest, query), REFERRER_LIMIT + 1);
    return (await listOf(referrers)).map((content): Attached => ({ content }));
  });
  const byTag = cosignSuffixes.map(async (suffix): Promise<Attached[]> => {
    const tag = `${cosignTagOf(digest)}.${suffix}`;
    const content = await step(copy, `looking for tag ${tag}`, () => source.resolve(tag));
    return content ? [{ content, tag }] : [];
  });
  return (await Promise.all([bySubject, ...byTag])).flat();
}

function tooMany(root: Descriptor, what: string): RegistryError {
  return new RegistryError(
    "UNSUPPORTED",
    `the referrers of ${root.digest} are ${what}; copy them without their subject`,
  );
}
