import type { FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import { RegistryError } from "@entrepot/oci";
import type { Span } from "./read-part.ts";

/** Bytes that everything in a tar is padded to. Source: POSIX ustar. */
export const BLOCK_BYTES = 512;

/** Longest extended header that is read, in bytes. */
const LONGEST_HEADER_BYTES = 1024 * 1024;

/** Types of entries that are plain files: ustar's, the old tar's, a contiguous one. */
const REGULAR: ReadonlySet<string> = new Set(["0", "\0", "7"]);

/** Where the files of a tar lie. */
export interface TarEntries {
  /** By path, without `./`; of two by one name the later counts. */
  readonly files: ReadonlyMap<string, Span>;
  /** The header of the last entry; null if there is none. */
  readonly last: { readonly path: string; readonly offset: number } | null;
  /** Where the next entry would begin. */
  readonly end: number;
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly link: string;
}

/**
 * Reads the headers of a plain tar and skips what they head. Understands ustar, pax and GNU's long
 * names. Throws UNSUPPORTED for what is no tar, INTEGRITY where it ends within an entry.
 */
export async function tarEntries(file: FileHandle, path: string): Promise<TarEntries> {
  const { size: total } = await file.stat();
  const files = new Map<string, Span>();
  let last: TarEntries["last"] = null;
  let long: { name?: string; size?: number } = {};
  let first: number | null = null;
  let at = 0;
  while (at + BLOCK_BYTES <= total) {
    const block = await readAt(file, at, BLOCK_BYTES);
    if (block.every((byte) => byte === 0)) break;
    const header = parseHeader(block, path, at);
    const size =
      header.type === "x" || header.type === "L" ? header.size : (long.size ?? header.size);
    const offset = at + BLOCK_BYTES;
    const next = offset + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    if (offset + size > total) {
      throw new RegistryError("INTEGRITY", `${path} ends within ${header.name}: it is cut off`);
    }
    first ??= at;
    if (header.type === "x" || header.type === "L") {
      const bytes = await readAt(file, offset, Math.min(size, LONGEST_HEADER_BYTES));
      Object.assign(long, header.type === "L" ? { name: textOf(bytes) } : paxOf(bytes));
    } else {
      const name = plain(long.name ?? header.name);
      const linked = header.type === "1" ? files.get(plain(header.link)) : undefined;
      if (REGULAR.has(header.type)) files.set(name, { offset, size });
      else if (linked) files.set(name, linked);
      last = { path: name, offset: first };
      first = null;
      long = {};
    }
    at = next;
  }
  return { files, last, end: Math.min(at, total) };
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

function parseHeader(block: Buffer, path: string, at: number): Header {
  const sum = block.reduce((total, byte, n) => total + (n >= 148 && n < 156 ? 32 : byte), 0);
  if (numberOf(block.subarray(148, 156)) !== sum) {
    const gzip = at === 0 && block[0] === 0x1f && block[1] === 0x8b;
    const hint = gzip ? "it is compressed; unpack it with gunzip first" : `byte ${at} is no header`;
    throw new RegistryError("UNSUPPORTED", `${path} is no plain tar: ${hint}`);
  }
  const isUstar = block.toString("latin1", 257, 262) === "ustar";
  const prefix = isUstar && block[262] === 0 ? textOf(block.subarray(345, 500)) : "";
  const name = textOf(block.subarray(0, 100));
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: numberOf(block.subarray(124, 136)),
    type: String.fromCharCode(block[156]!),
    link: textOf(block.subarray(157, 257)),
  };
}

/** A number in octal, or in GNU's base 256 where octal does not reach. */
function numberOf(field: Buffer): number {
  if (!(field[0]! & 0x80)) return Number.parseInt(textOf(field).trim() || "0", 8);
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, field[0]! & 0x7f);
}

/** The members of a pax header that matter here. Source: POSIX pax, extended header records. */
function paxOf(bytes: Buffer): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(32, at);
    const length = Number(bytes.toString("latin1", at, Math.max(blank, at)));
    if (!(length > 0)) break;
    const [key, value = ""] = bytes.toString("utf8", blank + 1, at + length - 1).split(/=(.*)/s);
    if (key === "path") found.name = value;
    if (key === "size") found.size = Number(value);
    at += length;
  }
  return found;
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? field.length : end);
}

const plain = (name: string): string => posix.normalize(name).replace(/^\/+|\/+$/g, "");
