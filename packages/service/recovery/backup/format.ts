import { createHash } from "node:crypto";
import { type Digest, RegistryError } from "@entrepot/oci";

/** The newest version of the format. docs/formats/backup.md describes it for people. */
export const FORMAT = 2;

/** The version that a backup of `scope` needs: who knows only the first would take it for whole. */
export function formatFor(scope: readonly string[]): number {
  return scope.length > 0 ? 2 : 1;
}

/** The object that says what a target is. */
export const TARGET_KEY = "entrepot-backup.json";

/** What `entrepot-backup.json` holds. */
export interface TargetFile {
  readonly format: number;
  /** The only registry that may write here. */
  readonly registry: string;
  readonly createdAt: string;
  /** Whom everything but lists of digests is encrypted for (age); empty: nothing is. */
  readonly recipients: readonly string[];
  /** Projects and repositories that it holds, sorted; absent: everything. */
  readonly scope?: readonly string[];
}

/** One part: an object of compressed lines. */
export interface PartInfo {
  readonly key: string;
  /** As stored. */
  readonly bytes: number;
  /** Hex, of the bytes as stored. */
  readonly sha256: string;
  readonly lines: number;
}

/** A blob as lists tell it. */
export interface BlobLine {
  readonly digest: Digest;
  /** Bytes, before any encryption; null for what only history names. */
  readonly size: number | null;
  /** Some manifest of the moment refers to it. */
  readonly needed: boolean;
}

/** Where a sequence stands. */
export interface SequenceState {
  readonly name: string;
  readonly value: number;
  readonly called: boolean;
}

/** What the file says that is written last: without it, there is no backup. */
export interface BackupManifest {
  readonly format: number;
  readonly registry: string;
  readonly timeline: number;
  /** The snapshot's id. */
  readonly snapshot: string;
  /** 0 for the snapshot itself, 1 for the first segment after it. */
  readonly n: number;
  /** The versions of the schema's migrations. */
  readonly schema: readonly number[];
  /** The journal's seq that this goes on from (0 for a snapshot), and the newest one in it. */
  readonly from: number;
  readonly to: number;
  /** The moment that it shows, RFC 3339. */
  readonly at: string;
  /** Hex, sha256 of the manifest file before it; null for a snapshot. */
  readonly previous: string | null;
  readonly names: readonly PartInfo[];
  readonly blobs: readonly PartInfo[];
  readonly blobCount: number;
  readonly blobBytes: number;
  /** Of these what was new to the target; absent in files of before this was told. */
  readonly newCount?: number;
  readonly newBytes?: number;
  /** What names refer to and the registry itself no longer had; false: nothing needs it. */
  readonly absent: readonly { readonly digest: Digest; readonly needed: boolean }[];
  readonly sequences: readonly SequenceState[];
}

/** Where blob `digest` lies in a target. */
export function blobKey(digest: Digest): string {
  const [algorithm, hex] = digest.split(":") as [string, string];
  return `blobs/${algorithm}/${hex.slice(0, 2)}/${hex}`;
}

/** The digest that `blobKey` put there, or null. */
export function digestOfKey(key: string): Digest | null {
  const match = /^blobs\/(sha256|sha512)\/[0-9a-f]{2}\/([0-9a-f]{64,128})$/.exec(key);
  return match ? (`${match[1]}:${match[2]}` as Digest) : null;
}

/** Where the manifest file of snapshot `id` (n 0) or of its segment `n` lies. */
export function manifestKey(id: string, n: number): string {
  return n === 0 ? `snapshots/${id}.json` : `segments/${id}/${String(n).padStart(8, "0")}.json`;
}

/** `value` as a line of JSON, with a line that holds its checksum. */
export function printChecked(value: unknown): Buffer {
  const text = JSON.stringify(value);
  return Buffer.from(`${text}\n${sha256(text)}\n`);
}

/** What `printChecked` made. Throws INTEGRITY for anything else, naming `key`. */
export function parseChecked<T extends { format: number }>(key: string, bytes: Buffer): T {
  const [text = "", sum = ""] = bytes.toString("utf8").split("\n");
  if (sum === "" || sha256(text) !== sum) throw damaged(key, "its checksum does not match");
  const value = JSON.parse(text) as T;
  if (value.format > FORMAT) {
    throw new RegistryError(
      "UNSUPPORTED",
      `${key} is of backup format ${value.format}, this program knows up to ${FORMAT}; use the ` +
        "newer program that wrote it",
    );
  }
  return value;
}

/** Hex. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** INTEGRITY: object `key` of a backup is not what it was. */
export function damaged(key: string, why: string): RegistryError {
  return new RegistryError("INTEGRITY", `${key} in the backup is damaged: ${why}`);
}
