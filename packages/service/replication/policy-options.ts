/** A part of the week, in a time zone. Past midnight where `to` is not after `from`. */
export interface TimeWindow {
  /** `run`: tasks start only within one such window. `bandwidth`: its limit holds within it. */
  readonly kind: "run" | "bandwidth";
  /** 1 is Monday, 7 Sunday; the day on which the window begins. Empty: every day. */
  readonly days: readonly number[];
  /** `HH:MM`. */
  readonly from: string;
  /** `HH:MM`, exclusive. */
  readonly to: string;
  /** IANA name; `UTC` unless given. */
  readonly timeZone: string;
  /** Of a `bandwidth` window; 0 is no limit. */
  readonly bytesPerSecond: number;
}

/** What a policy says beyond its filters, trigger and endpoints. */
export interface PolicyOptions {
  /** Kibit/s for each task, as Harbor means it; 0 is no limit. */
  readonly speed: number;
  /** For all of the policy's tasks together; 0 is no limit. */
  readonly bytesPerSecond: number;
  /** Blobs are sent in chunks even where the target takes them in one piece. */
  readonly copyByChunk: boolean;
  /** A run is not started while another one of the policy is under way. */
  readonly singleActiveReplication: boolean;
  /** Tasks of this policy that may run at a time; 0 is no limit but the workers'. */
  readonly concurrency: number;
  /** The time zone of `cron`. */
  readonly timeZone: string;
  readonly windows: readonly TimeWindow[];
  /** Every task ends by reading the whole graph back at the target. */
  readonly verify: boolean;
  /** A run that would delete more than this many names stops and asks; null is no ceiling. */
  readonly maxDeletions: number | null;
  /** The same in percent (0 to 100) of what the policy has replicated. */
  readonly maxDeletionPercent: number | null;
  /** A run's tags move only when every artifact of it has arrived. */
  readonly allOrNothing: boolean;
  /** What becomes of a tag that somebody else has moved at a target that is no Entrepot. */
  readonly onConflict: "overwrite" | "report";
  /**
   * Where a platform filter leaves children of an index behind: `sparse` keeps the index's digest
   * and lacks them; `rewritten` pushes a new index of what is left.
   */
  readonly indexMode: "sparse" | "rewritten";
}

/** What a policy does that says nothing else. */
export const DEFAULT_OPTIONS: PolicyOptions = {
  speed: 0,
  bytesPerSecond: 0,
  copyByChunk: false,
  singleActiveReplication: false,
  concurrency: 0,
  timeZone: "UTC",
  windows: [],
  verify: false,
  maxDeletions: null,
  maxDeletionPercent: null,
  allOrNothing: false,
  onConflict: "overwrite",
  indexMode: "sparse",
};

/** Only what differs from the default: what is stored, so that a default may still change. */
export function storedOptions(options: PolicyOptions): Partial<PolicyOptions> {
  const isDefault = (key: string, value: unknown) =>
    JSON.stringify(value) === JSON.stringify(DEFAULT_OPTIONS[key as keyof PolicyOptions]);
  return Object.fromEntries(
    Object.entries(options).filter(([key, value]) => !isDefault(key, value)),
  );
}
