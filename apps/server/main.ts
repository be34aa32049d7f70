#!/usr/bin/env node
import { RegistryError } from "@entrepot/oci";
import { type Config, helpText, readConfig } from "./config.ts";
import { openLog } from "./log.ts";
import { openServer, type Running } from "./open-server.ts";
import { UsageError } from "./offline.ts";
import { rebuild, REBUILD_HELP } from "./rebuild.ts";
import { restore, RESTORE_HELP } from "./restore.ts";

/** Exit codes: 1 something failed, 2 the call's words are off. */
const FAILED = 1;
const USAGE = 2;
/** Threads that wait for the disk. With Node's own four, four syncs hold up every other file. */
const FILE_THREADS = 16;

// Read when the first file is asked for, which nothing above does.
process.env["UV_THREADPOOL_SIZE"] ??= String(FILE_THREADS);

const [command = "serve", ...flags] = process.argv.slice(2);
if (command === "restore") await runOffline(restore, RESTORE_HELP, flags);
if (command === "rebuild") await runOffline(rebuild, REBUILD_HELP, flags);
if (command !== "serve" && command !== "worker") {
  console.error(
    `entrepot: ${command} is not a command of the server; try serve, worker, restore or rebuild`,
  );
  process.exit(USAGE);
}
if (flags.includes("--help") || flags.includes("-h")) {
  process.stdout.write(helpText(command));
  process.exit(0);
}
await main(command, configuration(command, flags));

async function runOffline(
  run: typeof restore,
  help: string,
  given: readonly string[],
): Promise<never> {
  if (given.includes("--help") || given.includes("-h")) {
    process.stdout.write(help);
    process.exit(0);
  }
  try {
    await run(given, process.env, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    console.error(`entrepot: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(error instanceof UsageError ? USAGE : FAILED);
  }
  process.exit(0);
}

function configuration(name: "serve" | "worker", given: readonly string[]): Config {
  try {
    return readConfig(given, process.env, name === "worker" ? "worker" : "all");
  } catch (error) {
    console.error(`entrepot: ${(error as Error).message}`);
    process.exit(USAGE);
  }
}

async function main(name: "serve" | "worker", config: Config): Promise<void> {
  const log = openLog(config.logLevel);
  const starting = openServer(config, log);
  stopOnSignals(starting);
  try {
    process.stdout.write(greeting(name, config, await starting));
  } catch (error) {
    const known =
      error instanceof RegistryError || (error as { code?: unknown }).code === undefined;
    log.debug({ err: error }, "starting failed");
    console.error(`entrepot: ${known ? (error as Error).message : String(error)}`);
    process.exit(FAILED);
  }
}

/** A server that is still starting is stopped as soon as it has started: nothing is left behind. */
function stopOnSignals(starting: Promise<Running>): void {
  let asked = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (asked) process.exit(FAILED);
    asked = true;
    console.error(`entrepot: stopping (${signal}); once more to stop at once`);
    const running = await starting.catch(() => null);
    await running?.stop();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void stop(signal));
  }
}

function greeting(name: string, config: Config, { url, firstPassword }: Running): string {
  const database = config.databaseUrl === null ? "embedded PostgreSQL" : "external PostgreSQL";
  const lines = [
    url === null
      ? `Entrepot ${name} is at work.`
      : `Entrepot is ready at ${config.publicUrl ?? url}`,
    `  data      ${config.dataDir} (${database})`,
  ];
  if (firstPassword !== null) {
    lines.push(`  log in    admin, password ${firstPassword}  (shown this once)`);
  } else if (url !== null) {
    lines.push("  log in    admin, with the password given or shown at the first start");
  }
  if (url !== null) {
    const { host } = new URL(config.publicUrl ?? url);
    lines.push(`  push      docker login ${host} && docker push ${host}/library/<name>:<tag>`);
  }
  return `${lines.join("\n")}\n`;
}
