import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { Bytes } from "@entrepot/oci";

/** A file to put into an archive. */
export interface TarFile {
  /** Its path in the archive: relative, parts separated by `/`. */
  readonly name: string;
  /** Where its bytes are now. */
  readonly path: string;
}

const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/**
 * `files` as a tar archive (POSIX ustar), the same bytes for the same files: all belong to root,
 * and none tells when it was changed. Throws if a name is too long for the format, or the size of a
 * file changes meanwhile.
 */
export async function* tarOf(files: readonly TarFile[]): Bytes {
  for (const { name, path } of files) {
    const { size, mode } = await stat(path);
    yield header(name, size, mode & 0o111 ? 0o755 : 0o644);
    let left = size;
    // Most files are small, and a stream costs more than reading them.
    const chunks =
      size > 1 << 20 ? createReadStream(path, { highWaterMark: 1 << 20 }) : [await readFile(path)];
    for await (const chunk of chunks) {
      left -= chunk.length;
      yield chunk;
    }
    if (left !== 0) throw new Error(`${path} has changed while it was read; try again`);
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function header(path: string, size: number, mode: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  const { prefix, name } = split(path);
  block.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write("        0", 148, "latin1");
  block.write("ustar\u000000root", 257, "latin1");
  block.write("root", 297, "latin1");
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** A long path is kept in two fields, parted at a slash. */
function split(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { prefix: "", name: path };
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    const fits = Buffer.byteLength(name) <= NAME_BYTES && Buffer.byteLength(prefix) <= PREFIX_BYTES;
    if (fits) return { prefix, name };
  }
  throw new Error(`${path} is too long a name for a tar archive of this kind`);
}
