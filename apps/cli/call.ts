import { type ApiClient, apiClient, ApiError, RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { askYes } from "./ask.ts";
import { configFile, type Environment, readConfig, type Target, targetOf } from "./config.ts";
import { usageError } from "./exit-codes.ts";
import { type Output, openOutput, type OutputForm } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** What every command runs in. */
export interface Cli {
  readonly env: Environment;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly output: OutputForm;
  readonly utc?: boolean;
  readonly server?: string;
}

/** One call of a command: the server it speaks to, and how it shows what comes back. */
export interface Call extends Cli, Target, Output {
  readonly api: ApiClient;
  /** Times are UTC's, not this machine's. */
  readonly utc: boolean;
  /** Asks before something is deleted. `yes` is the flag; off a terminal it is needed. */
  confirm(question: string, yes: boolean | undefined): Promise<void>;
}

/**
 * What a command does, as commander calls it: `run` gets its arguments and options, after the call.
 * Errors of the server then say which server it was.
 */
export function action<A extends readonly unknown[]>(
  cli: Cli,
  run: (call: Call, ...given: A) => Promise<void>,
): (...all: unknown[]) => Promise<void> {
  return async (...all) => {
    const call = await openCall(cli, all.at(-1) as Command);
    try {
      await run(call, ...(all.slice(0, -1) as unknown as A));
    } catch (error) {
      throw located(error, call.server);
    }
  };
}

/** `error` with the server that it comes from, and what to do about it. */
export function located(error: unknown, server: string): unknown {
  if (!(error instanceof RegistryError)) return error;
  if (error.code === "UNREACHABLE") {
    const message = `${error.message}; is it running, and is this the right address?`;
    return new RegistryError("UNREACHABLE", message, { cause: error });
  }
  if (!(error instanceof ApiError)) return error;
  const advice = error.code === "UNAUTHORIZED" ? `; run 'entrepot login ${server}'` : "";
  const request = error.status >= 500 && error.requestId ? ` (request ${error.requestId})` : "";
  const message = `${new URL(server).host}: ${error.message}${request}${advice}`;
  return new RegistryError(error.code, message, { cause: error });
}

/** A call of `command`. Throws UNAUTHORIZED if no server is known. */
async function openCall(cli: Cli, command: Command): Promise<Call> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const config = await readConfig(configFile(cli.env));
  const target = targetOf(config, cli.env, options.server);
  return {
    ...cli,
    ...target,
    ...openOutput(cli.terminal, options.output, options.utc === true),
    api: clientOf(cli, target),
    utc: options.utc === true,
    async confirm(question, yes) {
      if (yes) return;
      if (!cli.terminal.canAsk) throw usageError(`${question} Say so with --yes`);
      if (await askYes(cli.terminal, question, cli.signal)) return;
      throw new RegistryError("CANCELLED", "not confirmed; nothing was changed");
    },
  };
}

/** A client for `target` that Ctrl-C cuts off. */
export function clientOf({ signal }: Cli, { server, credential }: Target): ApiClient {
  return apiClient({
    url: server,
    ...(credential && { credential }),
    fetch: (input, init) => {
      const signals = [signal, init?.signal].filter((one) => one != null);
      return fetch(input, { ...init, signal: AbortSignal.any(signals) });
    },
  });
}
