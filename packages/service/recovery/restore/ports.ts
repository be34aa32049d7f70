import type { Actor, Commit } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import type { ObjectStore } from "@entrepot/storage";
import type { Conversion } from "../backup/encryption.ts";

/** A row as the journal tells it; null: there is none. */
export type Image = Readonly<Record<string, unknown>> | null;

/** One name, what it shall be, and what it was when that was decided. */
export interface NameToRestore {
  readonly key: string;
  readonly wanted: Image;
  readonly present: Image;
  readonly source?: string | null;
  /** The seq of the entry that told `wanted`. */
  readonly was?: number | null;
}

/** Sizes in bytes of those of `digests` that lie in the store. */
export type Sizes = (digests: readonly Digest[]) => Promise<ReadonlyMap<string, number>>;

/**
 * How names of one kind are put back, as a part of `commit`: an entry in the table of kinds is all
 * that a new kind needs. Answers in order: null where the name is now as it shall be, else why it
 * was left. Repeating is safe.
 */
export interface RestorableKind {
  readonly kind: string;
  restore(
    commit: Commit,
    names: readonly NameToRestore[],
    given: { readonly sizes: Sizes; readonly actor: Actor },
  ): Promise<(string | null)[]>;
}

/** What is to be put back, and how. */
export interface RestoreRequest {
  /** `project`, `project/repository`, `…:tag`, `…@digest`; empty: everything. */
  readonly name: string;
  /** Back to this time or journal seq. Exactly one of these three. */
  readonly at?: Date;
  readonly seq?: number;
  /** Undo what this cause did. */
  readonly cause?: string;
  /** Names that came after the moment stay. */
  readonly keepNewer?: boolean;
  /** Of an undo: put back, too, what was changed again since. */
  readonly force?: boolean;
  /** Not in place: into a new project of this name. */
  readonly into?: string;
  /**
   * Out of this backup (a target's name or id, or an address) in place of the journal here: a
   * project or a repository, as the backup shows it at the moment; with none at its newest.
   */
  readonly from?: string;
}

/** A backup that is open to be read. */
export interface BackupToRead {
  readonly objects: ObjectStore;
  /** Opens what is encrypted. */
  readonly open: Conversion;
  close(): Promise<void>;
}

/**
 * Opens the backup that a target's name or id, or an address, stands for. Throws for an address
 * that may not be used, NOT_FOUND where no backup is, PRECONDITION for one that nothing here
 * decrypts.
 */
export type OpenBackup = (from: string) => Promise<BackupToRead>;

/** What becomes of a name. */
export type Verdict = "create" | "change" | "remove" | "keep" | "conflict";

/** One name of a plan. */
export interface PlanItem {
  readonly kind: string;
  readonly key: string;
  readonly verdict: Verdict;
  readonly wanted: Image;
  readonly present: Image;
  /** Why it is in conflict, or kept. */
  readonly why: string | null;
  /** Null until it was its turn. */
  readonly outcome: "done" | "left" | null;
}

/** Names by verdict. */
export type Counts = Readonly<Record<Verdict, number>>;

/** A stored plan. Frozen: what it says was so when it was made. */
export interface RestorePlan {
  readonly id: number;
  readonly request: RestoreRequest;
  /** The moment's seq; null for an undo. */
  readonly moment: number | null;
  /** The journal's newest entry when it was made. */
  readonly head: number;
  readonly counts: Counts;
  /** Tags in the scope that stay as they are. */
  readonly unchangedTags: number;
  /** Bytes that the project does not have now. */
  readonly bytes: number;
  /** What speaks against all of it; then it is not carried out. */
  readonly objections: readonly string[];
  /** Projects that it changes something in. */
  readonly projects: readonly string[];
  /** Kinds of names that it changes. */
  readonly kinds: readonly string[];
  /** It makes or deletes a project, or changes what belongs to none. */
  readonly system: boolean;
  readonly actor: string;
  readonly createdAt: Date;
  readonly executionId: number | null;
  /** How far it has been carried out. */
  readonly done: number;
  readonly left: number;
}

/** What is about to become what a backup says. */
export interface ComingBack {
  readonly projects: readonly string[];
  readonly repositories: readonly string[];
  /** Policies that come back, and were on. */
  readonly policies: readonly string[];
}

/**
 * Switches off, until somebody confirms, the policies that would carry `what` elsewhere or
 * overwrite it, and notes them with those that come back. Answers all of them by name. Repeating is
 * safe.
 */
export type PauseReplication = (what: ComingBack, actor: Actor) => Promise<readonly string[]>;
