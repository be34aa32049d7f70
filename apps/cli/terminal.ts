import type { ReadStream, WriteStream } from "node:tty";

/** Where a command reads and writes: a person's terminal, pipes or files. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  /** What was asked for. */
  write(text: string): void;
  /** A line beside it, on standard error. */
  note(line: string): void;
  /** As `note`, but without a line's end. */
  writeError(text: string): void;
  /** Whether somebody is there to answer a question. */
  readonly canAsk: boolean;
  /** How wide standard output's terminal is; null: it is none. */
  readonly columns: number | null;
  /** How wide standard error's terminal is; null: it is none. */
  readonly errorColumns: number | null;
}

/** How wide a terminal is taken to be that does not know: a serial line, a recording. */
const USUAL_COLUMNS = 80;

/** What of the process a terminal is made from. */
interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * The terminal of a process. A reader that goes away early (`| head`) ends the process by `exit`,
 * without an error: it has what it wanted.
 */
export function openTerminal({ stdin, stdout, stderr }: Streams, exit: () => void): Terminal {
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") return exit();
      throw error;
    });
  }
  return {
    stdin,
    write: (text) => void stdout.write(text),
    note: (line) => void stderr.write(`${line}\n`),
    writeError: (text) => void stderr.write(text),
    canAsk: (stdin as ReadStream).isTTY === true && (stderr as WriteStream).isTTY === true,
    // Asked each time, since a window may be resized while a progress line is in it.
    get columns() {
      return stdout.isTTY ? stdout.columns || USUAL_COLUMNS : null;
    },
    get errorColumns() {
      return stderr.isTTY ? stderr.columns || USUAL_COLUMNS : null;
    },
  };
}
