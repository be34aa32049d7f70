import type { BlobStore } from "./ports.ts";

/**
 * `to`, while what lay in `from` is being moved there: what `to` lacks is read from `from`, which
 * gets nothing new and loses nothing. Uploads that were begun in `from` are not found: clients
 * begin them again. What is put into quarantine meanwhile is still found in `from`, as long as this
 * lasts; what is set aside as damaged is set aside in both.
 */
export function movingStore(from: BlobStore, to: BlobStore): BlobStore {
  const { locate } = to;
  return {
    stat: async (digest) => (await to.stat(digest)) ?? (await from.stat(digest)),
    async read(digest, range) {
      const isMoved = (await to.stat(digest)) !== null;
      return await (isMoved ? to : from).read(digest, range);
    },
    put: (digest, bytes) => to.put(digest, bytes),
    start: (scope, algorithm) => to.start(scope, algorithm),
    resume: (scope, id) => to.resume(scope, id),
    drafts: () => to.drafts(),
    sweepDrafts: (olderThanMs) => to.sweepDrafts(olderThanMs),
    quarantine: (digest) => to.quarantine(digest),
    quarantined: () => to.quarantined(),
    remove: (digest) => to.remove(digest),
    async setAside(digest) {
      const both = [await to.setAside(digest), await from.setAside(digest)];
      return both.includes(true);
    },
    list: (after) => inOrder(from.list(after), to.list(after)),
    ...(locate && {
      locate: async (digest) => ((await to.stat(digest)) === null ? null : locate(digest)),
    }),
  };
}

type Listed = ReturnType<BlobStore["list"]>;

/** Two lists in the order of digests as one; of what is in both, the second's. */
async function* inOrder(first: Listed, second: Listed): Listed {
  const [ones, others] = [first[Symbol.asyncIterator](), second[Symbol.asyncIterator]()];
  let [one, other] = [await ones.next(), await others.next()];
  while (!one.done || !other.done) {
    const isOnes = !one.done && (other.done || one.value.digest < other.value.digest);
    if (isOnes) {
      yield one.value!;
      one = await ones.next();
      continue;
    }
    const { digest } = other.value!;
    yield other.value!;
    other = await others.next();
    if (!one.done && one.value.digest === digest) one = await ones.next();
  }
}
