import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import type { Bytes } from "@entrepot/oci";
import type { ObjectStore } from "@entrepot/storage";
import type { Conversion } from "./encryption.ts";
import { damaged, type PartInfo, sha256 } from "./format.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Lines are gathered to about this many characters; a manifest may make a longer one. */
const PART_CHARACTERS = 1024 * 1024;
/** More than any line may have: a part that says it holds more is no part. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Writes lines into parts of bounded size. */
export interface PartWriter {
  add(line: string): Promise<void>;
  /** Stores what is left. What was stored, in order. */
  end(): Promise<PartInfo[]>;
}

/** A writer of the parts `<prefix>000001.zst`, … . At most one of them is in memory. */
export function writeParts(objects: ObjectStore, prefix: string, seal: Conversion): PartWriter {
  const parts: PartInfo[] = [];
  let lines: string[] = [];
  let characters = 0;

  async function flush(): Promise<void> {
    const packed = await compress(`${lines.join("\n")}\n`);
    const stored = await gathered(seal(one(packed)));
    const key = `${prefix}${String(parts.length + 1).padStart(6, "0")}.zst`;
    await objects.put(key, one(stored));
    parts.push({ key, bytes: stored.length, sha256: sha256(stored), lines: lines.length });
    lines = [];
    characters = 0;
  }

  return {
    async add(line) {
      lines.push(line);
      characters += line.length;
      if (characters >= PART_CHARACTERS) await flush();
    },
    async end() {
      if (lines.length > 0) await flush();
      return parts;
    },
  };
}

/** The lines of `parts`, parsed, in order. Throws INTEGRITY for a part that is gone or damaged. */
export async function* readParts<T>(
  objects: ObjectStore,
  parts: readonly PartInfo[],
  open: Conversion,
): AsyncGenerator<T> {
  for (const part of parts) {
    const stored = await readPart(objects, part);
    const packed = await gathered(open(one(stored)));
    const text = await decompress(packed, { maxOutputLength: MOST_BYTES }).catch(() => {
      throw damaged(part.key, "it cannot be unpacked");
    });
    const lines = text.toString("utf8").split("\n");
    if (lines.pop() !== "" || lines.length !== part.lines) {
      throw damaged(part.key, `it has ${lines.length} lines, not ${part.lines}`);
    }
    for (const line of lines) yield JSON.parse(line) as T;
  }
}

/** A part's bytes as stored, checked. Throws INTEGRITY. */
export async function readPart(objects: ObjectStore, part: PartInfo): Promise<Buffer> {
  const bytes = await objects.get(part.key);
  if (!bytes) throw damaged(part.key, "it is missing");
  const stored = await gathered(bytes);
  if (stored.length === part.bytes && sha256(stored) === part.sha256) return stored;
  throw damaged(part.key, "its checksum does not match");
}

/** All of `bytes`, in one piece. */
export async function gathered(bytes: Bytes): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** `bytes` as something that arrives. */
export async function* one(bytes: Uint8Array): Bytes {
  yield bytes;
}
