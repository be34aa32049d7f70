import { RegistryError } from "@entrepot/oci";

/** Where an artifact is copied from. */
export interface CopySource {
  readonly project: string;
  /** Without the project. */
  readonly repository: string;
  /** A tag or a digest; not checked further. */
  readonly reference: string;
}

/**
 * The `from` of a copy: `project/repository:tag` or `project/repository@digest`. Throws BAD_REQUEST
 * for anything else. Source: Harbor API v2.0 CopyArtifact.
 */
export function parseCopySource(from: string): CopySource {
  const match = /^([^/@:]+)\/([^@:]+)(?:@([^@]+)|:([^@:/]+))$/.exec(from);
  const [, project, repository, digest, tag] = match ?? [];
  const reference = digest ?? tag;
  if (project !== undefined && repository !== undefined && reference !== undefined) {
    return { project, repository, reference };
  }
  const shown = JSON.stringify(from.slice(0, 300));
  throw new RegistryError(
    "BAD_REQUEST",
    `from is ${shown}; expected project/repository:tag or project/repository@digest`,
  );
}
