import type { Policy, RegistryEndpoint } from "@entrepot/api";
import { describe, expect, test } from "vitest";
import { draftOf, NEW_POLICY, type PolicyDraft, policyFieldOf, policyOf } from "./policy-draft.ts";

const endpoint = (id: number): RegistryEndpoint => ({
  id,
  name: id === 0 ? "Local" : "backup",
  description: "",
  type: "entrepot",
  url: "",
  credential: { type: "basic", access_key: "", access_secret: "" },
  insecure: false,
  ca_certificate: "",
  proxy: "",
  proxy_username: "",
  proxy_password: "",
  concurrency: 0,
  bytes_per_second: 0,
  status: "healthy",
});

/** What the server shows of a policy that was given so. */
function stored(given: ReturnType<typeof policyOf>): Policy {
  const { src_registry: from, dest_registry: to, filters, trigger, windows, ...rest } = given;
  const shown = {
    ...rest,
    id: 1,
    src_registry: endpoint(from?.id ?? 0),
    dest_registry: endpoint(to?.id ?? 0),
    filters: filters ?? [],
    trigger: trigger ?? { type: "manual" as const },
    windows: windows ?? [],
    replicate_deletion: given.deletion ?? false,
    creation_time: "2026-01-01T00:00:00Z",
    update_time: "2026-01-01T00:00:00Z",
  };
  return shown as unknown as Policy;
}

const everything: PolicyDraft = {
  ...NEW_POLICY,
  name: "mirror",
  mode: "pull",
  endpoint: 7,
  project: 3,
  filters: [
    { type: "name", value: "team/**", excludes: false },
    { type: "tag", value: "*-rc*", excludes: true },
    { type: "platform", value: ["linux/amd64", "linux/arm64"], excludes: false },
    { type: "newest", value: "10", excludes: false },
    { type: "signed", value: "true", excludes: false },
  ],
  namespace: "copies",
  replaceCount: 1,
  trigger: "scheduled",
  cron: "0 30 2 * * *",
  timeZone: "Asia/Shanghai",
  deletion: true,
  maxDeletions: 12,
  maxDeletionPercent: 2.5,
  override: false,
  onConflict: "report",
  speed: 800,
  bytesPerSecond: 1_000_000,
  concurrency: 4,
  windows: [
    {
      kind: "bandwidth",
      days: [1, 2],
      from: "08:00",
      to: "18:00",
      time_zone: "Europe/Berlin",
      bytes_per_second: 500_000,
    },
  ],
  verify: true,
  allOrNothing: true,
  single: true,
  chunks: true,
  indexMode: "rewritten",
};

test("what is written, stored and opened again is the same, whatever it says", () => {
  expect(draftOf(stored(policyOf(everything)))).toEqual(everything);
  const plain = { ...NEW_POLICY, name: "plain", endpoint: 7 };
  expect(draftOf(stored(policyOf(plain)))).toEqual(plain);
});

test("filters without a value are left out, and those that cannot exclude do not", () => {
  const { filters } = policyOf({
    ...NEW_POLICY,
    filters: [
      { type: "tag", value: "", excludes: false },
      { type: "label", value: [], excludes: true },
      { type: "name", value: " team/** ", excludes: true },
    ],
  });
  expect(filters).toEqual([{ type: "name", value: "team/**" }]);
});

describe("refusals are shown at their field", () => {
  test.each([
    ["a replication policy needs a name of 1 to 255 characters", "name"],
    ["give exactly one of dest_registry (push from here) and src_registry (pull)", "endpoint"],
    ["event_based works in push mode only; choose manual or scheduled to pull", "trigger"],
    ['dest_namespace "A" is not a repository name\'s start', "namespace"],
    ["dest_namespace_replace_count must be a whole number from -1 to 127", "replaceCount"],
    ["verify cannot prove a sparse index; choose index_mode rewritten", "verify"],
    ["single_active_replication is for manual and scheduled policies", "single"],
    ['windows[0].from "25:00" is no time of day: HH:MM, as in 22:30', "windows"],
    ['trigger_settings.time_zone: there is no time zone "Moon"', "timeZone"],
    ["max_deletion_percent must be a number from 0 to 100, not 120", "maxDeletionPercent"],
    ["max_deletions must be a whole number from 0 to 9, not -1", "maxDeletions"],
    ['cron "* *" is not accepted: six fields', "cron"],
    ['The schedule "0 0 3 31 2 *" is refused: that date never comes', "cron"],
    ["a name filter has no decoration", "filters"],
    ["tag_semver \"x\" is no range of versions, such as '>=1.2 <3'", "filters"],
    ["https://backup.example does not answer", null],
  ])("%s", (message, field) => {
    expect(policyFieldOf(message)).toBe(field);
  });
});
