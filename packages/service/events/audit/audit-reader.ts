import type { Database, JournalEntry, JournalReader } from "@entrepot/catalog";
import { sql, type Transaction } from "kysely";
import type { AuditEvent } from "./audit-record.ts";
import { appendRecords } from "./append-records.ts";
import type { Signer } from "./signer.ts";

/** The cursor of the audit log. */
export const READER = "audit";

type Image = Readonly<Record<string, unknown>> | null;

/** Names that lie in no project. */
const OUTSIDE: ReadonlySet<string> = new Set([
  "access_token",
  "account",
  "endpoint",
  "policy",
  "setting",
]);

/**
 * The reader of the journal that records every change: records and cursor are stored in one
 * transaction, so that each change is recorded once, whatever crashes.
 */
export function auditReader(signer: Signer): JournalReader {
  return {
    name: READER,
    async read(entries, db) {
      const before = await imagesBefore(db, entries);
      const events = entries.map((entry) => {
        const name = nameOf(entry);
        const event = changeEvent(entry, before.get(name) ?? null);
        before.set(name, entry.after);
        return event;
      });
      await appendRecords(db, signer, events, entries.at(-1)!.seq);
    },
  };
}

/** What is recorded of `entry`, of a name that was `before`. */
function changeEvent(entry: JournalEntry, before: Image): AuditEvent {
  const { kind, key, after, at, actor, cause, seq, path } = entry;
  const [from, to] = changedParts(before, after);
  const own = after ?? before;
  const ownProject = typeof own?.["project"] === "string" ? own["project"] : null;
  return {
    at,
    kind: "change",
    operation: after === null ? "delete" : before === null ? "create" : "update",
    resourceType: kind,
    resource: key,
    project: OUTSIDE.has(kind) ? ownProject : key.split("/", 1)[0] || null,
    actor,
    address: "",
    userAgent: "",
    result: "success",
    cause,
    seq,
    detail: { from, to, ...(path.length > 0 && { origin: entry.origin, path }) },
  };
}

/** Of a name that was and is there only what is otherwise now. */
function changedParts(before: Image, after: Image): [Image, Image] {
  if (before === null || after === null) return [before, after];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const only = (image: NonNullable<Image>) =>
    Object.fromEntries(names.filter((name) => name in image).map((name) => [name, image[name]]));
  return [only(before), only(after)];
}

function nameOf({ kind, key }: Pick<JournalEntry, "kind" | "key">): string {
  return `${kind} ${key}`;
}

/** What the names of `entries` were in front of them. */
async function imagesBefore(
  db: Transaction<Database>,
  entries: readonly JournalEntry[],
): Promise<Map<string, Image>> {
  const names = new Map(entries.map((entry) => [nameOf(entry), entry]));
  const kinds = [...names.values()].map(({ kind }) => kind);
  const keys = [...names.values()].map(({ key }) => key);
  const { rows } = await sql<{ kind: JournalEntry["kind"]; key: string; after: Image }>`
    SELECT k.kind, k.key, was.after
    FROM unnest(${kinds}::text[], ${keys}::text[]) AS k (kind, key)
    JOIN LATERAL (SELECT after FROM journal j
                  WHERE j.kind = k.kind AND j.key = k.key AND seq < ${entries[0]!.seq}
                  ORDER BY seq DESC LIMIT 1) AS was ON true
  `.execute(db);
  return new Map(rows.map((row) => [nameOf(row), row.after]));
}
