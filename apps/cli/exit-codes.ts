import { RegistryError } from "@entrepot/api/client";
import { CommanderError, InvalidArgumentError } from "commander";

/** What this program's exit status says, for scripts. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  access: 3,
  notFound: 4,
  unreachable: 5,
  interrupted: 130,
} as const;

/** What `entrepot help exit-codes` prints. */
export const EXIT_CODES_HELP = `Exit codes:
  0    done
  1    it failed, or was refused; the line on standard error says why
  2    the command line is not right: an unknown command, a missing argument
  3    not signed in, or not allowed
  4    what was named does not exist
  5    the server does not answer
  130  interrupted (Ctrl-C)
`;

const BY_CODE: Readonly<Record<string, number>> = {
  UNAUTHORIZED: EXIT.access,
  FORBIDDEN: EXIT.access,
  DENIED: EXIT.access,
  NOT_FOUND: EXIT.notFound,
  NAME_UNKNOWN: EXIT.notFound,
  MANIFEST_UNKNOWN: EXIT.notFound,
  BLOB_UNKNOWN: EXIT.notFound,
  UNREACHABLE: EXIT.unreachable,
};

/** The exit status for a command that ended with `error`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InvalidArgumentError) return EXIT.usage;
  // Commander ends --help and --version by throwing, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof RegistryError) return BY_CODE[error.code] ?? EXIT.failed;
  return EXIT.failed;
}

/** An error in how the command was called; ends with status 2. */
export function usageError(message: string): Error {
  return new InvalidArgumentError(message);
}
