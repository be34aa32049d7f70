import { RegistryError } from "@entrepot/api/client";
import type { Call } from "./call.ts";
import { pause } from "./pause.ts";

const POLL_MS = 300;

/**
 * What `read` says as soon as `isOver` holds of it. Throws what `read` throws. Ctrl-C ends only the
 * waiting, not what is waited for.
 */
export async function until<T>(
  { signal }: Pick<Call, "signal">,
  read: () => Promise<T>,
  isOver: (one: T) => boolean,
): Promise<T> {
  for (;;) {
    const one = await read();
    if (isOver(one)) return one;
    await pause(POLL_MS, signal);
  }
}

/**
 * What `read` says of a job once it has succeeded; see `until`. Throws UNKNOWN, with `failure`, if
 * it has failed or was stopped.
 */
export async function untilSuccess<T>(
  call: Pick<Call, "signal">,
  read: () => Promise<T>,
  statusOf: (one: T) => string | null,
  failure: (one: T) => string,
): Promise<T> {
  const end = await until(call, read, (one) => ENDS.has(statusOf(one) ?? ""));
  if (statusOf(end) === "Success") return end;
  throw new RegistryError("UNKNOWN", failure(end));
}

const ENDS: ReadonlySet<string> = new Set(["Success", "Error", "Stopped"]);

/** `purge 17 failed; 'entrepot audit purge log 17' tells more`, of a job with Harbor's states. */
export function failureText(what: string, status: string, log: string): string {
  return `${what} ${status === "Error" ? "failed" : "was stopped"}; '${log}' tells more`;
}
