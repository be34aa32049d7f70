import { type Replica, routes } from "@entrepot/api";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { formatSeconds } from "../format.ts";
import { policyNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, withExample, withLimit } from "../options.ts";
import type { View } from "../output.ts";

const replicaView: View<Replica> = {
  name: sourceOf,
  columns: ({ time }) => [
    { title: "SOURCE", value: sourceOf },
    { title: "TARGET", value: (replica) => replica.target },
    { title: "STATE", value: stateOf },
    { title: "BEHIND", value: behindOf, align: "right" },
    { title: "TRIES", value: (replica) => String(replica.attempts), align: "right" },
    { title: "NEXT TRY", value: (replica) => time(replica.next_attempt) },
    { title: "LAST ERROR", value: (replica) => replica.last_error ?? "" },
  ],
};

function sourceOf({ repository, reference }: Replica): string {
  return `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;
}

function stateOf({ wanted, arrived }: Replica): string {
  if (wanted === arrived) return wanted === null ? "deleted" : "there";
  if (wanted === null) return "to be deleted";
  return arrived === null ? "missing" : "outdated";
}

function behindOf({ lag_seconds: seconds }: Replica): string {
  return seconds === 0 ? "" : formatSeconds(seconds);
}

/** Adds `replication lag`. */
export function addLag(replication: Command, cli: Cli): void {
  const lag = withLimit(
    replication.command("lag").description("Shows what has not arrived at a policy's target."),
  )
    .argument("<policy>", "its name or id")
    .option("--all", "show what has arrived, too")
    .action(
      action(cli, async (call, name: string, { all, limit }: ListOptions & { all?: boolean }) => {
        const { id } = await policyNamed(call, name);
        const query = { ...listQuery({ limit }), behind: all !== true };
        const input = { params: { id }, query };
        const { total } = await call.api.replicas.list({
          ...input,
          query: { ...query, page_size: 1 },
        });
        if (total === 0 && call.form === "table") {
          call.terminal.write(all ? "Nothing is replicated yet.\n" : "Nothing is behind.\n");
          return;
        }
        await call.list(call.api.each(routes.replicas.list, input), replicaView, limit);
      }),
    );
  withExample(lag, "$ entrepot replication lag mirror");
}
