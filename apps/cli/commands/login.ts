import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { askLine, readSecret } from "../ask.ts";
import { action, type Cli, clientOf, type GlobalOptions, located } from "../call.ts";
import { configFile, readConfig, serverUrl, writeConfig } from "../config.ts";
import { usageError } from "../exit-codes.ts";
import { withExample } from "../options.ts";
import { userView } from "./user.ts";

const DEFAULT_SERVER = "http://127.0.0.1:5050";

interface LoginOptions {
  readonly username?: string;
  readonly passwordStdin?: boolean;
}

/** Adds `login`, `logout` and `whoami`. */
export function addLogin(program: Command, cli: Cli): void {
  const login = program
    .command("login")
    .summary("signs in to a server, and uses it from now on")
    .description(
      "Signs in to a server, and uses it from now on. The password, or a personal access token\n" +
        "('entrepot token') in its place, is kept in a file that only you can read.\n" +
        " ENTREPOT_SERVER, ENTREPOT_USERNAME and ENTREPOT_PASSWORD win over it.",
    )
    .argument("[server]", `its address (default: the one in use, else ${DEFAULT_SERVER})`)
    .option("-u, --username <name>", "who you are; asked for if absent")
    .option("--password-stdin", "read the password from standard input")
    .action((server: string | undefined, options: LoginOptions, command: Command) =>
      signIn(cli, server ?? command.optsWithGlobals<GlobalOptions>().server, options),
    );
  withExample(login, "$ entrepot login https://registry.example -u admin");

  const logout = program
    .command("logout")
    .summary("forgets a server's password")
    .description("Forgets a server's password.")
    .argument("[server]", "its address (default: the one in use)")
    .action((server: string | undefined) => signOut(cli, server));
  withExample(logout, "$ entrepot logout");

  const whoami = program
    .command("whoami")
    .summary("tells who you are, and where")
    .description("Shows who you are, and at which server.")
    .action(
      action(cli, async (call) => {
        const { body } = await call.api.users.current();
        if (call.form === "table") call.terminal.write(`${body.username} at ${call.server}\n`);
        else call.one(body, userView);
      }),
    );
  withExample(whoami, "$ entrepot whoami");
}

async function signIn(cli: Cli, given: string | undefined, options: LoginOptions): Promise<void> {
  const { terminal, signal, env } = cli;
  const file = configFile(env);
  const config = await readConfig(file);
  const server = serverUrl(given ?? config.server ?? DEFAULT_SERVER);
  await reachable(cli, server);
  warnOfPlainText(cli, server);
  const username = options.username ?? (await askName(cli, server));
  const source = { what: "Password", flag: "--password-stdin", fromInput: options.passwordStdin };
  const password = await readSecret(terminal, source, signal);
  const target = { server, credential: { username, password } };
  const { body } = await clientOf(cli, target)
    .users.current()
    .catch((error: unknown) => {
      if (error instanceof RegistryError && error.code === "UNAUTHORIZED") {
        const message = `${server} does not accept this user name and password`;
        throw new RegistryError("UNAUTHORIZED", message, { cause: error });
      }
      throw located(error, server);
    });
  await writeConfig(file, {
    ...config,
    server,
    logins: { ...config.logins, [server]: { username, password } },
  });
  terminal.write(`Signed in to ${server} as ${body.username}.\n`);
  for (const name of ["ENTREPOT_SERVER", "ENTREPOT_USERNAME"]) {
    if (env[name]) terminal.note(`note: ${name} is set, and wins over this`);
  }
}

/** Asks no password for a server that is not there, or not one of this kind. */
async function reachable(cli: Cli, server: string): Promise<void> {
  try {
    await clientOf(cli, { server, credential: null }).system.version();
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code === "UNREACHABLE") {
      throw located(error, server);
    }
    const message = `${server} answers, but not as Entrepot does: ${error.message}`;
    throw new RegistryError("UNREACHABLE", message, { cause: error });
  }
}

function warnOfPlainText({ terminal }: Cli, server: string): void {
  const { protocol, hostname } = new URL(server);
  if (protocol === "https:" || /^(?:localhost|127\.|\[::1\])/.test(hostname)) return;
  terminal.note(`warning: ${server} is not encrypted; others may read the password on its way`);
}

async function askName({ terminal, signal }: Cli, server: string): Promise<string> {
  if (!terminal.canAsk) throw usageError("nobody is there to be asked; give --username");
  const name = (await askLine(terminal, `User name for ${server}: `, signal)).trim();
  if (name === "") throw usageError("the user name is empty");
  return name;
}

async function signOut({ env, terminal }: Cli, given: string | undefined): Promise<void> {
  const file = configFile(env);
  const config = await readConfig(file);
  const server = given === undefined ? config.server : serverUrl(given);
  if (server === null || !Object.hasOwn(config.logins, server)) {
    terminal.write(`You are not signed in${server === null ? "" : ` to ${server}`}.\n`);
    return;
  }
  const { [server]: _, ...logins } = config.logins;
  await writeConfig(file, { ...config, logins });
  terminal.write(`Signed out of ${server}.\n`);
}
