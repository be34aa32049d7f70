import type { Generated } from "kysely";
import type { Json } from "./json-column.ts";

/** Robot accounts; see `0020-robots.sql`. */
export interface RobotTable {
  id: Generated<number>;
  name: string;
  login_name: string;
  project_id: number | null;
  description: Generated<string>;
  disabled: Generated<boolean>;
  /** Days; null: for ever. */
  duration: number | null;
  expires_at: Date | null;
  permissions: Json<unknown>;
  secret_hash: Buffer | null;
  old_secret_hash: Buffer | null;
  old_secret_until: Date | null;
  creator: string;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** What the journal does not say of a deleted robot; written by a trigger. */
export interface PastRobotTable {
  id: number;
  key: string;
  secret_hash: Buffer | null;
  gone_at: Generated<Date>;
}
