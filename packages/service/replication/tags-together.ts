import { type Descriptor, type Digest, RegistryError } from "@entrepot/oci";
import { bytesOf, collect, type Repository } from "@entrepot/registry";
import type { Origin, Site } from "./ports.ts";

/** Tags that go in one push at the most. */
const MOST_TAGS = 32;

/** A tag whose task waits for the artifact to be brought. */
export interface Waiting {
  readonly tag: string;
  readonly origin: Origin;
  /** It went along in another tag's push. */
  moved: boolean;
}

/** Tags that wait, by the artifact at its target. */
export interface WaitingTags {
  /** Waits from now on, until it is `left`. */
  wait(artifact: string, tag: string, origin: Origin): Waiting;
  leave(artifact: string, waiting: Waiting): void;
  /** Those that wait and have not been moved, at most `most`. */
  of(artifact: string, most: number): readonly Waiting[];
}

/** Tags that wait in this process. Its memory is that of the tasks that run. */
export function waitingTags(): WaitingTags {
  const waiting = new Map<string, Set<Waiting>>();
  return {
    wait(artifact, tag, origin) {
      const one: Waiting = { tag, origin, moved: false };
      const others = waiting.get(artifact) ?? new Set();
      waiting.set(artifact, others.add(one));
      return one;
    },
    leave(artifact, one) {
      const others = waiting.get(artifact);
      others?.delete(one);
      if (others?.size === 0) waiting.delete(artifact);
    },
    of: (artifact, most) =>
      [...(waiting.get(artifact) ?? [])].filter(({ moved }) => !moved).slice(0, most),
  };
}

/** What a push of several tags needs to know. */
export interface Together {
  readonly site: Pick<Site, "together">;
  readonly source: Pick<Repository, "fetch">;
  readonly content: Descriptor;
  readonly tag: string;
  readonly origin: Origin;
  readonly waiting: WaitingTags;
  /** What they wait for. */
  readonly artifact: string;
}

/**
 * `target`, which takes along whatever other tags wait for the same artifact when it is pushed or
 * tagged: each with its own origin and clock, in the one push that makes all of them. Where that
 * cannot be, the tag moves alone and the others follow by themselves.
 */
export function takingAlong(target: Repository, together: Together): Repository {
  const { source, content, tag } = together;
  const isOurs = (digest: Digest, tags: readonly string[]) =>
    digest === content.digest && tags.length === 1 && tags[0] === tag;
  return {
    ...target,
    async push(pushed, bytes, tags = []) {
      if (!isOurs(pushed.digest, tags)) return target.push(pushed, bytes, tags);
      const whole = await collect(bytes, pushed.size);
      if (await pushAll(target.name, together, whole)) return;
      await target.push(pushed, bytesOf(whole), tags);
    },
    async tag(name, digest) {
      const others =
        isOurs(digest, [name]) &&
        together.waiting.of(together.artifact, 2).some((other) => other.tag !== tag);
      if (others) {
        const whole = await collect(await source.fetch(content), content.size);
        if (await pushAll(target.name, together, whole)) return;
      }
      await target.tag(name, digest);
    },
  };
}

/** False if they cannot go together; then nothing has been changed. */
async function pushAll(name: string, together: Together, bytes: Uint8Array): Promise<boolean> {
  const { site, content, tag, origin, waiting, artifact } = together;
  const all = waiting.of(artifact, MOST_TAGS);
  const others = all.filter((other) => other.tag !== tag).slice(0, MOST_TAGS - 1);
  if (others.length === 0) return false;
  const registry = site.together?.([origin, ...others.map((other) => other.origin)]);
  if (!registry) return false;
  const tags = [tag, ...others.map((other) => other.tag)];
  try {
    await registry.repository(name).push(content, bytesOf(bytes), tags);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "BAD_REQUEST") return false;
    throw error;
  }
  for (const one of all) if (tags.includes(one.tag)) one.moved = true;
  return true;
}
