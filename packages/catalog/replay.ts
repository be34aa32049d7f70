import type { Change, JournalKind } from "./ports.ts";

type Image = Readonly<Record<string, unknown>>;

/** Every name that exists, by kind and key, with its after-image. */
export type State = ReadonlyMap<JournalKind, ReadonlyMap<string, Image>>;

/**
 * What the registry held after `entries` (oldest first, from the first one on): the last
 * after-image of each name. Stopped early, it is the state as of that time.
 */
export function replayJournal(entries: Iterable<Change>): State {
  const state = new Map<JournalKind, Map<string, Image>>();
  for (const { kind, key, after } of entries) {
    const names = state.get(kind) ?? new Map<string, Image>();
    if (after) names.set(key, after);
    else names.delete(key);
    state.set(kind, names);
  }
  return state;
}
