import type { NewPolicy, Policy, ReplicationFilter, TimeWindow } from "@entrepot/api";

/** A filter as it is written in the editor. */
export interface FilterDraft {
  readonly type: ReplicationFilter["type"];
  /** A list for the kinds in `LISTS`. */
  readonly value: string | readonly string[];
  readonly excludes: boolean;
}

/** A policy as it is written in the editor. 0 stands for no limit, null for no ceiling. */
export interface PolicyDraft {
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly mode: "push" | "pull";
  readonly endpoint: number | null;
  /** The project that the policy belongs to; null: the system's. */
  readonly project: number | null;
  readonly filters: readonly FilterDraft[];
  readonly namespace: string;
  readonly replaceCount: number;
  readonly trigger: "manual" | "scheduled" | "event_based";
  readonly cron: string;
  readonly timeZone: string;
  readonly deletion: boolean;
  readonly maxDeletions: number | null;
  readonly maxDeletionPercent: number | null;
  readonly override: boolean;
  readonly onConflict: "overwrite" | "report";
  /** Kibit/s for each task, as Harbor means it. */
  readonly speed: number;
  readonly bytesPerSecond: number;
  readonly concurrency: number;
  readonly windows: readonly Required<TimeWindow>[];
  readonly verify: boolean;
  readonly allOrNothing: boolean;
  readonly single: boolean;
  readonly chunks: boolean;
  readonly indexMode: "sparse" | "rewritten";
}

/** The kinds of filters, commonest first. `resource`, which selects nothing, is left out. */
export const FILTERS = [
  "name",
  "tag",
  "label",
  "platform",
  "newest",
  "tag_semver",
  "signed",
  "name_regex",
  "tag_regex",
  "media_type",
  "artifact_type",
] as const satisfies readonly FilterDraft["type"][];

/** Kinds that take several values. */
export const LISTS: ReadonlySet<string> = new Set([
  "label",
  "platform",
  "media_type",
  "artifact_type",
]);

/** Kinds that cannot exclude. */
export const PLAIN: ReadonlySet<string> = new Set(["name", "newest", "resource"]);

/** A policy of which nothing is said yet: everything, when told. */
export const NEW_POLICY: PolicyDraft = {
  name: "",
  description: "",
  enabled: true,
  mode: "push",
  endpoint: null,
  project: null,
  filters: [],
  namespace: "",
  replaceCount: -1,
  trigger: "event_based",
  cron: "0 0 2 * * *",
  timeZone: "UTC",
  deletion: false,
  maxDeletions: null,
  maxDeletionPercent: null,
  override: true,
  onConflict: "overwrite",
  speed: 0,
  bytesPerSecond: 0,
  concurrency: 0,
  windows: [],
  verify: false,
  allOrNothing: false,
  single: false,
  chunks: false,
  indexMode: "sparse",
};

/** A filter of `type` of which nothing is said yet. */
export function newFilter(type: FilterDraft["type"]): FilterDraft {
  const value = LISTS.has(type) ? [] : type === "signed" ? "true" : "";
  return { type, value, excludes: false };
}

/** A stored policy, to be changed. */
export function draftOf(policy: Policy): PolicyDraft {
  const isPull = policy.src_registry.id !== 0;
  const { trigger_settings: settings, type: trigger } = policy.trigger;
  return {
    name: policy.name,
    description: policy.description,
    enabled: policy.enabled,
    mode: isPull ? "pull" : "push",
    endpoint: isPull ? policy.src_registry.id : policy.dest_registry.id,
    project: policy.project_id,
    filters: policy.filters.map(filterDraft),
    namespace: policy.dest_namespace,
    replaceCount: policy.dest_namespace_replace_count,
    trigger,
    cron: settings?.cron || NEW_POLICY.cron,
    timeZone: settings?.time_zone || "UTC",
    deletion: policy.deletion,
    maxDeletions: policy.max_deletions,
    maxDeletionPercent: policy.max_deletion_percent,
    override: policy.override,
    onConflict: policy.on_conflict,
    speed: Math.max(0, policy.speed),
    bytesPerSecond: policy.bytes_per_second,
    concurrency: policy.concurrency,
    windows: policy.windows,
    verify: policy.verify,
    allOrNothing: policy.all_or_nothing,
    single: policy.single_active_replication,
    chunks: policy.copy_by_chunk,
    indexMode: policy.index_mode,
  };
}

