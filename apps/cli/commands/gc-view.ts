import type { GarbageCollection, GarbageReport, Held } from "@entrepot/api";
import { counted, type formatBytes } from "../format.ts";
import type { Format, View } from "../output.ts";

/** Who keeps blobs that nothing can pull. */
export type HeldRow = Held;

type Bytes = typeof formatBytes;

/** How garbage collections are shown. */
export const gcView: View<GarbageCollection> = {
  name: ({ id }) => String(id),
  columns: ({ time, bytes }) => [
    { title: "ID", value: ({ id }) => String(id), align: "right" },
    { title: "KIND", value: (one) => (isDry(one) ? "dry run" : one.job_kind.toLowerCase()) },
    { title: "STATUS", value: (one) => statusOf(one) },
    { title: "STARTED", value: (one) => time(one.creation_time) },
    { title: "FREED", value: ({ report }) => bytes(report?.freed.bytes), align: "right" },
    {
      title: "QUARANTINED",
      value: ({ report }) => bytes(report?.quarantined.bytes),
      align: "right",
    },
    { title: "HELD", value: ({ report }) => bytes(report && heldBytes(report)), align: "right" },
  ],
  details: ({ report }, format) => (report ? detailsOf(report, format) : []),
};

/** How what is held is shown. */
export const heldView: View<HeldRow> = {
  name: ({ holder }) => holder,
  columns: ({ time, bytes }) => [
    { title: "HOLDER", value: holderText },
    { title: "BLOBS", value: ({ blobs }) => String(blobs), align: "right" },
    { title: "SIZE", value: (row) => bytes(row.bytes), align: "right" },
    { title: "UNTIL", value: ({ until }) => time(until) },
  ],
};

/** What a garbage collection did or would do, in a line for each thing. */
export function gcLines(one: GarbageCollection, { bytes, time }: Format): string[] {
  const { report } = one;
  if (!report) return [`Garbage collection ${one.id}: ${statusOf(one)}.`];
  const [freed, gone] = isDry(one) ? ["Would free", "would go"] : ["Freed", "went"];
  const held = heldLines(report.held, { bytes, time });
  const later = report.quarantined;
  return [
    `${freed} ${amount(report.freed, bytes)}.`,
    `${amount(later, bytes)} ${gone} to quarantine, to be freed later.`,
    ...held,
  ];
}

/** Who holds something back: a backup's target with its name. */
function holderText({ holder, name }: HeldRow): string {
  return name === undefined ? holder : `${holder} (${name})`;
}

/** What is held by what, and until when, in a line for each. */
export function heldLines(
  held: readonly HeldRow[],
  { bytes, time }: Pick<Format, "bytes" | "time">,
): string[] {
  return held.map((row) => {
    const when = row.until === undefined ? "" : ` until ${time(row.until)}`;
    return `${bytes(row.bytes)} held by ${holderText(row)}${when}.`;
  });
}

/** Whether it only looked. */
function isDry({ job_parameters }: GarbageCollection): boolean {
  return (JSON.parse(job_parameters) as { dry_run?: boolean }).dry_run === true;
}

function statusOf({ job_status: status, stage }: GarbageCollection): string {
  return status === "Running" && stage ? `Running: ${stage}` : status;
}

function heldBytes({ held }: GarbageReport): number {
  return held.reduce((total, { bytes }) => total + bytes, 0);
}

function detailsOf(report: GarbageReport, { bytes, time }: Format) {
  const held = report.held.map((row) => {
    const when = row.until === undefined ? "" : ` until ${time(row.until)}`;
    return [`HELD BY ${holderText(row)}`, `${amount(row, bytes)}${when}`] as const;
  });
  return [
    ["IN USE", amount(report.live, bytes)] as const,
    ...held,
    ["WAITING", amount(report.waiting, bytes)] as const,
    ["TAKEN BACK", amount(report.taken_back, bytes)] as const,
    ["UNREFERRED", `${report.rows.condemned} noted, ${report.rows.removed} out`] as const,
    ["PAST", counted(report.past_manifests, "manifest")] as const,
    ["FOLDED", `${report.journal_entries} journal entries`] as const,
    ["UNTAGGED", counted(report.untagged, "manifest")] as const,
  ];
}

function amount(of: { blobs: number; bytes: number }, bytes: Bytes | Format["bytes"]): string {
  return `${bytes(of.bytes)} in ${counted(of.blobs, "blob")}`;
}
