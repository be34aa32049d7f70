/** Buffers of one size that are used again. */
export interface BufferPool {
  /** A buffer with anything in it. */
  take(): Buffer;
  /** Takes back the buffer that `piece` lies in; others are let go. */
  give(piece: Uint8Array): void;
}

/** A pool that keeps at most `most` idle buffers of `size` bytes; any number may be in use. */
export function bufferPool(size: number, most: number): BufferPool {
  const idle: ArrayBufferLike[] = [];
  return {
    take: () => Buffer.from(idle.pop() ?? new ArrayBuffer(size)),
    give({ buffer }) {
      if (buffer.byteLength === size && idle.length < most) idle.push(buffer);
    },
  };
}
