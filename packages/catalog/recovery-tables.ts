import type { Generated } from "kysely";
import type { Json, OptionalJson } from "./json-column.ts";

/** A manifest that some repository no longer has, by digest; written by a trigger alone. */
export interface PastManifestTable {
  digest: string;
  media_type: string;
  /** Bytes. */
  size: number;
  artifact_type: string | null;
  subject: string | null;
  annotations: OptionalJson<Record<string, string>>;
  bytes: Buffer;
  /** When it was last deleted from a repository. */
  since: Generated<Date>;
  /** `history`, or the holder of a `history_hold`; null: nobody needed it when last looked at. */
  held_by: Generated<string | null>;
  held_until: Date | null;
}

/** What a past manifest refers to, in its order. */
export interface PastReferenceTable {
  manifest: string;
  digest: string;
  kind: "blob" | "manifest";
  position: number;
}

/** Who needs history from `seq` on, whatever its window says. */
export interface HistoryHoldTable {
  holder: string;
  seq: number;
  reason: string;
  expires_at: Date | null;
}
