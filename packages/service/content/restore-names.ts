import type { Commit } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { restoreArtifactLabels, restoreLabels } from "./restore-labels.ts";
import { restoreManifests } from "./restore-manifests.ts";
import { restoreProjects, restoreRepositories } from "./restore-places.ts";
import { restoreTags } from "./restore-tags.ts";
import type { Room } from "./room.ts";

/** A row as the journal tells it; null: there is none. */
export type Image = Readonly<Record<string, unknown>> | null;

/** One name, what it shall be, and what it was when that was decided. */
export interface NameToRestore {
  /** The journal's key. */
  readonly key: string;
  readonly wanted: Image;
  readonly present: Image;
  /**
   * Of a manifest: another repository that has it, where it never was in its own. Of a project: the
   * one that it is a copy of.
   */
  readonly source?: string | null;
  /** The seq of the entry that told `wanted`. */
  readonly was?: number | null;
}

/** Null: it is as it shall be. Else why it was left as it is. */
export type Left = string | null;

/** Sizes in bytes of those of `digests` that lie in the store. */
export type Sizes = (digests: readonly Digest[]) => Promise<ReadonlyMap<string, number>>;

/**
 * Makes names what they shall be, as a part of `commit`, which tells the journal. What is so
 * already is done; what is neither that nor what it was is left. Answers come in order.
 */
export type RestoreNames = (
  commit: Commit,
  names: readonly NameToRestore[],
  sizes: Sizes,
) => Promise<Left[]>;

/** The kinds of names that content keeps. */
export type ContentKind =
  | "project"
  | "label"
  | "repository"
  | "manifest"
  | "tag"
  | "artifact_label";

/** How names of each kind are put back in `room`. */
export function openRestoreNames(room: Room): Readonly<Record<ContentKind, RestoreNames>> {
  return {
    project: restoreProjects,
    label: restoreLabels,
    repository: restoreRepositories,
    manifest: restoreManifests(room),
    tag: restoreTags(room),
    artifact_label: restoreArtifactLabels,
  };
}

/** Why a name is left that has changed since. */
export const CHANGED = "it has changed since the plan was made";
