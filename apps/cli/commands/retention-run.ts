import type { RetentionVerdict } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { counted } from "../format.ts";
import { pause } from "../pause.ts";

const LOOK_EVERY_MS = 300;

const verdictView: View<RetentionVerdict> = {
  name: ({ repository, digest }) => `${repository}@${digest}`,
  columns: ({ digest, time }) => [
    { title: "DOES", value: ({ verdict }) => verdict },
    { title: "REPOSITORY", value: ({ repository }) => repository },
    { title: "DIGEST", value: (one) => digest(one.digest) },
    { title: "TAGS", value: ({ tags }) => tags.join(", ") },
    { title: "PUSHED", value: (one) => time(one.push_time) },
    { title: "WHY", value: ({ reason }) => reason },
  ],
};

interface RunOptions {
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly limit: number;
}

/** Adds `retention run`; `policyOf` finds a project's policy. */
export function addRetentionRun(
  retention: Command,
  cli: Cli,
  policyOf: (call: Call, project: string) => Promise<number>,
): void {
  const run = withYes(
    withLimit(
      retention
        .command("run")
        .description("Deletes what no rule keeps; shows what that is, and asks."),
    ),
  )
    .argument("<project>", "its name or id")
    .option("--dry-run", "only show what it would do")
    .option("--all", "show what stays, too, and why")
    .action(
      action(cli, async (call, project: string, options: RunOptions) => {
        const id = await policyOf(call, project);
        const planned = await finished(call, id, { dry_run: true });
        const verdict = options.all ? {} : { verdict: "delete" as const };
        const plan = call.api.each(routes.retentions.plan, {
          params: { id, eid: planned },
          query: verdict,
        });
        const gone = await toDelete(call, id, planned);
        if (options.dryRun || (call.form === "table" && gone !== 0)) {
          await call.list(plan, verdictView, options.limit);
        }
        const result = (execution: number) => ({
          read: async () => ({ execution }),
          view: { name: () => String(execution), columns: () => [] },
        });
        if (options.dryRun) {
          const line = gone === 0 ? "Nothing would be deleted" : `It would delete ${gone}`;
          return call.terminal.note(`${line} (dry run ${planned}).`);
        }
        if (gone === 0) {
          return call.done(`Nothing is to be deleted in project ${project}.`, result(planned));
        }
        await call.confirm(`Delete ${gone} in project ${project}?`, options.yes);
        // What was shown is what is done, whatever has been pushed since.
        const eid = await finished(call, id, { dry_run: false, plan_of: planned });
        const undo = `'entrepot undo execution:${eid}' undoes it`;
        await call.done(`Execution ${eid} has ended; ${undo}.`, result(eid));
      }),
    );
  withExample(run, "$ entrepot retention run library --dry-run");
}

/** What a run would delete: `3 manifests`; 0 for nothing. */
async function toDelete({ api }: Call, id: number, eid: number): Promise<string | 0> {
  const query = { verdict: "delete", page_size: 1 } as const;
  const { total } = await api.retentions.plan({ params: { id, eid }, query });
  return total === 0 ? 0 : counted(total ?? 0, "manifest");
}

/** Starts a run and waits for its end. Returns its id; throws if it has not succeeded. */
async function finished(
  call: Call,
  id: number,
  body: { dry_run: boolean; plan_of?: number },
): Promise<number> {
  const { created } = await call.api.retentions.start({ params: { id }, body });
  const eid = Number(created);
  for (;;) {
    for await (const one of call.api.each(routes.retentions.executions, { params: { id } })) {
      if (one.id !== eid) continue;
      if (one.status === "Success") return eid;
      if (one.status !== "Running") {
        throw new RegistryError("UNKNOWN", `execution ${eid} has ended: ${one.status}`);
      }
      break;
    }
    await pause(LOOK_EVERY_MS, call.signal);
  }
}
