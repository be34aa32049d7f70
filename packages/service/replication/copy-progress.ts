import type { Progress } from "@entrepot/jobs";
import type { CopyOptions } from "@entrepot/registry";

/** How far a task that copies is. Bytes and blobs of all that it has looked at so far. */
export interface CopyProgress extends Progress {
  /** `resolve`, `compare`, `check manifest`, `copy blobs`, `push manifest` or `verify`. */
  readonly stage: string;
  readonly bytesSent: number;
  readonly bytesTotal: number;
  readonly bytesSkipped: number;
  readonly bytesMounted: number;
  readonly blobsDone: number;
  readonly blobsTotal: number;
  /** Since the first byte was sent. */
  readonly bytesPerSecond: number;
}

/** What a copy tells, and what it is asked to tell. */
export interface WatchedCopy {
  readonly options: Pick<CopyOptions, "onBytes" | "onExpected" | "onStage" | "onBlobs" | "onBlob">;
  /** Shows that another stage begins. */
  stage(name: string): void;
}

/** Counts what a copy does and shows it through `show`, which is called often. */
export function watchCopy(
  show: (progress: CopyProgress) => void,
  clock: () => number = () => performance.now(),
): WatchedCopy {
  let startedAt: number | null = null;
  let now: CopyProgress = {
    stage: "resolve",
    bytesSent: 0,
    bytesTotal: 0,
    bytesSkipped: 0,
    bytesMounted: 0,
    blobsDone: 0,
    blobsTotal: 0,
    bytesPerSecond: 0,
  };
  const set = (news: Partial<CopyProgress>) => show((now = { ...now, ...news }));
  const stage = (name: string) => set({ stage: name });
  return {
    stage,
    options: {
      onStage: stage,
      onBlobs: (count) => set({ blobsTotal: now.blobsTotal + count }),
      onExpected: (bytes) => set({ bytesTotal: now.bytesTotal + bytes }),
      onBytes: (bytes) => {
        const at = clock();
        startedAt ??= at;
        const bytesSent = now.bytesSent + bytes;
        const seconds = (at - startedAt) / 1000;
        const bytesPerSecond = seconds > 0 ? Math.round(bytesSent / seconds) : 0;
        set({ bytesSent, bytesPerSecond });
      },
      onBlob: (end, bytes) => {
        const blobsDone = now.blobsDone + 1;
        if (end === "mounted") set({ blobsDone, bytesMounted: now.bytesMounted + bytes });
        else if (end === "skipped") set({ blobsDone, bytesSkipped: now.bytesSkipped + bytes });
        else set({ blobsDone });
      },
    },
  };
}
