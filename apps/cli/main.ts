#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

const args = process.argv.slice(2);
// With --from it is a backup that is restored. All of it comes onto nothing: there is no server yet
// to speak to. A project or a repository comes into a registry that runs.
const has = (flags: RegExp) => args.some((word) => flags.test(word));
const isOffline =
  args[0] === "restore" && has(/^--from(?:=|$)/) && !has(/^--(?:project|repository)(?:=|$)/);
if (["serve", "worker", "rebuild"].includes(args[0] ?? "") || isOffline) {
  const server = join(import.meta.dirname, "../server/main.ts");
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, server, ...args]);
}
// Half of a short command's time is spent on compiling. Not in /tmp, where others could write it.
const caches = process.env["XDG_CACHE_HOME"] || join(process.env["HOME"] || homedir(), ".cache");
enableCompileCache(join(caches, "entrepot"));
const { run } = await import("./run.ts");
await run(args, process.env);
