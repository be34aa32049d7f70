import type { RegistryInfo } from "@entrepot/api";
import { FILTER_TYPES, type FilterType } from "@entrepot/replication";

type Filters = RegistryInfo["supported_resource_filters"];

/** Types whose listings tell labels. */
const TELL_LABELS: ReadonlySet<string> = new Set(["harbor", "entrepot"]);
/** Types that take a blob in chunks. */
const TAKE_CHUNKS: ReadonlySet<string> = new Set(["harbor", "entrepot", "docker-registry"]);

/** What an endpoint of `type` can do: filters as a source, chunks as a target. */
export function infoOf(type: string): RegistryInfo {
  return {
    type,
    description: "",
    supported_resource_filters: filters.filter(
      (filter) => filter.type !== "label" || TELL_LABELS.has(type),
    ),
    supported_triggers: ["manual", "scheduled"],
    supported_copy_by_chunk: TAKE_CHUNKS.has(type),
  };
}

/**
 * What this registry can do. Only its own changes are events; its `labels` are offered as Harbor
 * does. Source: Harbor API v2.0 RegistryInfo.
 */
export function localInfo(labels: string[]): RegistryInfo {
  const info = infoOf("harbor");
  return {
    ...info,
    supported_resource_filters: info.supported_resource_filters.map((filter) =>
      filter.type === "label" ? { ...filter, style: "list", values: labels } : filter,
    ),
    supported_triggers: [...info.supported_triggers, "event_based"],
  };
}

/** How a form asks for a value, in Harbor's words; `input` where it is text. */
const STYLES: Partial<Record<FilterType, Omit<Filters[number], "type">>> = {
  resource: { style: "radio", values: ["image", "artifact"] },
  signed: { style: "radio", values: ["true"] },
};

const filters: Filters = FILTER_TYPES.map((type) => ({
  type,
  ...(STYLES[type] ?? { style: "input" }),
}));
