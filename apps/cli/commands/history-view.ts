import type { HistoryEntry } from "@entrepot/api";
import type { View } from "../output.ts";

/** How a change of a name is shown. */
export const entryView: View<HistoryEntry> = {
  name: ({ seq }) => String(seq),
  columns: ({ time, digest }) => [
    { title: "SEQ", value: ({ seq }) => String(seq), align: "right" },
    { title: "TIME", value: (entry) => time(entry.op_time) },
    { title: "USER", value: ({ username }) => username },
    { title: "CHANGE", value: ({ operation }) => operation },
    { title: "KIND", value: (entry) => entry.resource_type },
    { title: "NAME", value: ({ resource }) => resource },
    { title: "FROM", value: (entry) => digest(entry.from_digest) },
    { title: "TO", value: (entry) => digest(entry.to_digest) },
    { title: "CAUSE", value: ({ cause }) => cause },
  ],
};
