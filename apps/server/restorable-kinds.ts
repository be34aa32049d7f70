import { restoreMembers } from "@entrepot/access";
import type { Content, ProjectPart } from "@entrepot/content";
import { type Events, restoreWebhooks } from "@entrepot/events";
import type { Jobs } from "@entrepot/jobs";
import type { RestorableKind } from "@entrepot/recovery";
import type { Replication } from "@entrepot/replication";

/** Whose names can be put back. */
export interface Restorable {
  readonly content: Content;
  readonly jobs: Jobs;
  readonly replication: Replication;
}

/**
 * The table of kinds of names, and how each is put back, in the order in which they come into
 * being. What forbids changes comes last, so that it does not forbid its own restore.
 */
export function restorableKinds({ content, jobs, replication }: Restorable): RestorableKind[] {
  const { project, label, repository, manifest, tag, artifact_label: labels } = content.restore;
  const own = (kind: string, restore: typeof tag): RestorableKind => ({
    kind,
    restore: (commit, names, { sizes }) => restore(commit, names, sizes),
  });
  return [
    own("project", project),
    own("label", label),
    { kind: "member", restore: restoreMembers },
    {
      kind: "policy",
      restore: (commit, names, { actor }) => replication.policies.restore(commit, names, actor),
    },
    { kind: "webhook", restore: (commit, names) => restoreWebhooks(jobs, commit, names) },
    own("repository", repository),
    own("manifest", manifest),
    own("tag", tag),
    own("artifact_label", labels),
  ];
}

/** What goes with a project that is deleted, each kind journalled by whoever keeps it. */
export function projectParts(parts: {
  readonly replication: Replication;
  readonly events: Events;
}): ProjectPart[] {
  const { replication, events } = parts;
  return [
    (commit, project) => replication.policies.removeAll(commit, project),
    (commit, project) => events.webhooks.removeAll(commit, project),
  ];
}
