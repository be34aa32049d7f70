import type { JournalEntry } from "@entrepot/catalog";
import type { EventType, HookEvent, HookResource } from "./hook-event.ts";

/** What the journal says beyond the entries at hand. */
export interface Before {
  /** What each tag (`repository:tag`) named before the first entry; absent or null: nothing. */
  readonly tags: ReadonlyMap<string, string | null>;
  /** Manifests (`cause repository@digest`) that were pushed under a tag in one go. */
  readonly tagged: ReadonlySet<string>;
}

/**
 * What `entries`, in order, are for webhooks. Pure. A tag that is set is a PUSH_ARTIFACT, as one
 * push of Harbor's clients is, and if it is new a CREATE_TAG, too; a manifest that is pushed
 * without one goes by its digest. A deleted artifact names the tags that went with it.
 */
export function eventsIn(entries: readonly JournalEntry[], before: Before): HookEvent[] {
  const tags = new Map(before.tags);
  const events: HookEvent[] = [];
  entries.forEach((entry, i) => {
    const { repository, reference } = nameOf(entry);
    const digest = digestOf(entry);
    const event = (type: EventType, resources: readonly HookResource[]) =>
      events.push({
        id: `${entry.origin}:${entry.seq}:${type}`,
        type,
        at: entry.at,
        operator: entry.actor,
        project: repository.split("/", 1)[0]!,
        about: { repository, resources },
      });
    if (entry.kind === "tag") {
      const was = tags.get(entry.key) ?? null;
      tags.set(entry.key, digest);
      if (digest === null) return event("DELETE_TAG", [{ digest: was ?? "", tag: reference }]);
      event("PUSH_ARTIFACT", [{ digest, tag: reference }]);
      if (was === null) event("CREATE_TAG", [{ digest, tag: reference }]);
    } else if (entry.kind === "manifest") {
      const whole = [{ digest: reference, tag: reference }];
      if (digest === null) {
        const gone = tagsGoneWith(entries, i, before, reference);
        event("DELETE_ARTIFACT", gone.length > 0 ? gone : whole);
      } else if (!before.tagged.has(`${entry.cause} ${entry.key}`)) {
        event("PUSH_ARTIFACT", whole);
      }
    }
  });
  return events;
}

/** Tags that the same act deleted, and that named the manifest: they stand before or after it. */
function tagsGoneWith(
  entries: readonly JournalEntry[],
  at: number,
  { tags }: Before,
  digest: string,
): HookResource[] {
  const { cause, key } = entries[at]!;
  const repository = key.slice(0, key.indexOf("@"));
  const same = (entry: JournalEntry) =>
    entry.kind === "tag" &&
    entry.cause === cause &&
    entry.after === null &&
    nameOf(entry).repository === repository;
  const named = new Map(tags);
  for (const entry of entries.slice(0, at)) {
    // What it named just before it was deleted.
    if (entry.kind === "tag" && entry.after !== null) named.set(entry.key, digestOf(entry));
  }
  return entries
    .filter((entry) => same(entry) && (named.get(entry.key) ?? digest) === digest)
    .map((entry) => ({ digest, tag: nameOf(entry).reference }));
}

/** The repository and the tag or digest that an entry of kind tag or manifest is about. */
export function nameOf({ kind, key }: Pick<JournalEntry, "kind" | "key">) {
  const at = key.indexOf(kind === "tag" ? ":" : "@");
  return { repository: key.slice(0, at), reference: key.slice(at + 1) };
}

function digestOf({ after }: JournalEntry): string | null {
  const digest = after?.["digest"];
  return typeof digest === "string" ? digest : null;
}
