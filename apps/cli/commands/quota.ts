import type { Quota } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, withExample, withListOptions } from "../options.ts";
import type { View } from "../output.ts";

const quotaView: View<Quota> = {
  name: (quota) => quota.ref.name,
  columns: ({ bytes }) => [
    { title: "PROJECT", value: ({ ref }) => ref.name },
    { title: "USED", value: ({ used }) => bytes(used.storage), align: "right" },
    {
      title: "LIMIT",
      value: ({ hard }) => (hard.storage < 0 ? "none" : bytes(hard.storage)),
      align: "right",
    },
    {
      title: "FULL",
      value: ({ hard, used }) =>
        hard.storage < 0 ? "" : `${Math.round((100 * used.storage) / hard.storage)} %`,
      align: "right",
    },
  ],
  details: ({ history_bytes: history }, { bytes }) =>
    history === undefined ? [] : [["ONLY HISTORY", bytes(history)]],
};

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** A size, `500Mi`, `20GiB` or `none`, in bytes; -1 for none. Throws a usage error. */
function limitOf(text: string): number {
  if (text === "none" || text === "-1") return -1;
  const [, count, unit = ""] = /^(\d{1,15})((?:[kmgt]i)?)b?$/i.exec(text) ?? [];
  if (count === undefined) throw usageError("Give a size (500Mi, 20Gi, bytes) or none.");
  return Number(count) * UNITS[unit.toLowerCase()]!;
}

/** Adds `quota`. */
export function addQuota(program: Command, cli: Cli): void {
  const quota = program
    .command("quota")
    .description("Quotas: how much storage projects may take up.");

  const list = withListOptions(quota.command("list").description("Lists projects' quotas.")).action(
    action(cli, async (call, options: ListOptions) => {
      const found = call.api.each(routes.quotas.list, { query: listQuery(options) });
      await call.list(found, quotaView, options.limit);
    }),
  );
  withExample(list, "$ entrepot quota list --sort -used.storage");

  const show = quota
    .command("show")
    .description("Shows a project's quota, and what is used of it.")
    .argument("<project>", "its name or id")
    .action(
      action(cli, async (call, project: string) => call.one(await read(call, project), quotaView)),
    );
  withExample(show, "$ entrepot quota show library");

  const set = quota
    .command("set")
    .description("Limits a project's storage; below what is used, only new pushes are refused.")
    .argument("<project>", "its name or id")
    .argument("<limit>", "500Mi, 20Gi, bytes, or none", limitOf)
    .action(
      action(cli, async (call, project: string, storage: number) => {
        const { id } = await read(call, project);
        await call.api.quotas.update({ params: { id }, body: { hard: { storage } } });
        const said = storage < 0 ? "has no limit" : `is limited to ${call.format.bytes(storage)}`;
        const after = { read: () => read(call, project), view: quotaView };
        await call.done(`Project ${project} ${said} now.`, after);
      }),
    );
  withExample(set, "$ entrepot quota set library 20Gi");
}

async function read({ api }: Call, project: string): Promise<Quota> {
  const { body } = await api.projects.get({ params: { project_name_or_id: project } });
  return (await api.quotas.get({ params: { id: body.project_id } })).body;
}
