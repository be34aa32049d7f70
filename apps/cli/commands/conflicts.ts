import type { Conflict } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, withExample, withLimit } from "../options.ts";
import type { View } from "../output.ts";

const conflictView: View<Conflict> = {
  name: ({ id }) => String(id),
  columns: ({ time }) => [
    { title: "ID", value: ({ id }) => String(id), align: "right" },
    { title: "TAG", value: ({ repository, tag }) => `${repository}:${tag}` },
    { title: "WINNER", value: ({ winner }) => winner ?? "deleted" },
    { title: "LOSER", value: ({ loser }) => loser ?? "deleted" },
    { title: "FOUND", value: ({ at }) => time(at) },
  ],
};

/** Adds `replication conflicts` and `replication dismiss`. */
export function addConflicts(replication: Command, cli: Cli): void {
  const list = withLimit(
    replication
      .command("conflicts")
      .description("Shows tags that were changed in two places at once, and which change stayed."),
  ).action(
    action(cli, async (call, { limit }: ListOptions) => {
      const query = listQuery({ limit });
      const input = { query };
      const { total } = await call.api.conflicts.list({ query: { ...query, page_size: 1 } });
      if (total === 0 && call.form === "table") {
        call.terminal.write("No conflicts.\n");
        return;
      }
      await call.list(call.api.each(routes.conflicts.list, input), conflictView, limit);
    }),
  );
  withExample(list, "$ entrepot replication conflicts");

  const dismiss = replication
    .command("dismiss")
    .description("Takes conflicts off the list; nothing else changes.")
    .argument("<id...>", "ids, as `replication conflicts` shows them")
    .action(
      action(cli, async (call, ids: string[]) => {
        for (const id of ids) await call.api.conflicts.dismiss({ params: { id: Number(id) } });
      }),
    );
  withExample(dismiss, "$ entrepot replication dismiss 7");
}
