/** Bytes on their way. Iterated at most once. */
export type Bytes = AsyncIterable<Uint8Array>;
