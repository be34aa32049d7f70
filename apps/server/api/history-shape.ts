import type { HistoryDifference, HistoryEntry, PastName } from "@entrepot/api";
import type { Happening, MomentDifference, NameAt } from "@entrepot/recovery";

type Image = Readonly<Record<string, unknown>> | null;

/** An entry of the journal as the API shows it. */
export function shownEntry(entry: Happening): HistoryEntry {
  const { kind, before, after, cause } = entry;
  const execution = /^execution:(\d{1,9})$/.exec(cause);
  return {
    seq: entry.seq,
    op_time: entry.at.toISOString(),
    operation: operationOf(before, after),
    resource_type: kind,
    resource: entry.key,
    from_digest: kind === "tag" ? digestOf(before) : null,
    to_digest: kind === "tag" ? digestOf(after) : null,
    before,
    after,
    username: entry.actor,
    cause,
    execution_id: execution ? Number(execution[1]) : null,
    origin: entry.origin,
    origin_seq: entry.originSeq,
    path: [...entry.path],
  };
}

/** A name of the past as the API shows it. */
export function shownName({ kind, key, after, seq, at, actor }: NameAt): PastName {
  return {
    resource_type: kind,
    resource: key,
    digest: digestOf(after),
    media_type: typeof after["mediaType"] === "string" ? after["mediaType"] : null,
    size: typeof after["size"] === "number" ? after["size"] : null,
    after,
    seq,
    op_time: at.toISOString(),
    username: actor,
  };
}

/** A difference as the API shows it. */
export function shownDifference(found: MomentDifference): HistoryDifference {
  return {
    operation: found.difference,
    resource_type: found.kind,
    resource: found.key,
    from_digest: digestOf(found.before),
    to_digest: digestOf(found.after),
  };
}

function operationOf(before: Image, after: Image): HistoryEntry["operation"] {
  if (after === null) return "delete";
  if (before === null) return "create";
  // Both come from the same database, which orders their fields.
  return JSON.stringify(before) === JSON.stringify(after) ? "repeat" : "update";
}

function digestOf(image: Image): string | null {
  const digest = image?.["digest"];
  return typeof digest === "string" ? digest : null;
}
