import type { Bytes } from "@entrepot/oci";
import { releasing } from "./bytes.ts";
import { orCancelled } from "./or-cancelled.ts";

/** Limits the rate of bytes; the limit may change at any time. */
export interface Throttle {
  /** Whether there is a limit now. */
  readonly isLimited: boolean;
  /** Resolves when `bytes` more may pass. */
  take(bytes: number): Promise<void>;
}

/** At a slow rate large pieces would come in gusts, with silences that look like a broken line. */
const PIECE_BYTES = 64 * 1024;

/** `bytes`, as fast as `throttle` allows. Throws CANCELLED as soon as `signal` aborts. */
export function slowed(
  bytes: Bytes,
  throttle: Throttle | undefined,
  signal: AbortSignal | undefined,
): Bytes {
  const cut = new WeakSet<Uint8Array>();
  return releasing(inPieces(bytes, throttle, signal, cut), bytes, cut);
}

async function* inPieces(
  bytes: Bytes,
  throttle: Throttle | undefined,
  signal: AbortSignal | undefined,
  cut: WeakSet<Uint8Array>,
): Bytes {
  for await (const chunk of bytes) {
    if (!throttle?.isLimited) {
      yield chunk;
      continue;
    }
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      cut.add(piece);
      await orCancelled(throttle.take(piece.length), signal);
      yield piece;
    }
  }
}
