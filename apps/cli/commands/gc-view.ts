import type { GarbageCollection, GarbageReport } from "@entrepot/api";
import { counted, type formatBytes } from "../format.ts";
import type { Format, View } from "../output.ts";

/** Who keeps blobs that nothing can pull. */
export type HeldRow = GarbageReport["held"][number];

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
    { title: "HOLDER", value: ({ holder }) => holder },
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
  const held = report.held.map(({ holder, bytes: size, until }) => {
    const when = until === undefined ? "" : ` until ${time(until)}`;
    return `${bytes(size)} held by ${holder}${when}.`;
  });
  const later = report.quarantined;
  return [
    `${freed} ${amount(report.freed, bytes)}.`,
    `${amount(later, bytes)} ${gone} to quarantine, to be freed later.`,
    ...held,
  ];
}

/** Whether it only looked. */
export function isDry({ job_parameters }: GarbageCollection): boolean {
  return (JSON.parse(job_parameters) as { dry_run?: boolean }).dry_run === true;
}

function statusOf({ job_status: status, stage }: GarbageCollection): string {
  return status === "Running" && stage ? `Running: ${stage}` : status;
}

function heldBytes({ held }: GarbageReport): number {
  return held.reduce((total, { bytes }) => total + bytes, 0);
}

function detailsOf(report: GarbageReport, { bytes, time }: Format) {
  const held = report.held.map(({ holder, blobs, bytes: size, until }) => {
    const when = until === undefined ? "" : ` until ${time(until)}`;
    return [`HELD BY ${holder}`, `${amount({ blobs, bytes: size }, bytes)}${when}`] as const;
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
