import type { RepositoryUse, StorageSample } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { wholeNumber, withExample, withLimit } from "../options.ts";
import type { View } from "../output.ts";
import { heldLines } from "./gc-view.ts";

interface Use {
  readonly name: string;
  readonly bytes: number;
  readonly history_bytes: number;
}

const useView: View<Use> = {
  name: (use) => use.name,
  columns: ({ bytes }) => [
    { title: "OF", value: ({ name }) => name },
    { title: "BYTES", value: (use) => bytes(use.bytes), align: "right" },
    { title: "ONLY HISTORY", value: (use) => bytes(use.history_bytes), align: "right" },
  ],
};

/** What there was, day by day. */
export const sampleView: View<StorageSample> = {
  name: ({ day }) => day,
  columns: ({ bytes }) => [
    { title: "DAY", value: ({ day }) => day },
    { title: "BYTES", value: (sample) => bytes(sample.bytes), align: "right" },
  ],
};

interface UsageOptions {
  readonly growth?: boolean;
  readonly days: number;
  readonly limit: number;
}

/** Adds `storage usage`. */
export function addStorageUsage(storage: Command, cli: Cli): void {
  const usage = withLimit(
    storage
      .command("usage")
      .description("Shows what projects take up, or the repositories of one; shared blobs once."),
  )
    .argument("[project]", "its name or id")
    .option("--growth", "day by day instead")
    .option("--days <n>", "of so many days", wholeNumber, 30)
    .action(
      action(cli, async (call, project: string | undefined, options: UsageOptions) => {
        const { growth, days, limit } = options;
        if (project === undefined) {
          const { body } = await call.api.storageUse.total({ query: { days } });
          if (growth) return call.list(body.growth, sampleView, limit);
          const all = { ...body, name: "everything" };
          const projects = body.projects.map((one) => ({ ...one, name: one.project }));
          await call.list([all, ...projects], useView, limit);
          const { held = [], held_at: at } = body;
          if (call.form !== "table" || at === undefined) return;
          for (const line of heldLines(held, call.format)) call.terminal.note(line);
          return call.terminal.note(`As of ${call.format.time(at)}, the last garbage collection.`);
        }
        const params = { project_name_or_id: project };
        if (growth) {
          const { body } = await call.api.storageUse.growth({ params, query: { days } });
          return call.list(body, sampleView, limit);
        }
        const found = call.api.each(routes.storageUse.repositories, { params });
        return call.list(named(found), useView, limit);
      }),
    );
  withExample(usage, "$ entrepot storage usage library");
}

async function* named(uses: AsyncIterable<RepositoryUse>): AsyncIterable<Use> {
  for await (const use of uses) yield { ...use, name: use.repository };
}
