/** A ready task that might be claimed, as the claim's statement finds it. */
export interface Candidate {
  readonly id: number;
  readonly lane: string;
  readonly line: number;
  readonly groups: readonly string[];
  /** Its lane is free and it is the lane's first. */
  readonly first: boolean;
}

/** Which candidates are started, and which wait for their lanes. */
export interface Choice {
  readonly start: readonly Candidate[];
  readonly park: readonly Candidate[];
}

/**
 * Starts at most `slots` of `candidates`, the earlier ones first, so that no group exceeds its
 * `room`; a group without room named has no limit. Those whose lane is taken are parked; those
 * whose groups are full stay as they are.
 */
export function choose(
  candidates: readonly Candidate[],
  room: Readonly<Record<string, number>>,
  slots: number,
): Choice {
  const left = new Map(Object.entries(room));
  const start: Candidate[] = [];
  const park: Candidate[] = [];
  const lanes = new Set<string>();
  for (const candidate of candidates) {
    const { lane, first, groups } = candidate;
    if (!first) park.push(candidate);
    else if (start.length < slots && !lanes.has(lane) && hasRoom(left, groups)) {
      for (const group of groups) left.set(group, (left.get(group) ?? Infinity) - 1);
      lanes.add(lane);
      start.push(candidate);
    }
  }
  return { start, park };
}

function hasRoom(left: ReadonlyMap<string, number>, groups: readonly string[]): boolean {
  return groups.every((group) => (left.get(group) ?? Infinity) > 0);
}
