/** What the database says of a blob that lies in the store. */
export interface BlobFacts {
  /** A manifest that can be pulled is it, or refers to it. */
  readonly live: boolean;
  /** A deleted manifest that is kept is it, or refers to it: the holder, and until when. */
  readonly heldBy: string | null;
  readonly heldUntil: Date | null;
  /** The newest of the rows by which repositories have it; null: there is none. */
  readonly hadSince: Date | null;
  /** When the last of those rows was condemned; null: one of them is not. */
  readonly condemnedAt: Date | null;
  /** A deleted manifest names it that nobody needs any more, but that went a moment ago. */
  readonly fading: boolean;
}

/** What becomes of a blob's bytes. */
export type Verdict =
  | { readonly kind: "live" }
  | { readonly kind: "held"; readonly holder: string; readonly until: Date | null }
  | { readonly kind: "free" };

/** What becomes of a blob with these facts, where rows are kept for `graceMs`. */
export function verdictOf(facts: BlobFacts, graceMs: number): Verdict {
  if (facts.live) return { kind: "live" };
  if (facts.heldBy !== null) {
    return { kind: "held", holder: facts.heldBy, until: facts.heldUntil };
  }
  if (facts.hadSince !== null) {
    const from = facts.condemnedAt ?? facts.hadSince;
    const graces = facts.condemnedAt ? 1 : 2;
    const until = new Date(from.getTime() + graces * graceMs);
    return { kind: "held", holder: "grace", until };
  }
  return facts.fading ? { kind: "held", holder: "grace", until: null } : { kind: "free" };
}
