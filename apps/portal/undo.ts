import { restoreNow } from "./parts/use-restoring.ts";

/** Takes back what one request or execution did, and waits until that is done; see `restoreNow`. */
export async function undo(cause: string): Promise<void> {
  await restoreNow({ cause });
}

/** The header that gives several requests one cause, so that they are undone as one. */
export function oneCause(): { cause: string; headers: { "x-request-id": string } } {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const cause = `portal-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  return { cause, headers: { "x-request-id": cause } };
}
