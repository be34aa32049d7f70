import type { StorageMigration } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { formatBytes } from "../format.ts";
import { withExample } from "../options.ts";
import type { View } from "../output.ts";
import { until } from "../until.ts";
import { addStorageUsage } from "./storage-usage.ts";

const migrationView: View<StorageMigration> = {
  name: ({ execution_id: id }) => String(id ?? ""),
  columns: ({ time }) => [
    { title: "RUN", value: ({ execution_id: id }) => String(id ?? "none") },
    { title: "STATUS", value: ({ status = "" }) => status },
    { title: "IN NEW", value: ({ moved = 0 }) => String(moved), align: "right" },
    { title: "COPIED", value: ({ bytes_sent: sent = 0 }) => formatBytes(sent), align: "right" },
    { title: "DAMAGED", value: ({ damaged = 0 }) => String(damaged), align: "right" },
    { title: "STARTED", value: ({ start_time: at }) => time(at ?? "") },
    { title: "MOVES FROM AN OLD STORAGE", value: ({ configured }) => (configured ? "yes" : "no") },
  ],
};

/** Adds `storage`: moving it to another place. */
export function addStorage(program: Command, cli: Cli): void {
  const storage = program.command("storage").description("Where blobs lie, and moving them.");
  addStorageUsage(storage, cli);
  const status = storage
    .command("status")
    .description("How far moving the storage is.")
    .action(
      action(cli, async (call) => {
        call.one((await call.api.storageMigration.status()).body, migrationView);
      }),
    );
  withExample(status, "$ entrepot storage status");

  const migrate = storage
    .command("migrate")
    .description("Copies what lies in ENTREPOT_STORAGE_OLD to ENTREPOT_STORAGE; goes on if begun.")
    .option("--wait", "return when it has ended; fail if it has failed")
    .action(
      action(cli, async (call, { wait }: { wait?: boolean }) => {
        const { body } = await call.api.storageMigration.start();
        const end = wait ? await ended(call) : body;
        call.one(end, migrationView);
        if (!wait || end.status === "Success") return;
        throw new RegistryError("UNKNOWN", `the move has not succeeded: ${end.status_text ?? ""}`);
      }),
    );
  withExample(migrate, "$ entrepot storage migrate --wait");
}

function ended(call: Call): Promise<StorageMigration> {
  return until(
    call,
    async () => (await call.api.storageMigration.status()).body,
    ({ status }) => status !== "Running",
  );
}
