/** Bytes on their way. Iterated at most once. */
export interface Bytes extends AsyncIterable<Uint8Array> {
  /**
   * Where it is there: takes back a piece, once, that nobody looks at any more, so that it can be
   * filled again. Nobody has to call it; who does not may keep what came.
   */
  release?(piece: Uint8Array): void;
}
