import type { Repository } from "@entrepot/registry";

/**
 * `target` as a copy of one name may fill it: content of all kinds, but no tag beside `reference`.
 * Other tags that a copy meets (cosign's, on what it brings) have tasks of their own, in lanes of
 * their own: brought along here, an older one could overwrite what its own task has just moved.
 *
 * Where it `sets` the tag, that is not looked at before: at a target that judges by clocks one that
 * names the digest already may do so by an older change.
 */
export function ownTagOnly(target: Repository, reference: string, sets: boolean): Repository {
  return {
    ...target,
    resolve: async (name) => (sets && name === reference ? null : target.resolve(name)),
    push: (content, bytes, tags = []) =>
      target.push(
        content,
        bytes,
        tags.filter((tag) => tag === reference),
      ),
    tag: async (tag, digest) => {
      if (tag === reference) await target.tag(tag, digest);
    },
  };
}
