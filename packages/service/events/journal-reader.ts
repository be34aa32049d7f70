import type { Database, JournalEntry, JournalReader } from "@entrepot/catalog";
import { sql, type Transaction } from "kysely";
import { EVENT_TYPES } from "./hook-event.ts";
import { type Before, eventsIn } from "./journal-events.ts";
import { listenersTo, tell, type TellContext } from "./tell.ts";

/** The cursor of webhooks. */
export const READER = "webhooks";

/**
 * The reader of the journal that webhooks live on: deliveries, their tasks and the cursor are
 * stored in one transaction, so nothing is forgotten and nothing told twice.
 */
export function webhookReader(context: TellContext): JournalReader {
  return {
    name: READER,
    async read(entries, db) {
      const names = entries.filter(({ kind }) => kind === "tag" || kind === "manifest");
      if (names.length === 0) return;
      const listeners = await listenersTo(db, EVENT_TYPES);
      if (listeners.length === 0) return;
      const projects = new Set(listeners.map((listener) => listener.project));
      const watched = projects.has(null)
        ? names
        : names.filter(({ key }) => projects.has(key.split("/", 1)[0]!));
      if (watched.length === 0) return;
      const events = eventsIn(watched, await readBefore(db, watched));
      const tellings = events.flatMap((event) =>
        listeners
          .filter(({ project }) => project === null || project === event.project)
          .filter(({ eventTypes }) => eventTypes.includes(event.type))
          .map((webhook) => ({ webhook, event })),
      );
      await tell(context, db, tellings);
    },
  };
}

async function readBefore(
  db: Transaction<Database>,
  entries: readonly JournalEntry[],
): Promise<Before> {
  const keys = entries.filter(({ kind }) => kind === "tag").map(({ key }) => key);
  const causes = entries.filter(({ kind }) => kind === "manifest").map(({ cause }) => cause);
  const first = entries[0]!.seq;
  const known = await sql<{ key: string; digest: string | null }>`
    SELECT k.key, was.after ->> 'digest' AS digest
    FROM unnest(${[...new Set(keys)]}::text[]) AS k (key)
    JOIN LATERAL (SELECT after FROM journal
                  WHERE kind = 'tag' AND journal.key = k.key AND seq < ${first}
                  ORDER BY seq DESC LIMIT 1) AS was ON true
  `.execute(db);
  // Of this batch or of the next: a push may be cut in two by the batch's end.
  const tagged = await sql<{ name: string }>`
    SELECT DISTINCT cause || ' ' || (after ->> 'repository') || '@' || (after ->> 'digest') AS name
    FROM journal WHERE cause = ANY(${[...new Set(causes)]}::text[]) AND kind = 'tag'
      AND after IS NOT NULL
  `.execute(db);
  return {
    tags: new Map(known.rows.map(({ key, digest }) => [key, digest])),
    tagged: new Set(tagged.rows.map(({ name }) => name)),
  };
}
