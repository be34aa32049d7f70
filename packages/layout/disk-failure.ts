import { RegistryError } from "@entrepot/oci";

/** Whether `error` says that a file is not there. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === "ENOENT";
}

/** What `work` gives; where the disk refuses `doing`, UNAVAILABLE says so. */
export async function onDisk<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
    if (error instanceof RegistryError || typeof syscall !== "string") throw error;
    const what = code === "ENOSPC" || code === "EDQUOT" ? "the disk is full" : `${code}`;
    throw new RegistryError("UNAVAILABLE", `${doing} failed: ${what}`, { cause: error });
  }
}