function filterDraft({ type, value, decoration }: ReplicationFilter): FilterDraft {
  const list = typeof value === "string" ? value.split(",").filter(Boolean) : value;
  const text = typeof value === "string" ? value : value.join(",");
  return { type, value: LISTS.has(type) ? list : text, excludes: decoration === "excludes" };
}

/** `draft` as the API takes it. Filters without a value are left out: they select everything. */
export function policyOf(draft: PolicyDraft): NewPolicy {
  const registry = draft.endpoint === null ? null : { id: draft.endpoint };
  const isScheduled = draft.trigger === "scheduled";
  return {
    name: draft.name.trim(),
    description: draft.description,
    enabled: draft.enabled,
    src_registry: draft.mode === "pull" ? registry : null,
    dest_registry: draft.mode === "push" ? registry : null,
    project_id: draft.project,
    filters: draft.filters.filter(({ value }) => value.length > 0).map(filterOf),
    dest_namespace: draft.namespace.trim(),
    dest_namespace_replace_count: draft.replaceCount,
    trigger: {
      type: draft.trigger,
      trigger_settings: isScheduled ? { cron: draft.cron.trim(), time_zone: draft.timeZone } : null,
    },
    deletion: draft.deletion,
    max_deletions: draft.maxDeletions,
    max_deletion_percent: draft.maxDeletionPercent,
    override: draft.override,
    on_conflict: draft.onConflict,
    speed: draft.speed,
    bytes_per_second: draft.bytesPerSecond,
    concurrency: draft.concurrency,
    windows: draft.windows.map((window) => ({ ...window, days: [...window.days] })),
    verify: draft.verify,
    all_or_nothing: draft.allOrNothing,
    single_active_replication: draft.single,
    copy_by_chunk: draft.chunks,
    index_mode: draft.indexMode,
  };
}

function filterOf({ type, value, excludes }: FilterDraft): ReplicationFilter {
  const given = typeof value === "string" ? value.trim() : [...value];
  if (PLAIN.has(type)) return { type, value: given };
  return { type, value: given, decoration: excludes ? "excludes" : "matches" };
}

const FIELDS: readonly (readonly [RegExp, keyof PolicyDraft])[] = [
  [/policy needs a name|policy named|policy '.*' exists/, "name"],
  [/give exactly one of dest_registry|registry endpoint \d+/, "endpoint"],
  [/dest_namespace_replace_count/, "replaceCount"],
  [/dest_namespace/, "namespace"],
  [/^windows\[|windows at most/, "windows"],
  [/time_zone|[Tt]here is no time zone/, "timeZone"],
  [/^cron |[Tt]he schedule "/, "cron"],
  [/^event_based works/, "trigger"],
  [/^single_active_replication/, "single"],
  [/^verify /, "verify"],
  [/^speed/, "speed"],
  [/^bytes_per_second/, "bytesPerSecond"],
  [/^concurrency/, "concurrency"],
  [/^max_deletions/, "maxDeletions"],
  [/^max_deletion_percent/, "maxDeletionPercent"],
  [/project \d+|policies of the system need/, "project"],
  [/filter|pattern|^newest|^tag_semver|^platform|regular expression/, "filters"],
];

/** The field that a refusal of the server is about; null if it is about none. */
export function policyFieldOf(message: string): keyof PolicyDraft | null {
  return FIELDS.find(([about]) => about.test(message))?.[1] ?? null;
}
