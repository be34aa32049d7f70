import type { Once } from "./copy.ts";

/**
 * An `once` for `copyGraph`: while a transfer is under way, whoever asks for the same key waits for
 * it and shares its end. Afterwards it is forgotten, so the memory is that of what is under way.
 */
export function sharedTransfers(): Once {
  const underWay = new Map<string, Promise<void>>();
  return (key, copy) => {
    const shared = underWay.get(key);
    if (shared) return shared;
    const transfer = copy().finally(() => underWay.delete(key));
    underWay.set(key, transfer);
    return transfer;
  };
}
