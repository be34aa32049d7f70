import { BLOCK_BYTES } from "./tar-entries.ts";

/** Largest size that eleven octal digits say, in bytes. */
const LARGEST_OCTAL = 0o77777777777;

/**
 * The header of a file in a tar; `name` has at most 100 bytes. Sizes beyond 8 GiB are written in
 * base 256, which GNU tar, Go and Python read. Nothing in it tells when or by whom: equal contents
 * make equal archives. Source: POSIX ustar.
 */
export function tarHeader(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0, 100);
  block.write("0000644\x000000000\x000000000\x00", 100);
  if (size <= LARGEST_OCTAL) block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  block.write("00000000000\0", 136);
  block.write("        0", 148);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** What follows `size` bytes, up to the next block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}
