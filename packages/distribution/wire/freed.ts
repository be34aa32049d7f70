/**
 * Frees the memory of a piece that came over a connection, for `Bytes.release`. Left to the garbage
 * collector, every 30 MiB of a large push cost a collection of the whole heap: nearly half of all
 * that such a push took.
 */
export function freed({ buffer, byteLength }: Uint8Array): void {
  // A part of a larger buffer shares it with others.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
