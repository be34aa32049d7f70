import { execFile, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Whether skopeo is on this machine. Without it, its tests say so and skip. */
export const hasSkopeo = spawnSync("skopeo", ["--version"], { stdio: "ignore" }).status === 0;

const run = promisify(execFile);

/** Runs skopeo; returns what it printed. Throws with what it said when it failed. */
export async function skopeo(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await run("skopeo", ["--insecure-policy", ...args], {
    env: { ...process.env, ...env },
  });
  return stdout;
}

/** A registry as skopeo is told of it. */
export interface SkopeoTarget {
  /** `host:port`. */
  readonly address: string;
  readonly credential?: { readonly username: string; readonly password: string };
}

/**
 * Pushes `name` of the OCI layout `folder`, an index with all its images, to `reference`. Returns
 * the digest that skopeo says it has pushed. Throws with what it said when it failed.
 */
export async function skopeoPush(
  folder: string,
  name: string,
  { address, credential }: SkopeoTarget,
  reference: string,
): Promise<string> {
  const login = credential
    ? ["--dest-creds", `${credential.username}:${credential.password}`]
    : ["--dest-no-creds"];
  const from = `oci:${folder}:${name}`;
  const to = `docker://${address}/${reference}`;
  const report = join(folder, `pushed-${randomUUID()}`);
  const options = ["--all", "--dest-tls-verify=false", "--digestfile", report, ...login];
  await skopeo(["copy", ...options, from, to]);
  return await readFile(report, "utf8");
}
