import { RegistryError } from "@entrepot/oci";

/** The first component of names that mean a repository as it was: no project may have it. */
export const AS_OF = "as-of";

/** A repository as of a moment, as clients name it: `as-of/<moment>/project/repository`. */
export interface AsOfName {
  /** As written: `2026-11-22t14.03.00z`, `seq-1234`. Not checked further. */
  readonly moment: string;
  /** The repository's own name. */
  readonly repository: string;
}

/** Whether `name` means a repository as it was. */
export function isAsOfName(name: string): boolean {
  return name.startsWith(`${AS_OF}/`);
}

/**
 * The parts of `name`, null if it is an ordinary one. Throws NAME_INVALID for one that begins like
 * such a name and lacks a part.
 */
export function asOfName(name: string): AsOfName | null {
  if (!isAsOfName(name)) return null;
  const [, moment, project, ...rest] = name.split("/");
  if (moment && project && rest.length > 0) {
    return { moment, repository: [project, ...rest].join("/") };
  }
  throw new RegistryError(
    "NAME_INVALID",
    `${JSON.stringify(name.slice(0, 150))} is not a name as of a moment; expected ` +
      `${AS_OF}/<moment>/project/repository, as ${AS_OF}/2026-01-31t14.03.00z/library/app`,
  );
}
