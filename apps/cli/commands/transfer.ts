import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import type { FilterOptions, ImportOptions } from "../import-source.ts";
import { repeated, withExample } from "../options.ts";

/** Only they speak to registries; every other command would wait for what that takes to load. */
const exportImport = () => import("../export-import.ts");

/** Adds `export` and `import`. */
export function addTransfer(program: Command, cli: Cli): void {
  const exporting = withFilters(
    program
      .command("export")
      .description(
        "Writes images into an OCI layout, a folder or a .tar; what is there is not written again.",
      ),
  )
    .argument("<place>", "a folder, or a file that ends in .tar")
    .option("--plain", "one repository: plain tags, as other tools expect them")
    .action(
      action(cli, async (call, place: string, options: FilterOptions & { plain?: boolean }) => {
        const { exportTo } = await exportImport();
        await exportTo(call, place, options);
      }),
    );
  withExample(exporting, "$ entrepot export images.tar --project library --tag '1.*'");

  const importing = withFilters(
    program
      .command("import")
      .description(
        "Pushes the images of an OCI layout, of a folder of `skopeo sync`, or of another " +
          "registry; " +
          "what is there is not sent again, and both sides are compared at the end.",
      ),
  )
    .argument("[place]", "a folder, or a .tar")
    .option("--as <repository>", "the project/repository of a layout with plain tags")
    .option("--into <project>", "put this in front of every repository's name")
    .option("--from-registry <url>", "a Harbor or any other registry, instead of a place")
    .option("--from-username <name>", "the account there")
    .option("--from-password-env <variable>", "where its password is")
    .action(
      action(cli, async (call, place: string | undefined, options: ImportOptions) => {
        const { importFrom } = await exportImport();
        await importFrom(call, place, options);
      }),
    );
  withExample(importing, "$ entrepot import images.tar");
}

function withFilters(command: Command): Command {
  return command
    .option("--project <name>", "only this project; may be given several times", repeated)
    .option("--repository <pattern>", "only such project/repository: * ** ?", repeated)
    .option("--tag <pattern>", "only such tags: * ?", repeated);
}
