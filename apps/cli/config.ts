import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { RegistryError } from "@entrepot/api/client";
import { usageError } from "./exit-codes.ts";

/** The environment, as far as it is given. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Who signs in, and how. */
export interface Credential {
  readonly username: string;
  readonly password: string;
}

/** What is remembered between calls. */
export interface Config {
  /** The server that is spoken to unless another is named. */
  readonly server: string | null;
  /** By server: a credential is never sent to another one. */
  readonly logins: Readonly<Record<string, Credential>>;
}

/** Where the configuration lies: `ENTREPOT_CONFIG`, else entrepot/config.json in XDG's folder. */
export function configFile(env: Environment): string {
  if (env["ENTREPOT_CONFIG"]) return env["ENTREPOT_CONFIG"];
  const base = env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
  return join(base, "entrepot", "config.json");
}

/** What `file` says; nothing if there is none. Throws UNKNOWN if it is not ours to understand. */
export async function readConfig(file: string): Promise<Config> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw new RegistryError("UNKNOWN", `cannot read ${file}: ${error.message}`);
  });
  try {
    const { server = null, logins = {} } = JSON.parse(text) as Partial<Config>;
    return { server, logins };
  } catch {
    throw new RegistryError("UNKNOWN", `${file} is not JSON; mend or delete it, then log in again`);
  }
}

/** Replaces `file`, for its owner's eyes only: another process sees the old one or the new one. */
export async function writeConfig(file: string, config: Config): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  try {
    const made = await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    if (made === undefined && dirname(file).endsWith("/entrepot"))
      await chmod(dirname(file), 0o700);
    await writeFile(fresh, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw new RegistryError("UNKNOWN", `cannot write ${file}: ${(error as Error).message}`);
  }
}

/**
 * A server's address as people write it: without a scheme it is https, on this machine http.
 * Throws a usage error if it is no address.
 */
export function serverUrl(text: string): string {
  const local = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::|\/|$)/.test(text);
  const whole = /^[a-z]+:\/\//i.test(text) ? text : `${local ? "http" : "https"}://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : null;
  const plain = url && url.pathname === "/" && url.search === "" && url.username === "";
  if (plain && /^https?:$/.test(url.protocol)) return url.origin;
  throw usageError(`${JSON.stringify(text)} is not a server; give https://host[:port]`);
}

/** A server and who speaks to it; null: nobody, which reads what is public. */
export interface Target {
  readonly server: string;
  readonly credential: Credential | null;
}

/**
 * Whom to speak to: `flag` wins over the environment, and that over what `login` stored. Throws
 * UNAUTHORIZED if no server is known.
 */
export function targetOf(config: Config, env: Environment, flag: string | undefined): Target {
  const named = flag ?? (env["ENTREPOT_SERVER"] || null) ?? config.server;
  if (named === null) {
    throw new RegistryError(
      "UNAUTHORIZED",
      "no server yet: run 'entrepot login <server>', or set ENTREPOT_SERVER",
    );
  }
  const server = serverUrl(named);
  const [username, password] = [env["ENTREPOT_USERNAME"], env["ENTREPOT_PASSWORD"]];
  if (username && password) return { server, credential: { username, password } };
  if (username || password) {
    throw usageError("ENTREPOT_USERNAME and ENTREPOT_PASSWORD go together: set both or neither");
  }
  return { server, credential: config.logins[server] ?? null };
}
