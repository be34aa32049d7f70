import type { Attention } from "@entrepot/api";

type Kind = Attention["kind"];

/** How grave it is. */
export type Gravity = "error" | "warning" | "info";

const GRAVE: ReadonlySet<Kind> = new Set([
  "no-workers",
  "backup-none",
  "backup-failed",
  "damage",
  "findings",
  "policy-failing",
]);

/** How grave a thing that needs attention is. */
export function gravityOf(kind: Kind): Gravity {
  if (GRAVE.has(kind)) return "error";
  return kind === "drill-none" || kind === "read-only" ? "info" : "warning";
}

/** Where it is put right, with what goes into the address. */
export function remedyOf({ kind, id, subject }: Attention): {
  readonly to: string;
  readonly search?: Readonly<Record<string, string>>;
} {
  const target = id === null ? "/recovery/backups" : `/recovery/backups/${id}`;
  switch (kind) {
    case "restored":
      return { to: "/recovery/backups" };
    case "backup-none":
      return { to: "/recovery/backups", search: { new: "target" } };
    case "backup-never":
    case "backup-failed":
    case "backup-late":
      return { to: target };
    case "drill-none":
      return { to: "/recovery/drills", search: { new: "drill" } };
    case "drill-failed":
      return { to: target, search: { tab: "drills" } };
    case "damage":
      return { to: "/recovery/checks" };
    case "findings":
      return { to: `/recovery/checks/${id}` };
    case "policy-failing":
    case "policy-failed":
      return { to: `/replication/policies/${id}` };
    case "endpoint":
      return { to: "/replication/endpoints" };
    case "conflicts":
      return { to: "/replication/conflicts" };
    case "quota":
      return { to: `/projects/${subject}` };
    case "no-workers":
    case "paused":
      return { to: "/jobs" };
    case "read-only":
      return { to: "/settings" };
  }
}
