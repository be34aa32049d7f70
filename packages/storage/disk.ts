import { statSync } from "node:fs";
import * as promises from "node:fs/promises";
import { RegistryError } from "@entrepot/oci";

/** The file operations that the store uses, so that a test may record or fail them. */
export type Disk = Pick<
  typeof promises,
  | "link"
  | "mkdir"
  | "open"
  | "opendir"
  | "readFile"
  | "readdir"
  | "rename"
  | "stat"
  | "unlink"
  | "utimes"
> & { readonly statSync: typeof statSync };

/** The operating system's own file operations. */
export const realDisk: Disk = { ...promises, statSync };

/** True if `error` says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return errnoOf(error) === "ENOENT";
}

/**
 * What to throw when the disk refused `doing` under `folder`: UNAVAILABLE, with a message that says
 * what to do. A RegistryError, or an error that is not the disk's, comes back as it is.
 */
export function diskFailure(error: unknown, doing: string, folder: string): unknown {
  if (error instanceof RegistryError) return error;
  const errno = errnoOf(error);
  if (errno === null) return error;
  const message =
    errno === "ENOSPC" || errno === "EDQUOT"
      ? `the disk holding ${folder} is full, so ${doing} failed; free some space and try again`
      : `${doing} failed under ${folder} (${errno}); check the disk and its permissions`;
  return new RegistryError("UNAVAILABLE", message, { cause: error });
}

/** What `work` gives; what the disk refuses is thrown as `diskFailure` words it. */
export async function onDisk<T>(doing: string, folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFailure(error, doing, folder);
  }
}

function errnoOf(error: unknown): string | null {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  return error instanceof Error && typeof code === "string" && typeof syscall === "string"
    ? code
    : null;
}
