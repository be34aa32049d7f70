import type { Selectable } from "kysely";
import type {
  AccessTokenTable,
  AccountTable,
  ImmutableRuleTable,
  LabelTable,
  ManifestTable,
  MemberTable,
  ProjectTable,
  RegistryEndpointTable,
  ReplicationPolicyTable,
  RepositoryTable,
  RetentionPolicyTable,
  UserGroupTable,
  RobotTable,
  WebhookPolicyTable,
} from "./database.ts";
import type { Change } from "./ports.ts";

/*
 * What the journal says about each kind of name: its key, and its after-image made from the row as
 * it now stands. `null` for the row records that the name is gone. A row that the database deletes
 * along with another (ON DELETE CASCADE) needs an entry of its own: record the tags, manifests and
 * members first, then what held them. A new name for the same thing is a deletion and a creation.
 * The same images, told in SQL, are in `compare-with-tables.ts`.
 */

type Row<Table, Columns extends keyof Selectable<Table>> = Pick<Selectable<Table>, Columns>;

/** Tag `tag` of `repository` (its full name), at the manifest it names now. */
export function tagChange(
  repository: string,
  tag: string,
  manifest: { readonly digest: string; readonly mediaType: string } | null,
): Change {
  const key = `${repository}:${tag}`;
  if (!manifest) return { kind: "tag", key, after: null };
  const { digest, mediaType } = manifest;
  return { kind: "tag", key, after: { repository, tag, digest, mediaType } };
}

/** The manifest `digest` in `repository` (its full name). */
export function manifestChange(
  repository: string,
  digest: string,
  row: Row<ManifestTable, "media_type" | "artifact_type" | "subject" | "size"> | null,
): Change {
  const after = row && {
    repository,
    digest,
    mediaType: row.media_type,
    artifactType: row.artifact_type,
    subject: row.subject,
    size: row.size,
  };
  return { kind: "manifest", key: `${repository}@${digest}`, after };
}

/** The repository `name` (its full name). */
export function repositoryChange(
  name: string,
  row: Row<RepositoryTable, "description"> | null,
): Change {
  return { kind: "repository", key: name, after: row && { name, description: row.description } };
}

/** The label `name` of `project`, null for a global one. */
export function labelChange(
  project: string | null,
  name: string,
  row: Row<LabelTable, "description" | "color"> | null,
): Change {
  const after = row && { project, name, description: row.description, color: row.color };
  return { kind: "label", key: labelKey(project, name), after };
}

/** What the journal calls a label: `project/name`, `/name` for a global one. */
export function labelKey(project: string | null, name: string): string {
  return `${project ?? ""}/${name}`;
}

/** All labels (as `labelKey` calls them) that the artifact `digest` of `repository` carries now. */
export function artifactLabelChange(
  repository: string,
  digest: string,
  labels: readonly string[],
): Change {
  const after = labels.length === 0 ? null : { repository, digest, labels: labels.toSorted() };
  return { kind: "artifact_label", key: `${repository}@${digest}`, after };
}

/** The project `name`. */
export function projectChange(
  name: string,
  row: Row<ProjectTable, "owner" | "metadata" | "registry_id"> | null,
): Change {
  const { owner, metadata, registry_id: registryId } = row ?? {};
  const after = row && { name, owner, metadata, registryId };
  return { kind: "project", key: name, after };
}

/** A list that most rows leave empty is told only where it is not. */
function someOf(name: string, values: readonly string[]): Record<string, readonly string[]> {
  return values.length === 0 ? {} : { [name]: values };
}

/**
 * What `username` may do in `project`; null: it is no member any longer. A group is called by its
 * `member_name`, which a colon tells from every username.
 */
export function memberChange(
  project: string,
  username: string,
  row: Row<MemberTable, "role" | "grants" | "denies"> | null,
): Change {
  const after = row && {
    project,
    ...(username.includes(":") ? { group: username } : { username }),
    role: row.role,
    ...someOf("grants", row.grants),
    ...someOf("denies", row.denies),
  };
  return { kind: "member", key: `${project}/${username}`, after };
}

/** The group of a directory that is called `memberName` among members. */
export function userGroupChange(
  memberName: string,
  row: Row<UserGroupTable, "name" | "type" | "ldap_group_dn"> | null,
): Change {
  const after = row && { name: row.name, type: row.type, ldapGroupDn: row.ldap_group_dn };
  return { kind: "user_group", key: memberName, after };
}

/** The account `username`, without its password's hash. */
export function accountChange(
  username: string,
  row: Row<AccountTable, "email" | "realname" | "comment" | "sysadmin" | "rights"> | null,
): Change {
  const after = row && {
    username,
    email: row.email,
    realname: row.realname,
    sysadmin: row.sysadmin,
    ...(row.comment !== "" && { comment: row.comment }),
    ...someOf("rights", row.rights),
  };
  return { kind: "account", key: username, after };
}

