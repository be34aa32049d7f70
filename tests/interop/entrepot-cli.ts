import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { compiled, type EntrepotProcess } from "./entrepot-process.ts";

const program = join(import.meta.dirname, "../../apps/cli/main.ts");

/**
 * What `entrepot` says to `args`, as the administrator of `server`, with `more` in its environment.
 * Throws if it fails.
 */
export async function runCli(
  { url, credential }: Pick<EntrepotProcess, "url" | "credential">,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    ...compiled,
    ENTREPOT_SERVER: url,
    ENTREPOT_USERNAME: credential.username,
    ENTREPOT_PASSWORD: credential.password,
    ...more,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { env });
  return stdout;
}
