import type { Generated } from "kysely";
import type { Json, JsonWithDefault, OptionalJson } from "./json-column.ts";

/** One value each, by key: `registry_id` and what servers note for themselves. No names. */
export interface SettingTable {
  key: string;
  value: Json<unknown>;
}

/** What administrators set; see `settings/open-settings.ts`. */
export interface SystemSettingTable {
  name: string;
  /** Null: a secret. */
  value: OptionalJson<unknown>;
  value_sealed: Buffer | null;
}

/** The migrations that were applied, and when. */
export interface SchemaVersionTable {
  version: number;
  name: string;
  applied_at: Generated<Date>;
}

/** One row, whose lock gives out `seq`. */
export interface JournalHeadTable {
  id: Generated<boolean>;
  timeline: number;
  seq: number;
  at: Date;
}

/** The journal. See `JournalEntry`; written by `commit` alone. */
export interface JournalTable {
  seq: number;
  timeline: number;
  at: Date;
  origin: string;
  origin_seq: number;
  path: string[];
  actor: string;
  cause: string;
  kind: string;
  key: string;
  after: OptionalJson<Record<string, unknown>>;
  /** Of tags and manifests; see `clock.ts`. */
  clock: string | null;
}

/** How far each reader of the journal has come. */
export interface JournalCursorTable {
  reader: string;
  seq: number;
}

/** Who may log in. */
export interface AccountTable {
  id: Generated<number>;
  username: string;
  email: Generated<string>;
  realname: Generated<string>;
  comment: Generated<string>;
  sysadmin: Generated<boolean>;
  /** In the whole registry, `resource:action`. */
  rights: Generated<string[]>;
  /** A system administrator as long as a group of the directory says so. */
  admin_by_group: Generated<boolean>;
  /** Null for accounts of a directory. */
  password_hash: string | null;
  source: Generated<"local" | "ldap" | "oidc">;
  /** What the source calls it; null for local ones. */
  external_id: string | null;
  /** What docker logs in with, where the source takes no passwords. */
  cli_secret_sealed: Buffer | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** Projects; `metadata` as Harbor has it, `public` among it. */
export interface ProjectTable {
  id: Generated<number>;
  name: string;
  owner: Generated<string>;
  metadata: JsonWithDefault<Record<string, string>>;
  /** The endpoint that it is a proxy of. */
  registry_id: number | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** When a manifest was last pulled, and how often. */
export interface PulledTable {
  repository: string;
  digest: string;
  at: Date;
  count: Generated<number>;
}

/** Which account or group has which of Harbor's roles in which project. */
export interface MemberTable {
  id: Generated<number>;
  project_id: number;
  /** Null: the member is a group. */
  account_id: number | null;
  group_id: number | null;
  role: number;
  /** `resource:action`: what it may do beside its role, and what it may not. */
  grants: Generated<string[]>;
  denies: Generated<string[]>;
}

/** Repositories, by their full names. */
export interface RepositoryTable {
  id: Generated<number>;
  project_id: number;
  name: string;
  description: Generated<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** Which blobs a repository may serve; sizes in bytes. */
export interface RepositoryBlobTable {
  repository: string;
  digest: string;
  size: number;
  project_id: number;
  created_at: Generated<Date>;
  /** When garbage collection found that nothing refers to it; null: it did not. */
  condemned_at: Date | null;
}

/** Manifests with their bytes exactly as pushed. */
export interface ManifestTable {
  id: Generated<number>;
  repository_id: number;
  digest: string;
  media_type: string;
  size: number;
  artifact_type: string | null;
  subject: string | null;
  annotations: OptionalJson<Record<string, string>>;
  bytes: Buffer;
  pushed_at: Generated<Date>;
}

/** What a manifest points at, in its order. */
export interface ManifestReferenceTable {
  manifest_id: number;
  digest: string;
  kind: "blob" | "manifest";
  position: number;
}

/** Tags, each at a manifest of its repository. */
export interface TagTable {
  id: Generated<number>;
  repository_id: number;
  name: string;
  digest: string;
  pushed_at: Generated<Date>;
}

/** Labels; of the whole registry where there is no project. */
export interface LabelTable {
  id: Generated<number>;
  name: string;
  description: Generated<string>;
  color: Generated<string>;
  project_id: number | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** Which artifact carries which label. */
export interface ArtifactLabelTable {
  manifest_id: number;
  label_id: number;
}
