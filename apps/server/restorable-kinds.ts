import { type Access, restoreMembers, restoreRobots } from "@entrepot/access";
import { type Commit, restoreSettings } from "@entrepot/catalog";
import type { Content, ProjectPart } from "@entrepot/content";
import { type Events, restoreWebhooks } from "@entrepot/events";
import type { Jobs } from "@entrepot/jobs";
import type { RestorableKind } from "@entrepot/recovery";
import type { Replication } from "@entrepot/replication";
import { type Retention, RETENTION_KINDS } from "@entrepot/retention";

/** Whose names can be put back. */
export interface Restorable {
  readonly content: Content;
  readonly jobs: Jobs;
  readonly replication: Replication;
  readonly retention: Retention;
}

/**
 * The table of kinds of names, and how each is put back, in the order in which they come into
 * being. What forbids changes comes last, so that it does not forbid its own restore.
 */
export function restorableKinds(parts: Restorable): RestorableKind[] {
  const { content, jobs, replication, retention } = parts;
  const { project, label, repository, manifest, tag, artifact_label: labels } = content.restore;
  const own = (kind: string, restore: typeof tag): RestorableKind => ({
    kind,
    restore: (commit, names, { sizes }) => restore(commit, names, sizes),
  });
  return [
    { kind: "setting", restore: restoreSettings },
    own("project", project),
    own("label", label),
    { kind: "member", restore: restoreMembers },
    { kind: "robot", restore: restoreRobots },
    {
      kind: "policy",
      restore: (commit, names, { actor }) => replication.policies.restore(commit, names, actor),
    },
    { kind: "webhook", restore: (commit, names) => restoreWebhooks(jobs, commit, names) },
    own("repository", repository),
    own("manifest", manifest),
    own("tag", tag),
    own("artifact_label", labels),
    ...RETENTION_KINDS.map((kind) => ({
      kind,
      restore: (commit: Commit, names: Parameters<RestorableKind["restore"]>[1]) =>
        retention.putBack(commit, kind, names),
    })),
  ];
}

/** Who keeps something of projects. */
export interface ProjectOwners {
  readonly access: Pick<Access, "robots">;
  readonly content: Content;
  readonly replication: Replication;
  readonly events: Events;
  readonly retention: Retention;
}

/**
 * What goes with a project that is deleted, each kind journalled by whoever keeps it. Replication
 * policies go only by a cascade: without one they are in the way.
 */
export function projectParts(parts: ProjectOwners & { readonly cascade: boolean }): ProjectPart[] {
  const { access, replication, events, retention, cascade } = parts;
  const always: ProjectPart[] = [
    (commit, project) => access.robots.removeFromProject(commit, project),
    (commit, project) => events.webhooks.removeAll(commit, project),
    (commit, project) => retention.removeFromProject(commit, project),
  ];
  if (!cascade) return always;
  return [(commit, project) => replication.policies.removeAll(commit, project), ...always];
}
