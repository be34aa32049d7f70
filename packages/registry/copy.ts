import { RegistryError, type Descriptor, type Digest } from "@entrepot/oci";
import { cancelled, orCancelled } from "./or-cancelled.ts";
import type { TakesPlatform } from "./platforms.ts";
import type { Repository } from "./ports.ts";
import type { SeenBlobs } from "./seen-blobs.ts";
import type { Throttle } from "./slowed.ts";

/** What a copy asks of the repository it reads. */
export type CopySource = Pick<Repository, "name" | "resolve" | "stat" | "fetch" | "referrers">;

/** What a copy asks of the repository it fills. */
export type CopyTarget = Pick<
  Repository,
  "name" | "resolve" | "stat" | "push" | "mount" | "tag" | "startUpload" | "resumeUpload"
>;

/** Remembers, beyond this process, uploads of large blobs to one target that are under way. */
export interface Transfers {
  /**
   * The id of the upload of `digest` that was left unfinished, or null. Waits while somebody else
   * is at it; from then until `release` nobody else is. Throws CANCELLED.
   */
  take(repository: string, digest: Digest, signal?: AbortSignal): Promise<string | null>;
  /** Notes where the upload stands. */
  keep(repository: string, digest: Digest, id: string, offset: number): Promise<void>;
  /** Lets go of it; with `done` it is forgotten. */
  release(repository: string, digest: Digest, done: boolean): Promise<void>;
}

/** Runs `copy`, or waits for the one that runs under the same `key` and shares its end. */
export type Once = (key: string, copy: () => Promise<void>) => Promise<void>;

/** What a copy is at. */
export type CopyStage = "compare" | "check manifest" | "copy blobs" | "push manifest";

/** How to copy. */
export interface CopyOptions {
  /** Blobs, and apart from them manifests, under way at a time. Default 4. */
  readonly concurrency?: number;
  /** Ends the copy with CANCELLED, promptly. What has arrived stays, and a next copy skips it. */
  readonly signal?: AbortSignal;
  /**
   * Ends the copy with this signal's reason before it sends another blob, and within a large one at
   * the next point from which another copy can go on. Small things are still finished.
   */
  readonly draining?: AbortSignal;
  /** A repository of the target's registry that may have `blob`, to mount it from. */
  readonly mountFrom?: (blob: Descriptor) => string | undefined | Promise<string | undefined>;
  /** Called with the number of bytes, as they pass. */
  readonly onBytes?: (bytes: number) => void;
  /**
   * Called with how many more bytes there are to send after all: with all of them when a graph has
   * been read, with a negative number for what turns out to be there.
   */
  readonly onExpected?: (bytes: number) => void;
  /** Called when the next stage begins. With `referrers`, stages come again for each of them. */
  readonly onStage?: (stage: CopyStage) => void;
  /** Called with how many more blobs there are to look at, when a graph has been read. */
  readonly onBlobs?: (count: number) => void;
  /** Called with each blob that is done with. */
  readonly onBlob?: (end: "sent" | "mounted" | "skipped", bytes: number) => void;
  /**
   * Shares one transfer of a blob between copies that run at once, by `key` (see
   * `sharedTransfers`). The key holds for one target registry; who copies to several adds to it.
   */
  readonly once?: Once;
  /** Also copies what refers to the manifests: referrers, and cosign's tags. Default false. */
  readonly referrers?: boolean;
  /**
   * Leaves out what an index holds for other platforms: the target gets the index as it is, but
   * without those children (a sparse index), which not every registry takes. Default: all.
   */
  readonly platforms?: TakesPlatform;
  /** With a tag: the manifest is hardly there, and is pushed without being looked for by digest. */
  readonly isNew?: boolean;
  /** Blobs up to so many bytes are sent without being looked for, as dear as that is. Default 0. */
  readonly unaskedBytes?: number;
  /** What the target was seen to have is not looked for; what it is found to have is added. */
  readonly seen?: SeenBlobs;
  /** Does not trust what is there: looks at every blob, pushes every manifest. Default false. */
  readonly deep?: boolean;
  /** With it, a large blob that was cut off goes on where it was, even in another process. */
  readonly transfers?: Transfers;
  /** Large blobs go in chunks even where the target takes them in one request. */
  readonly chunked?: boolean;
  /** Limits the rate at which blobs go out. */
  readonly throttle?: Throttle;
}

/** What a copy did. Skipped blobs were there, came with another copy, or need not be stored. */
export interface CopyResult {
  /** Bytes of blobs and manifests. */
  readonly bytesSent: number;
  readonly blobsSent: number;
  readonly blobsMounted: number;
  readonly blobsSkipped: number;
  readonly manifestsSent: number;
}

/** A copy under way. */
export interface Copy {
  readonly source: CopySource;
  readonly target: CopyTarget;
  readonly options: CopyOptions;
  readonly concurrency: number;
  /** Counts so far. */
  readonly done: { -readonly [K in keyof CopyResult]: CopyResult[K] };
}

/** A copy that has done nothing yet. */
export function beginCopy(source: CopySource, target: CopyTarget, options: CopyOptions): Copy {
  const done = { bytesSent: 0, blobsSent: 0, blobsMounted: 0, blobsSkipped: 0, manifestsSent: 0 };
  return { source, target, options, concurrency: options.concurrency ?? 4, done };
}

/** Notes that `bytes` more are to be sent; fewer, if negative. */
export function expectBytes({ options }: Copy, bytes: number): void {
  options.onExpected?.(bytes);
}

/** Counts `bytes` that were sent. */
export function countBytes({ done, options }: Copy, bytes: number): void {
  done.bytesSent += bytes;
  options.onBytes?.(bytes);
}

/**
 * One request of a copy: not begun after the copy was cancelled, left at once when it is. A failure
 * keeps its code and gets `what` put before its message; the original is its cause.
 */
export async function step<T>(copy: Copy, what: string, request: () => Promise<T>): Promise<T> {
  const { signal } = copy.options;
  if (signal?.aborted) throw cancelled(signal);
  try {
    return await orCancelled(request(), signal);
  } catch (cause) {
    if (signal?.aborted) throw cancelled(signal);
    if (copy.options.draining?.aborted && cause === copy.options.draining.reason) throw cause;
    const { source, target } = copy;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new RegistryError(
      cause instanceof RegistryError ? cause.code : "UNKNOWN",
      `copying ${source.name} to ${target.name}: ${what}: ${message}`,
      { cause, detail: cause instanceof RegistryError ? cause.detail : undefined },
    );
  }
}
