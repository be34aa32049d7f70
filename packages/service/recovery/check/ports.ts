import type { Catalog } from "@entrepot/catalog";
import type { Pacing } from "@entrepot/jobs";
import type { Bytes, Digest } from "@entrepot/oci";
import type { Throttle } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";

/**
 * What can be wrong. Of bytes: `missing`, `truncated` (their size is unlike the row's), `corrupt`;
 * `orphan` is nobody's, and garbage collection's business. Of names: `dangling-child` (what a
 * manifest needs and its repository does not have), `dangling-referrer` (its subject is not there,
 * which the specification allows), `blob-row` (a size unlike the bytes'), `manifest-bytes` (unlike
 * their digest), `manifest-row` (columns unlike the bytes), `usage` (a quota's count), `journal`.
 */
export const FINDING_CLASSES = [
  "missing",
  "truncated",
  "corrupt",
  "dangling-child",
  "manifest-bytes",
  "manifest-row",
  "blob-row",
  "usage",
  "journal",
  "dangling-referrer",
  "orphan",
] as const;

/** See `FINDING_CLASSES`. */
export type FindingClass = (typeof FINDING_CLASSES)[number];

/** These are told, and nothing is wrong. */
export const INFORMATION: ReadonlySet<FindingClass> = new Set(["dangling-referrer", "orphan"]);

/** Something that a check found. */
export interface NewFinding {
  readonly class: FindingClass;
  /** A digest, `repository@digest`, a project, or `kind key` of the journal. */
  readonly name: string;
  /** Bytes that it should have, as far as names tell. */
  readonly size: number | null;
  readonly detail: string;
}

/** That, stored. */
export interface Finding extends NewFinding {
  readonly id: number;
  /** `repository:tag`, `repository@digest`, or `history`: what cannot be pulled whole; a few. */
  readonly harms: readonly string[];
  readonly foundAt: Date;
}

/** What is checked, and how. */
export interface CheckParameters {
  /** Bytes are read only where sizes look wrong. */
  readonly quick: boolean;
  /** Of one project or repository; empty: everything. */
  readonly scope: string;
  /** 0: no limit. */
  readonly bytesPerSecond: number;
}

/** What a check works on. */
export interface CheckContext {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  /** Limits bytes to what `bytesPerSecond` gives. */
  readonly throttle: (bytesPerSecond: () => number) => Throttle;
  readonly pacing?: Pacing | undefined;
  /** Digests looked at in one step; 1,000 if absent. */
  readonly batch?: number;
}

/** How much was looked at. */
export interface CheckReport {
  readonly blobs: number;
  readonly blobsRead: number;
  readonly bytesRead: number;
  readonly manifests: number;
}

/** A place where a copy of a blob may be. Plain data. */
export interface Copy {
  /** `endpoint`, `backup` or `database`. */
  readonly kind: string;
  /** Of the endpoint or the backup target; 0 if there is none. */
  readonly id: number;
  /** The repository there; empty where copies lie by digest alone. */
  readonly repository: string;
  /** For people: `endpoint 'tokyo'`. */
  readonly label: string;
}

/** A blob that a copy is looked for of. */
export interface Wanted {
  readonly digest: Digest;
  readonly size: number | null;
  /** Here. */
  readonly repositories: readonly string[];
}

/** Where copies may be outside of the store, and how to get them. */
export interface Copies {
  /** Places where it may be, the nearest first; nobody is asked yet. Bounded. */
  places(wanted: Wanted): Promise<Copy[]>;
  /** Its size in bytes there, or null; throws where that place cannot be asked. */
  stat(copy: Copy, digest: Digest): Promise<number | null>;
  fetch(copy: Copy, content: { digest: Digest; size: number }): Promise<Bytes>;
}
