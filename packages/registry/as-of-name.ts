/** The first component of names that mean a repository as it was: no project may have it. */
export const AS_OF = "as-of";

const PREFIX = `${AS_OF}/`;

/** A repository as of a moment, as clients name it: `as-of/<moment>/project/repository`. */
export interface AsOfName {
  /** As written: `2026-11-22t14.03.00z`, `seq-1234`. Not checked further. */
  readonly moment: string;
  /** The repository's own name. */
  readonly repository: string;
}

/** Whether `name` means a repository as it was, or should. */
export function isAsOfName(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** The parts of `name`; null for an ordinary one, and for one that lacks a part. */
export function asOfName(name: string): AsOfName | null {
  if (!isAsOfName(name)) return null;
  const end = name.indexOf("/", PREFIX.length);
  const repository = name.slice(end + 1);
  if (end < 0 || repository.indexOf("/") <= 0) return null;
  return { moment: name.slice(PREFIX.length, end), repository };
}
