import type { NewRestore, Restore, RestoreItem } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { counted, formatBytes } from "../format.ts";
import { MOMENT_HELP, momentOf } from "../moment.ts";
import { withExample, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { until } from "../until.ts";

/** How many names of a plan are shown before the question. */
const SHOWN = 20;

interface RestoreOptions {
  readonly at?: string;
  readonly seq?: string;
  readonly all?: boolean;
  readonly keepNewer?: boolean;
  readonly into?: string;
  readonly from?: string;
  readonly project?: string;
  readonly repository?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface UndoOptions {
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const itemView: View<RestoreItem> = {
  name: (item) => item.resource,
  columns: ({ digest }) => [
    { title: "BECOMES", value: ({ verdict }) => WORDS[verdict] },
    { title: "KIND", value: (item) => item.resource_type },
    { title: "NAME", value: (item) => item.resource },
    { title: "NOW", value: ({ present }) => digest(digestOf(present)) },
    { title: "THEN", value: ({ wanted }) => digest(digestOf(wanted)) },
    { title: "WHY", value: ({ why }) => why ?? "" },
  ],
};

const WORDS: Readonly<Record<RestoreItem["verdict"], string>> = {
  create: "comes back",
  change: "changes",
  remove: "goes",
  keep: "stays",
  conflict: "is left",
};

/** Adds `restore` and `undo`. */
export function addRestore(program: Command, cli: Cli): void {
  const restore = withYes(
    program
      .command("restore")
      .description("Puts names back to what they were: a tag, a repository, a project, or all."),
  )
    .argument("[name]", "project, project/repository, …:tag or …@digest")
    .option("--at <moment>", `to this moment: ${MOMENT_HELP}`)
    .option("--seq <n>", "to this seq of the journal")
    .option("--all", "the whole registry")
    .option("--keep-newer", "names that came later stay")
    .option("--into <project>", "a project only: beside it, into a new one of this name")
    .option("--from <backup>", "out of a backup: a target's name or id, or an address; with:")
    .option("--project <name>", "the project that comes out of it")
    .option("--repository <name>", "the repository that comes out of it")
    .option("--dry-run", "show the plan only")
    .action(
      action(cli, async (call, given: string | undefined, options: RestoreOptions) => {
        const { at, seq, all, keepNewer = false, into, from } = options;
        const name = given ?? options.project ?? options.repository;
        if (from !== undefined) checkFrom(options, given);
        else if (name !== given) throw usageError("give --project or --repository with --from");
        else if ((at === undefined) === (seq === undefined)) throw usageError("give --at or --seq");
        if ((name === undefined) === (all !== true)) throw usageError("give a name, or --all");
        const moment = at === undefined ? seq && `seq:${seq}` : momentOf(at, call);
        await carryOut(call, options, {
          name: name ?? "",
          ...(moment !== undefined && { at: moment }),
          keep_newer: keepNewer,
          ...(into !== undefined && { into }),
          ...(from !== undefined && { from }),
        });
      }),
    );
  withExample(restore, "$ entrepot restore team/web --at '2h ago'");

  const undo = withYes(
    program.command("undo").description("Undoes what one request or execution did, as one."),
  )
    .argument("<cause>", "as history shows it: a request's id, or execution:17")
    .option("--force", "also what was changed again since")
    .option("--dry-run", "show the plan only")
    .action(
      action(cli, async (call, cause: string, options: UndoOptions) =>
        carryOut(call, options, { cause, force: options.force === true }),
      ),
    );
  withExample(undo, "$ entrepot undo execution:17");
}

function checkFrom({ at, seq, project, repository }: RestoreOptions, given?: string): void {
  if (given !== undefined || (project === undefined) === (repository === undefined)) {
    throw usageError("say what comes out of the backup: --project or --repository");
  }
  if (at !== undefined && seq !== undefined) throw usageError("give --at or --seq");
}

/** Shows the plan of `request`, asks, and sees it carried out. */
export async function carryOut(
  call: Call,
  { dryRun, yes }: { readonly dryRun?: boolean; readonly yes?: boolean },
  request: NewRestore,
): Promise<void> {
  const { created } = await call.api.restores.create({ body: { ...request, dry_run: true } });
  const params = { id: Number(created) };
  const { body: plan } = await call.api.restores.get({ params });
  const json = call.form === "json";
  if (!json || dryRun) await showPlan(call, plan);
  if (dryRun) return;
  if (plan.objections[0]) throw new RegistryError("PRECONDITION", plan.objections[0]);
  const { create, change, remove, conflict } = plan.counts;
  if (create + change + remove === 0) {
    if (conflict > 0) throw new RegistryError("PRECONDITION", "nothing can be put back; see above");
    return call.done("Nothing is to be done.", { read: async () => plan, view: planView });
  }
  await call.confirm(`Put back ${counted(create + change + remove, "name")}?`, yes);
  await call.api.restores.execute({ params });
  const end = await ended(call, params.id);
  if (json || call.form === "name") call.one(end, planView);
  else call.terminal.write(`${summaryOf(end)}\n`);
  if (end.execution?.status === "Success") return;
  const why = end.execution?.status_text ?? "";
  throw new RegistryError(
    "UNKNOWN",
    `the restore ended with ${end.execution?.status}${why && `: ${why}`}; run it again`,
  );
}

function ended(call: Call, id: number): Promise<Restore> {
  return until(
    call,
    async () => (await call.api.restores.get({ params: { id } })).body,
    ({ execution }) => execution !== null && execution.status !== "Running",
  );
}

async function showPlan(call: Call, plan: Restore): Promise<void> {
  const all = call.api.each(routes.restores.items, { params: { id: plan.id }, query: {} });
  if (call.form === "json") {
    const items: RestoreItem[] = [];
    for await (const item of all) {
      if (items.push(item) === 1_000) break;
    }
    return call.terminal.write(`${JSON.stringify({ ...plan, items }, null, 2)}\n`);
  }
  const { create, change, remove, keep, conflict, unchanged } = plan.counts;
  const names = create + change + remove + keep + conflict;
  if (names > 0) await call.list(all, itemView, SHOWN);
  if (call.form === "name") return;
  const parts = [
    [create, "come back"],
    [change, "change"],
    [remove, "go"],
    [keep + unchanged, "stay"],
    [conflict, "are left"],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const bytes = plan.bytes > 0 ? ` ${formatBytes(plan.bytes)} come back.` : "";
  call.terminal.write(`Plan ${plan.id}: ${said.join(", ") || "nothing differs"}.${bytes}\n`);
}

const planView: View<Restore> = {
  name: (plan) => String(plan.id),
  columns: () => [
    { title: "PLAN", value: (plan) => String(plan.id) },
    { title: "EXECUTION", value: (plan) => String(plan.execution?.id ?? "") },
    { title: "STATUS", value: (plan) => plan.execution?.status ?? "" },
    { title: "DONE", value: (plan) => String(plan.execution?.done ?? 0) },
    { title: "LEFT", value: (plan) => String(plan.execution?.left ?? 0) },
  ],
};

function summaryOf({ execution, counts }: Restore): string {
  const { id, done, left } = execution!;
  const rest = left + counts.conflict;
  const more = rest > 0 ? `, ${counted(rest, "name")} left as they are` : "";
  return `Put back ${counted(done, "name")}${more}; 'entrepot undo execution:${id}' undoes it.`;
}

function digestOf(image: RestoreItem["wanted"]): string | null {
  const digest = image?.["digest"];
  return typeof digest === "string" ? digest : null;
}
