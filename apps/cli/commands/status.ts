import type { Health, SystemInfo } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { withExample } from "../options.ts";
import type { View } from "../output.ts";

type Status = SystemInfo & Pick<Health, "components"> & { health: Health["status"] };

const statusView: View<Status> = {
  name: (status) => status.health,
  columns: () => [
    { title: "HEALTH", value: (status) => status.health },
    { title: "VERSION", value: (status) => status.entrepot_version ?? "" },
    { title: "API", value: (status) => status.harbor_version },
    { title: "REGISTRY", value: (status) => status.entrepot_registry_id ?? "" },
    { title: "ADDRESS", value: (status) => status.external_url ?? "" },
  ],
  details: (status) =>
    status.components.map(({ name, status: health, error }) => [
      name.toUpperCase(),
      error === undefined ? health : `${health}: ${error}`,
    ]),
};

/** Adds `status`. */
export function addStatus(program: Command, cli: Cli): void {
  const command = program
    .command("status")
    .summary("shows whether the server works, and its version")
    .description("Shows whether the server works, and its version; fails if it does not.")
    .action(
      action(cli, async (call) => {
        const [info, health] = await Promise.all([
          call.api.system.info(),
          call.api.system.health(),
        ]);
        const { status, components } = health.body;
        call.one({ ...info.body, health: status, components }, statusView);
        if (status === "unhealthy") throw new RegistryError("UNAVAILABLE", "it is not healthy");
      }),
    );
  withExample(command, "$ entrepot status");
}
