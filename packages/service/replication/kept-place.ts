import type { ListedArtifact } from "./ports.ts";

type Name = Pick<ListedArtifact, "repository" | "reference">;

/** A name as a place in a listing: such texts are in order where listings are. */
const placeOf = ({ repository, reference }: Name): string => `${repository} ${reference}`;

/** The last of some names, as long as they come in order. */
export interface Place {
  /** Adds names that come after those before. */
  pass(names: readonly Name[]): void;
  /** The last one; null if there is none, or if they came in no order. */
  readonly last: string | null;
}

/** A place after `last`, at the beginning if null. */
export function placeAfter(last: string | null): Place {
  let at = last ?? "";
  let isOrdered = true;
  return {
    pass(names) {
      for (const name of names) {
        const next = placeOf(name);
        isOrdered &&= next > at;
        at = next;
      }
    },
    get last() {
      return isOrdered && at !== "" ? at : null;
    },
  };
}

/**
 * `listed` after the place `last`; what comes up to it is told to `passed` only. Whoever kept the
 * place has seen that the names come in order.
 */
export async function* namesAfter<T extends Name>(
  listed: AsyncIterable<T>,
  last: string | null,
  passed: (name: T) => void,
): AsyncGenerator<T> {
  let isPassing = last !== null;
  for await (const one of listed) {
    isPassing &&= placeOf(one) <= last!;
    if (isPassing) passed(one);
    else yield one;
  }
}