/** The personal access token `name` of `username`, without what proves it and when it was used. */
export function accessTokenChange(
  username: string,
  name: string,
  row: Row<AccessTokenTable, "read_only" | "expires_at"> | null,
): Change {
  const after = row && {
    username,
    name,
    readOnly: row.read_only,
    expiresAt: row.expires_at?.toISOString() ?? null,
  };
  return { kind: "access_token", key: `${username}/${name}`, after };
}

/** The registry endpoint `name`, without its secrets and without how it fares at the moment. */
export function endpointChange(
  name: string,
  row: Row<
    RegistryEndpointTable,
    | "description"
    | "type"
    | "url"
    | "credential_type"
    | "access_key"
    | "insecure"
    | "ca_certificate"
    | "options"
  > | null,
): Change {
  const after = row && {
    name,
    description: row.description,
    type: row.type,
    url: row.url,
    credentialType: row.credential_type,
    accessKey: row.access_key,
    insecure: row.insecure,
    caCertificate: row.ca_certificate,
    options: row.options,
  };
  return { kind: "endpoint", key: name, after };
}

/** The replication policy `name`; `endpoint` names where it sends to or pulls from. */
export function policyChange(
  name: string,
  policy: {
    readonly row: Omit<
      Selectable<ReplicationPolicyTable>,
      "id" | "name" | "project_id" | "created_at" | "updated_at"
    >;
    readonly endpoint: string;
    /** The name of the project that owns it. */
    readonly project: string | null;
  } | null,
): Change {
  if (!policy) return { kind: "policy", key: name, after: null };
  const { row, endpoint, project } = policy;
  const after = {
    name,
    description: row.description,
    enabled: row.enabled,
    mode: row.dest_endpoint_id === null ? "pull" : "push",
    endpoint,
    destNamespace: row.dest_namespace,
    destNamespaceReplaceCount: row.dest_namespace_replace_count,
    filters: row.filters,
    triggerType: row.trigger_type,
    cron: row.cron,
    deletion: row.deletion,
    override: row.override,
    project,
    options: row.options,
  };
  return { kind: "policy", key: name, after };
}

/**
 * The webhook `name` of `project`, null for one of the system. Neither its secrets nor the path of
 * its address, which may be as good as one.
 */
export function webhookChange(
  project: string | null,
  name: string,
  row: Row<
    WebhookPolicyTable,
    | "description"
    | "enabled"
    | "event_types"
    | "address"
    | "payload_format"
    | "skip_cert_verify"
    | "options"
  > | null,
): Change {
  const after = row && {
    project,
    name,
    description: row.description,
    enabled: row.enabled,
    eventTypes: row.event_types,
    host: URL.parse(row.address)?.origin ?? "",
    format: row.payload_format,
    skipCertVerify: row.skip_cert_verify,
    options: row.options,
  };
  return { kind: "webhook", key: `${project ?? ""}/${name}`, after };
}

/** What of `project` stays. */
export function retentionChange(
  project: string,
  row: Row<RetentionPolicyTable, "id" | "rules" | "cron" | "time_zone"> | null,
): Change {
  const after = row && {
    project,
    id: row.id,
    rules: row.rules,
    cron: row.cron,
    timeZone: row.time_zone,
  };
  return { kind: "retention", key: project, after };
}

/** Immutable rule `id` of `project`. */
export function immutableChange(
  project: string,
  id: number,
  row: Row<
    ImmutableRuleTable,
    "disabled" | "tag_decoration" | "tag_pattern" | "repository_decoration" | "repository_pattern"
  > | null,
): Change {
  const after = row && {
    project,
    id,
    disabled: row.disabled,
    tagDecoration: row.tag_decoration,
    tagPattern: row.tag_pattern,
    repositoryDecoration: row.repository_decoration,
    repositoryPattern: row.repository_pattern,
  };
  return { kind: "immutable", key: `${project}/${id}`, after };
}

/** The robot `name` (without its prefix) of `project`, null for one of the system; no secret. */
export function robotChange(
  project: string | null,
  name: string,
  row: Row<
    RobotTable,
    "login_name" | "description" | "disabled" | "duration" | "expires_at" | "permissions"
  > | null,
): Change {
  const after = row && {
    project,
    name,
    loginName: row.login_name,
    description: row.description,
    disabled: row.disabled,
    duration: row.duration,
    // Seconds since the epoch.
    expiresAt: row.expires_at && Math.floor(row.expires_at.getTime() / 1_000),
    permissions: row.permissions,
  };
  return { kind: "robot", key: `${project ?? ""}/${name}`, after };
}

/** How many bytes `project` may take up; null: no limit. */
export function quotaChange(project: string, storage: number | null): Change {
  return { kind: "quota", key: project, after: storage === null ? null : { project, storage } };
}

/** The setting `name`; `value` null: a secret, which is not told. */
export function settingChange(name: string, row: { readonly value: unknown } | null): Change {
  const after = row && { name, value: row.value, sealed: row.value === null };
  return { kind: "setting", key: name, after };
}
