import type { Generated } from "kysely";
import type { Json } from "./json-column.ts";

/** What of a project stays; at most one per project. */
export interface RetentionPolicyTable {
  id: Generated<number>;
  project_id: number;
  rules: Json<readonly unknown[]>;
  cron: string | null;
  time_zone: Generated<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** What a run of a retention policy does in one repository. */
export interface RetentionPlanTable {
  execution_id: number;
  repository: string;
  total: number;
  retained: number;
  items: Json<readonly unknown[]>;
}

/** Which tags can be neither moved nor deleted; held by a trigger on `tag`. */
export interface ImmutableRuleTable {
  id: Generated<number>;
  project_id: number;
  disabled: Generated<boolean>;
  tag_decoration: "matches" | "excludes";
  tag_pattern: string;
  repository_decoration: "repoMatches" | "repoExcludes";
  repository_pattern: string;
  tag_regex: string;
  repository_regex: string;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** Limits of projects, in bytes; `used` is kept by triggers on `repository_blob` and `manifest`. */
export interface QuotaTable {
  project_id: number;
  storage: number;
  used: number;
  updated_at: Generated<Date>;
}

/** What a project took up on a day, in bytes. */
export interface StorageSampleTable {
  project: string;
  /** `2026-07-01`. */
  day: string;
  bytes: number;
}
