import type { Generated } from "kysely";
import type { JsonWithDefault } from "./json-column.ts";

/** Blobs whose bytes were read and had their digest, and when. */
export interface BlobVerifiedTable {
  digest: string;
  at: Date;
}

/** What checks (and, without an execution, pulls) found; see `0019-check.sql`. */
export interface CheckFindingTable {
  id: Generated<number>;
  execution_id: number | null;
  class: string;
  name: string;
  /** Bytes. */
  size: number | null;
  detail: string;
  harms: Generated<string[]>;
  found_at: Generated<Date>;
}

/** What is to be done about the findings of a check, planned once and then done. */
export interface RepairPlanTable {
  id: Generated<number>;
  created_at: Generated<Date>;
  actor: string;
  check_id: number;
  execution_id: number | null;
}

/** One finding in a repair's plan. */
export interface RepairItemTable {
  plan_id: number;
  n: number;
  class: string;
  name: string;
  size: number | null;
  act: string;
  copies: JsonWithDefault<unknown[]>;
  why: Generated<string>;
  outcome: string | null;
  result: Generated<string>;
}
