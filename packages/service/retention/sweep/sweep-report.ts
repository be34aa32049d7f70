/**
 * Why bytes are kept. A holder is `history`, `grace`, `uploads` (those under way, each counted as a
 * blob), or as in `history_hold`.
 */
export interface Held {
  readonly blobs: number;
  readonly bytes: number;
  /** The latest moment that holds one of them, ISO 8601; null: not known. */
  readonly until: string | null;
}

/** A number of blobs, and their size in bytes. */
export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

/** What a sweep did, or would do, and what keeps the rest. Plain data; stored as it is. */
export interface SweepReport {
  /** Named by what can be pulled now. */
  readonly live: Amount;
  /** Named by nothing that can be pulled, and kept all the same, by holder. */
  readonly held: Readonly<Record<string, Held>>;
  /** Named by nothing: put into quarantine. */
  readonly quarantined: Amount;
  /** In quarantine, and not due yet. */
  readonly waiting: Amount;
  /** In quarantine, and asked for or named again: taken back. */
  readonly takenBack: Amount;
  /** Removed for good. */
  readonly freed: Amount;
  /** Rows that say that a repository has a blob which nothing there refers to. */
  readonly rows: { readonly condemned: number; readonly removed: number };
  /** Deleted manifests that no kept history names any more. */
  readonly pastManifests: number;
  /** Journal entries folded away. */
  readonly entries: number;
  /** Manifests without a tag deleted, if that was asked for. */
  readonly untagged: number;
}

const NONE: Amount = { blobs: 0, bytes: 0 };

/** The report of a sweep that has done nothing yet. */
export const EMPTY_REPORT: SweepReport = {
  live: NONE,
  held: {},
  quarantined: NONE,
  waiting: NONE,
  takenBack: NONE,
  freed: NONE,
  rows: { condemned: 0, removed: 0 },
  pastManifests: 0,
  entries: 0,
  untagged: 0,
};

/** `amount` and one blob of `size` bytes more. */
export function withBlob(amount: Amount, size: number): Amount {
  return { blobs: amount.blobs + 1, bytes: amount.bytes + size };
}

/** `report` as if `holder` kept nothing. */
export function withoutHeld(report: SweepReport, holder: string): SweepReport {
  const { [holder]: _, ...held } = report.held;
  return { ...report, held };
}

/** `report` with one blob more that `holder` keeps, until `until` as far as is known. */
export function withHeld(
  report: SweepReport,
  { holder, until }: { readonly holder: string; readonly until: Date | null },
  size: number,
): SweepReport {
  const before = report.held[holder] ?? { ...NONE, until: null };
  const text = until?.toISOString() ?? null;
  const later = before.until === null || (text !== null && text > before.until);
  const held = { ...withBlob(before, size), until: later ? text : before.until };
  return { ...report, held: { ...report.held, [holder]: held } };
}
