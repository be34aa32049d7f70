import { isManifestType } from "@entrepot/oci";
import type { Repository } from "./ports.ts";

/** A repository that notes what it is asked, as `stat`, `push blob`, `push manifest`, … */
export interface Recorded {
  readonly repository: Repository;
  /** In order of arrival. */
  readonly calls: readonly string[];
  /** How often each was called. */
  counts(): Readonly<Record<string, number>>;
}

/** `repository`, with a note of every call. For tests. */
export function recorded(repository: Repository): Recorded {
  const calls: string[] = [];
  const noting = before(repository, async (method, [content]) => {
    calls.push(method === "push" ? `push ${kindOf(content)}` : method);
  });
  return {
    repository: noting,
    calls,
    counts() {
      const counts: Record<string, number> = {};
      for (const call of calls) counts[call] = (counts[call] ?? 0) + 1;
      return counts;
    },
  };
}

/** `repository`, whose pushes, mounts and tags all fail after the first `n`. For tests. */
export function cutOffAfter(n: number, repository: Repository): Repository {
  let left = n;
  return before(repository, async (method) => {
    if (!["push", "mount", "tag"].includes(method)) return;
    if (left-- <= 0) throw new Error(`cut off after ${n}`);
  });
}

/** `repository`, where `first` runs before every call and may refuse it by throwing. For tests. */
export function before(
  repository: Repository,
  first: (method: string, args: readonly unknown[]) => Promise<void>,
): Repository {
  const wrap = (method: string, call: (...args: unknown[]) => Promise<unknown>) => {
    return async (...args: unknown[]) => {
      await first(method, args);
      return call.apply(repository, args);
    };
  };
  return new Proxy(repository, {
    get(target, method, receiver) {
      const member = Reflect.get(target, method, receiver);
      return typeof member === "function" ? wrap(String(method), member) : member;
    },
  });
}

function kindOf(content: unknown): string {
  const { mediaType } = content as { mediaType: string };
  return isManifestType(mediaType) ? "manifest" : "blob";
}
