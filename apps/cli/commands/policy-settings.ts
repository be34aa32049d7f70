import type { NewPolicy, Policy, ReplicationFilter } from "@entrepot/api";
import type { Command } from "commander";
import type { Call } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { projectIdOf, registryNamed } from "../names.ts";
import { oneOf } from "../options.ts";
import { copyingIn, copyingOf, type CopyingOptions, withCopyingOptions } from "./policy-options.ts";

/** What a policy's options say; what is absent stays as it is. */
export interface PolicyOptions extends CopyingOptions {
  readonly name?: string;
  readonly to?: string;
  readonly from?: string;
  readonly trigger?: "manual" | "scheduled" | "event_based";
  readonly cron?: string;
  readonly timeZone?: string;
  readonly repositories?: string;
  readonly tags?: string;
  readonly excludeTags?: string;
  readonly filter?: readonly ReplicationFilter[];
  readonly project?: string;
  readonly destNamespace?: string;
  readonly replaceCount?: number;
  readonly deletion?: boolean;
  readonly override?: boolean;
  readonly enabled?: boolean;
  readonly description?: string;
}

/** Gives `command` the options that settings are made of. */
export function withPolicyOptions(command: Command): Command {
  const first = command
    .option("--to <registry>", "push: copy from here to this endpoint")
    .option("--from <registry>", "pull: copy from this endpoint to here")
    .option(
      "--trigger <when>",
      "manual, scheduled or event_based (as soon as something is pushed)",
      oneOf(["manual", "scheduled", "event_based"]),
    )
    .option("--cron <fields>", "scheduled: six fields, seconds first: '0 30 2 * * *'")
    .option("--time-zone <name>", "of the cron: Europe/Berlin; UTC unless given")
    .option("--repositories <pattern>", "only these: 'library/**', '{a,b}/web-*'; '' for all")
    .option("--tags <pattern>", "only these tags: 'v*'; '' for all")
    .option("--exclude-tags <pattern>", "all tags but these")
    .option(
      "--filter <type=value>",
      "tag_semver, tag_regex, name_regex, label, signed, platform, newest, media_type or " +
        "artifact_type; '!' before it leaves out; may be repeated, replaces all of these",
      filterIn,
    )
    .option("--project <project>", "whose policy it is; else the system's")
    .option("--dest-namespace <name>", "put them there instead of under their own names")
    .option("--replace-count <n>", "how many parts of the name that replaces; -1 all", replaceCount)
    .option("--deletion", "delete at the target what is deleted at the source")
    .option("--no-deletion", "leave there what is deleted (the default)")
    .option("--override", "move tags that differ at the target (the default)")
    .option("--no-override", "leave tags that differ at the target alone")
    .option("--description <text>");
  return withCopyingOptions(first);
}

/** A policy's settings as they are, to be changed. */
export function settingsIn(policy: Policy): NewPolicy {
  const { name, description, dest_namespace, dest_namespace_replace_count, filters } = policy;
  const { trigger, deletion, override, enabled, src_registry, dest_registry } = policy;
  const namespace = { dest_namespace, dest_namespace_replace_count };
  const sides = { src_registry: { id: src_registry.id }, dest_registry: { id: dest_registry.id } };
  const rest = { filters, trigger, override, enabled };
  // `replicate_deletion` means the same, and would outvote a change of this one.
  const { project_id } = policy;
  const copying = copyingOf(policy);
  return { name, description, deletion, project_id, ...sides, ...namespace, ...rest, ...copying };
}

