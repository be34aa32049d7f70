import { setTimeout as pause } from "node:timers/promises";
import type { Bytes } from "@entrepot/oci";
import { releasing } from "@entrepot/registry";
import { brokeOff, connectionError } from "./connection-error.ts";

const MOST_FAILURES = 5;
/** A connection that brought this much was worth it: the count begins anew. */
const PROGRESS_BYTES = 1024 * 1024;
const FIRST_PAUSE_MS = 50;

/**
 * `first`, which begins at offset `start` and should reach `end`; where it breaks off, it goes on
 * with `reopen` from the offset reached. Gives up after five failures in a row with less than 1 MiB
 * between them, with UNREACHABLE. `what` was asked of whom, for its message.
 */
export function resumingBytes(first: Bytes, ...rest: Resuming): Bytes {
  return releasing(resuming(first, ...rest), first);
}

type Resuming = [
  start: number,
  end: number,
  reopen: (offset: number) => Promise<Bytes>,
  what: string,
];

async function* resuming(first: Bytes, ...[start, end, reopen, what]: Resuming): Bytes {
  let offset = start;
  let body: Bytes | undefined = first;
  let failures = 0;
  let mark = start;
  for (;;) {
    try {
      body ??= await reopen(offset);
      for await (const chunk of body) {
        offset += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (offset === end) return;
      if (offset - mark >= PROGRESS_BYTES) failures = 0;
      mark = offset;
      if (!brokeOff(error) || ++failures > MOST_FAILURES) throw connectionError(error, what);
    }
    body = undefined;
    await pause(FIRST_PAUSE_MS * (failures - 1));
  }
}
