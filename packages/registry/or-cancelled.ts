import { RegistryError, type Bytes } from "@entrepot/oci";
import { releasing } from "./bytes.ts";

/**
 * What `promise` becomes, unless `signal` aborts first: then CANCELLED at once, even where the
 * other side hangs. What was under way is left to end by itself.
 */
export function orCancelled<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const cancel = () => reject(cancelled(signal));
    // A listener for each wait: racing one long-lived promise would keep every chunk's reaction.
    signal.addEventListener("abort", cancel, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", cancel));
    if (signal.aborted) cancel();
  });
}

/** `bytes` passed on until `signal` aborts; then CANCELLED is thrown and the source is let go. */
export function bytesOrCancelled(bytes: Bytes, signal: AbortSignal | undefined): Bytes {
  return releasing(untilCancelled(bytes, signal), bytes);
}

async function* untilCancelled(bytes: Bytes, signal: AbortSignal | undefined): Bytes {
  const chunks = bytes[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await orCancelled(chunks.next(), signal);
      ended = next.done === true;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not awaited: a source that hangs would hold up the cancelling. It has nothing more to tell.
    if (!ended) chunks.return?.().catch(() => {});
  }
}

/** CANCELLED, because `signal` aborted. */
export function cancelled(signal: AbortSignal): RegistryError {
  return new RegistryError("CANCELLED", "the copy was cancelled", { cause: signal.reason });
}
