import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect } from "vitest";

const BIN = join(import.meta.dirname, "../../bin");

/** What a command line did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A person at a shell, where `entrepot` is in the PATH and nothing is configured yet. */
export interface ShellSession {
  /** A line of explanation before the next command. */
  note(text: string): void;
  /** Runs a line of shell and writes down what it says: standard error with `!` in front. */
  run(line: string): Promise<Ran>;
  /** Runs a line without writing anything down. */
  quietly(line: string): Promise<Ran>;
  /** Compares what was written with the file `name`.txt; UPDATE_GOLDEN=1 replaces the file. */
  compare(name: string): Promise<void>;
  close(): Promise<void>;
}

/** What is set in its environment, and what is written down in place of what differs by run. */
export interface ShellSessionOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stable?: Readonly<Record<string, string>>;
}

/** Starts a session in a home folder of its own, in UTC. Times and random ids are made stable. */
export async function shellSession(options: ShellSessionOptions = {}): Promise<ShellSession> {
  const home = await mkdtemp(join(tmpdir(), "entrepot-shell-"));
  const env = {
    PATH: [BIN, process.env["PATH"]].join(delimiter),
    HOME: home,
    TZ: "UTC",
    ...options.env,
  };
  const lines: string[] = [];
  const steady = steadier({ ...options.stable, [home]: "/home/ann" });
  const quietly = (line: string) => shell(line, home, env);
  return {
    quietly,
    note(text) {
      lines.push(...(lines.length === 0 ? [] : [""]), `# ${text}`, "");
    },
    async run(line) {
      const ran = await quietly(line);
      lines.push(`$ ${line}`, ...shown("", ran.out), ...shown("! ", ran.err));
      if (ran.code !== 0) lines.push(`[exit ${ran.code}]`);
      return ran;
    },
    async compare(name) {
      const file = join(import.meta.dirname, `${name}.txt`);
      const written = steady(lines.join("\n")).trimEnd().concat("\n");
      if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, written);
      const golden = await readFile(file, "utf8").catch(() => "");
      expect(written, `differs from ${name}.txt; UPDATE_GOLDEN=1 replaces it`).toBe(golden);
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

async function shell(line: string, cwd: string, env: Record<string, string>): Promise<Ran> {
  const child = spawn("sh", ["-c", line], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const code = new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (status) => resolve(status ?? -1));
  });
  const [out, err] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  return { code: await code, out: out.toString(), err: err.toString() };
}

function shown(mark: string, text: string): string[] {
  if (text === "") return [];
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => `${mark}${line}`.trimEnd());
}

/** Takes out of a text what differs from run to run, without moving a column. */
function steadier(stable: Readonly<Record<string, string>>): (text: string) => string {
  const ids = new Map<string, string>();
  const numbered = (id: string) => {
    if (!ids.has(id)) ids.set(id, `<id ${ids.size + 1}>`);
    return ids.get(id) ?? id;
  };
  return (text) => {
    const steady = Object.entries(stable).reduce(
      (all, [from, to]) => all.replaceAll(from, to),
      text,
    );
    return steady
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, numbered)
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "2026-01-31 12:00:00")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, "2026-01-31T12:00:00.000Z")
      .replace(/\d\.\d s\b/g, "0.1 s");
  };
}
