import { useTexts } from "../../texts.ts";

const KNOWN: ReadonlySet<string> = new Set([
  "REPLICATION",
  "GARBAGE_COLLECTION",
  "RETENTION",
  "WEBHOOK",
  "BACKUP",
  "RESTORE",
  "DRILL",
  "CHECK",
  "REPAIR",
  "PURGE_AUDIT_LOG",
  "STORAGE_MIGRATION",
  "SCHEDULER",
]);

/** What a kind of work is called; one that is not known here keeps its own name. */
export function useKindText(): (kind: string) => string {
  const t = useTexts("jobs");
  return (kind) => (KNOWN.has(kind) ? t(`kind.${kind}`) : kind);
}