/** `before` with what `options` say. Throws a usage error, and NOT_FOUND for an endpoint. */
export async function changedSettings(
  call: Call,
  before: NewPolicy,
  options: PolicyOptions,
): Promise<NewPolicy> {
  return {
    ...before,
    ...(await sidesOf(call, options)),
    ...triggerOf(before, options),
    ...copyingIn(options),
    ...(options.project !== undefined && { project_id: await projectIdOf(call, options.project) }),
    filters: filtersOf(before.filters ?? [], options),
    ...(options.name !== undefined && { name: options.name }),
    ...(options.description !== undefined && { description: options.description }),
    ...(options.destNamespace !== undefined && { dest_namespace: options.destNamespace }),
    ...(options.replaceCount !== undefined && {
      dest_namespace_replace_count: options.replaceCount,
    }),
    ...(options.deletion !== undefined && { deletion: options.deletion }),
    ...(options.override !== undefined && { override: options.override }),
    ...(options.enabled !== undefined && { enabled: options.enabled }),
  };
}

async function sidesOf(call: Call, { to, from }: PolicyOptions): Promise<Partial<NewPolicy>> {
  if (to !== undefined && from !== undefined) {
    throw usageError("choose --to or --from; the other side is this registry");
  }
  if (to !== undefined) {
    return { dest_registry: { id: (await registryNamed(call, to)).id }, src_registry: null };
  }
  if (from === undefined) return {};
  return { src_registry: { id: (await registryNamed(call, from)).id }, dest_registry: null };
}

function triggerOf(before: NewPolicy, options: PolicyOptions): Partial<NewPolicy> {
  const { trigger, cron, timeZone } = options;
  if (trigger === undefined && cron === undefined && timeZone === undefined) return {};
  const type = trigger ?? "scheduled";
  const kept = before.trigger?.type === type ? before.trigger.trigger_settings : undefined;
  const fields = cron ?? kept?.cron;
  const zone = timeZone ?? kept?.time_zone;
  if (type === "scheduled" && !fields) throw usageError("--trigger scheduled needs --cron");
  if (type !== "scheduled" && (cron ?? timeZone) !== undefined) {
    throw usageError(`--cron and --time-zone are for --trigger scheduled, not ${type}`);
  }
  if (type !== "scheduled") return { trigger: { type } };
  const settings = { ...(fields && { cron: fields }), ...(zone && { time_zone: zone }) };
  return { trigger: { type, trigger_settings: settings } };
}

function filtersOf(before: readonly ReplicationFilter[], options: PolicyOptions) {
  const { repositories, tags, excludeTags } = options;
  if (tags && excludeTags) throw usageError("choose --tags or --exclude-tags");
  const touched = (type: string) =>
    (type === "name" && repositories !== undefined) ||
    (type === "tag" && (tags ?? excludeTags) !== undefined);
  const given = options.filter ?? [];
  const byContent = (type: string) => !["name", "tag", "resource"].includes(type);
  const filters = before.filter(
    ({ type }) => !touched(type) && !(options.filter && byContent(type)),
  );
  filters.push(...given);
  if (repositories) filters.push({ type: "name", value: repositories });
  if (tags) filters.push({ type: "tag", value: tags, decoration: "matches" });
  if (excludeTags) filters.push({ type: "tag", value: excludeTags, decoration: "excludes" });
  return filters;
}

/** `tag_semver=>=1.2`, `!label=broken`; labels with commas. Throws a usage error. */
function filterIn(text: string, before: readonly ReplicationFilter[] = []): ReplicationFilter[] {
  const [, not, type, value] = /^(!?)([a-z_]+)=(.+)$/.exec(text) ?? [];
  const known = TYPES.find((one) => one === type);
  if (!known || value === undefined) {
    throw usageError(`Write a filter as type=value, with a type of ${TYPES.join(", ")}.`);
  }
  const values = known === "label" ? value.split(",") : value;
  const decoration = not === "!" ? { decoration: "excludes" as const } : {};
  return [...before, { type: known, value: values, ...decoration }];
}

const TYPES = [
  "name_regex",
  "tag_regex",
  "tag_semver",
  "label",
  "media_type",
  "artifact_type",
  "platform",
  "signed",
  "newest",
] as const;

function replaceCount(text: string): number {
  if (/^(?:-1|\d{1,3})$/.test(text)) return Number(text);
  throw usageError("Give -1 or a whole number.");
}
