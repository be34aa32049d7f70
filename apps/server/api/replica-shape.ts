import type { Replica } from "@entrepot/api";
import type { ListedReplica } from "@entrepot/replication";

/** How a replica stands at `now`, in milliseconds since the epoch, as every list shows it. */
export function standingShape(
  { wantedSince, waiting, ...item }: ListedReplica,
  now: number,
): Omit<Replica, "repository" | "next_attempt" | "last_error" | "failure"> {
  return {
    reference: item.reference,
    target: item.target,
    wanted: item.wanted,
    arrived: item.arrived,
    wanted_since: wantedSince.toISOString(),
    arrived_at: item.arrivedAt?.toISOString() ?? null,
    lag_seconds: waiting ? Math.max(0, now - wantedSince.getTime()) / 1000 : 0,
    attempts: item.attempts,
    cause: waiting?.cause ?? null,
    why: waiting?.why ?? "",
  };
}
