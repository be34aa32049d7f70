/** What the figure is to reach; a ratio says how many times better than the other program. */
export type Goal = { readonly ratio: number } | { readonly atMost: number };

/** One thing that was measured, once per round. */
export interface Figure {
  readonly what: string;
  readonly unit: "/s" | "MB/s" | "s" | "ms" | "MB" | "CPU s/GiB";
  readonly better: "more" | "less";
  readonly entrepot: readonly number[];
  /** The program it is compared with, round by round; null where there is none. */
  readonly other: { readonly name: string; readonly samples: readonly number[] } | null;
  readonly goal: Goal | null;
}

/** MB in this folder are 1,000,000 bytes; KiB, MiB and GiB are what they say. */
export const MB = 1e6;
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
