import type { PolicyLag, Replica } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { formatBytes, formatSeconds } from "../format.ts";
import { policyNamed } from "../names.ts";
import { listQuery, withExample, withLimit } from "../options.ts";
import type { View } from "../output.ts";
import { exchangeOf } from "./failure-view.ts";

const policyView: View<PolicyLag> = {
  name: (lag) => lag.policy_name,
  columns: () => [
    { title: "POLICY", value: (lag) => lag.policy_name },
    { title: "ENDPOINT", value: (lag) => lag.endpoint_name },
    { title: "BEHIND", value: (lag) => secondsOf(lag.lag_seconds), align: "right" },
    { title: "ITEMS", value: (lag) => String(lag.lag_items), align: "right" },
    { title: "FAILING", value: (lag) => String(lag.lag_failing), align: "right" },
    { title: "BYTES", value: bytesOf, align: "right" },
    { title: "UNREAD", value: (lag) => String(lag.unread_entries), align: "right" },
    { title: "OLDEST", value: (lag) => (lag.oldest ? sourceOf(lag.oldest) : "") },
  ],
  below: ({ oldest }) => (oldest?.why ? [oldest.why] : []),
};

function bytesOf({ lag_bytes: bytes, lag_items: items }: PolicyLag): string {
  if (bytes === null) return "unknown";
  return items === 0 ? "" : formatBytes(bytes);
}

const replicaView = (verbose: boolean): View<Replica> => ({
  name: sourceOf,
  columns: ({ time, digest }) => [
    { title: "SOURCE", value: (replica) => sourceOf(replica, digest) },
    { title: "TARGET", value: (replica) => replica.target },
    { title: "STATE", value: stateOf },
    { title: "WANTED", value: (replica) => digest(replica.wanted) },
    { title: "BEHIND", value: (replica) => secondsOf(replica.lag_seconds), align: "right" },
    { title: "TRIES", value: (replica) => String(replica.attempts), align: "right" },
    { title: "NEXT TRY", value: (replica) => time(replica.next_attempt) },
    { title: "FAILURE", value: ({ failure }) => failure?.kind ?? "" },
  ],
  below: ({ failure, why }) =>
    [why, failure?.remedy ?? "", verbose ? exchangeOf(failure) : ""].filter((line) => line !== ""),
});

type Named = Pick<Replica, "repository" | "reference">;

function sourceOf({ repository, reference }: Named, digest = (text: string | null) => text ?? "") {
  return reference.includes(":")
    ? `${repository}@${digest(reference)}`
    : `${repository}:${reference}`;
}

function stateOf({ wanted, arrived }: Replica): string {
  if (wanted === arrived) return wanted === null ? "deleted" : "there";
  if (wanted === null) return "to be deleted";
  return arrived === null ? "missing" : "outdated";
}

function secondsOf(seconds: number): string {
  return seconds === 0 ? "" : formatSeconds(seconds);
}

interface LagOptions {
  readonly limit: number;
  readonly all?: boolean;
  readonly verbose?: boolean;
  readonly repository?: string;
  readonly tag?: string;
}

/** Adds `replication lag`. */
export function addLag(replication: Command, cli: Cli): void {
  const lag = withLimit(
    replication
      .command("lag")
      .description("Shows how far targets are behind: all policies', or name by name one's."),
  )
    .argument("[policy]", "its name or id")
    .option("--all", "show what has arrived, too, and children of indexes that come with them")
    .option("--verbose", "show the HTTP exchange of what failed, too")
    .option("--repository <text>", "only repositories whose names hold this")
    .option("--tag <text>", "only tags or digests that hold this")
    .action(
      action(cli, async (call, name: string | undefined, options: LagOptions) =>
        name === undefined ? showPolicies(call, options) : showNames(call, name, options),
      ),
    );
  withExample(
    lag,
    "$ entrepot replication lag\n$ entrepot replication lag mirror --repository web --tag v1",
  );
}

async function showPolicies(call: Call, { limit }: LagOptions): Promise<void> {
  await call.list(
    call.api.each(routes.standing.list, { query: listQuery({ limit }) }),
    policyView,
    limit,
  );
}

async function showNames(call: Call, name: string, options: LagOptions): Promise<void> {
  const { all = false, limit, repository, tag, verbose = false } = options;
  const { id } = await policyNamed(call, name);
  const terms = [
    ...(repository === undefined ? [] : [`repository=~${quoted(repository)}`]),
    ...(tag === undefined ? [] : [`reference=~${quoted(tag)}`]),
  ];
  const query = {
    ...listQuery({ limit }),
    behind: !all,
    children: all,
    oldest_first: !all,
    ...(terms.length > 0 && { q: terms.join(",") }),
  };
  const input = { params: { id }, query };
  const { total } = await call.api.replicas.list({ ...input, query: { ...query, page_size: 1 } });
  if (total === 0 && call.form === "table") {
    call.terminal.write(all ? "Nothing is replicated yet.\n" : "Nothing is behind.\n");
    return;
  }
  await call.list(call.api.each(routes.replicas.list, input), replicaView(verbose), limit);
}

function quoted(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`;
}
