import type { BinItem, BinKind } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { listQuery, oneOf, withExample, withLimit, withYes } from "../options.ts";
import { wholeNumber } from "../options.ts";
import type { View } from "../output.ts";
import { carryOut } from "./restore.ts";

const KINDS: readonly BinKind[] = ["project", "repository", "artifact", "tag"];

const binView: View<BinItem> = {
  name: (item) => item.resource,
  columns: ({ time, digest }) => [
    { title: "KIND", value: (item) => item.resource_type },
    { title: "NAME", value: (item) => item.resource },
    { title: "DIGEST", value: (item) => digest(item.resource_type === "tag" ? item.digest : null) },
    { title: "DELETED", value: (item) => time(item.deletion_time) },
    { title: "BY", value: (item) => item.deleted_by },
    { title: "UNTIL", value: (item) => time(item.restorable_until) },
  ],
};

interface ListOptions {
  readonly limit: number;
  readonly kind?: BinKind;
}

/** Adds `bin`: what was deleted and can be restored. */
export function addBin(program: Command, cli: Cli): void {
  const bin = program.command("bin").description("What was deleted and can be restored.");

  const list = withLimit(
    bin.command("list").description("Lists what was deleted and can be restored, newest first."),
  )
    .argument("[project]", "only in this project; without it for administrators only")
    .option("--kind <kind>", KINDS.join(", "), oneOf(KINDS))
    .action(
      action(cli, async (call, project: string | undefined, { limit, kind }: ListOptions) => {
        const query = {
          ...listQuery({ limit }),
          ...(project !== undefined && { project }),
          ...(kind !== undefined && { kind }),
        };
        await call.list(call.api.each(routes.bin.list, { query }), binView, limit);
      }),
    );
  withExample(list, "$ entrepot bin list team");

  const restore = withYes(
    bin.command("restore").description("Puts back something deleted, with all that it held."),
  )
    .argument("<name>", "as the list has it")
    .option("--dry-run", "show the plan only")
    .action(
      action(cli, async (call, name: string, options: { yes?: boolean; dryRun?: boolean }) => {
        const query = { page_size: 100, project: name.split("/", 1)[0]! };
        for await (const item of call.api.each(routes.bin.list, { query })) {
          if (item.resource !== name) continue;
          return carryOut(call, options, { name, at: `seq:${item.before_seq}`, keep_newer: true });
        }
        const text = `'${name}' is not in the bin; 'entrepot bin list' shows what is`;
        throw new RegistryError("NOT_FOUND", text);
      }),
    );
  withExample(restore, "$ entrepot bin restore team/web:1.4");

  const keep = bin
    .command("keep")
    .description("Sets for how long deleted names can be restored, where no project says more.")
    .argument("<days>", "how many days", wholeNumber)
    .action(
      action(cli, async (call, days: number) => {
        await call.api.bin.change({ body: { recovery_days: days } });
        await call.done(`Deleted names can be restored for ${days} days.`);
      }),
    );
  withExample(keep, "$ entrepot bin keep 90");
}
