import type { WaitResult } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { counted } from "../format.ts";
import { artifactNamed, policyNamed } from "../names.ts";
import { repeated, seconds, withExample } from "../options.ts";

/** Longest that one request waits, in seconds: proxies cut off what is silent for a minute. */
const LONGEST_POLL = 25;

interface WaitOptions {
  readonly timeout: number;
  readonly policy?: readonly string[];
}

/** Adds `replication wait`. */
export function addWait(replication: Command, cli: Cli): void {
  const wait = replication
    .command("wait")
    .description("Waits until images are everywhere they should be; fails if they are not in time.")
    .argument("<artifact...>", "project/repository:tag or project/repository@digest")
    .option("--timeout <time>", "how long: 90, 90s, 5m, 1h", seconds, 300)
    .option("--policy <policy>", "only this policy's target, by name or id; repeatable", repeated)
    .action(
      action(cli, async (call, artifacts: string[], options: WaitOptions) => {
        for (const text of artifacts) artifactNamed(text);
        const policies = await Promise.all(
          (options.policy ?? []).map(async (name) => (await policyNamed(call, name)).id),
        );
        show(call, await waitFor(call, artifacts, policies, options.timeout));
      }),
    );
  withExample(wait, "$ entrepot replication wait library/web:1.4.2 --timeout 60s --policy mirror");
}

async function waitFor(
  { api }: Call,
  references: string[],
  policies: number[],
  timeout: number,
): Promise<WaitResult> {
  const until = performance.now() + timeout * 1000;
  for (;;) {
    const left = Math.max(0, (until - performance.now()) / 1000);
    const body = {
      references,
      timeout: Math.min(left, LONGEST_POLL),
      ...(policies.length > 0 && { policies }),
    };
    const { body: result } = await api.standing.wait({ body });
    if (result.arrived || performance.now() >= until) return result;
  }
}

function show(call: Call, result: WaitResult): void {
  if (call.form === "json") call.terminal.write(`${JSON.stringify(result, null, 2)}\n`);
  else call.terminal.write(result.images.map(linesOf).join(""));
  if (result.arrived) return;
  const missing = result.images.filter((image) => !image.arrived).length;
  const text = `the time is up, and ${counted(missing, "image")} has not arrived everywhere`;
  throw new RegistryError("UNAVAILABLE", missing === 1 ? text : text.replace(" has ", " have "));
}

function linesOf({ repository, reference, destinations }: WaitResult["images"][number]): string {
  const name = `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;
  if (destinations.length === 0) return `${name}: no policy replicates it\n`;
  return destinations
    .map((one) => {
      const at = `${one.endpoint_name} (policy ${one.policy_name})`;
      return `${name}: ${one.arrived ? `has arrived at ${at}` : `missing at ${at}: ${one.why}`}\n`;
    })
    .join("");
}
