import { text as readAll } from "node:stream/consumers";
import { createInterface } from "node:readline/promises";
import { usageError } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** How much of standard input is taken for a secret, in characters. */
const MAX_SECRET = 65_536;

/** Asks for a line. Throws a usage error if input ends instead, and once `signal` is aborted. */
export async function askLine(terminal: Terminal, question: string, signal: AbortSignal) {
  const lines = createInterface({ input: terminal.stdin, output: process.stderr });
  const ended = new AbortController();
  lines.on("close", () => ended.abort());
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    return await lines.question(question, { signal: AbortSignal.any([signal, ended.signal]) });
  } catch (error) {
    if (signal.aborted) throw error;
    throw usageError("the input ended before an answer came");
  } finally {
    lines.close();
  }
}

/** Asks whether to go on; anything but y or yes is no. */
export async function askYes(terminal: Terminal, question: string, signal: AbortSignal) {
  return /^y(?:es)?$/i.test((await askLine(terminal, `${question} [y/N] `, signal)).trim());
}

/** Asks for a secret without showing what is typed. */
async function askSecret(terminal: Terminal, question: string, signal: AbortSignal) {
  const { stdin } = terminal;
  // First, so that not even a quick typist is shown.
  stdin.setRawMode(true);
  terminal.writeError(question);
  try {
    return await typed(stdin, signal);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    terminal.writeError("\n");
  }
}

function typed(stdin: NodeJS.ReadStream, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let secret = "";
    const stop = () => {
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      signal.removeEventListener("abort", onAbort);
    };
    const onAbort = () => (stop(), reject(signal.reason));
    const onEnd = () => (stop(), reject(usageError("the input ended before an answer came")));
    const onData = (chunk: Buffer | string) => {
      for (const key of chunk.toString()) {
        if (key === "\r" || key === "\n") return (stop(), resolve(secret));
        // In raw mode the terminal does not turn Ctrl-C into a signal.
        if (key === "\u0003") process.kill(process.pid, "SIGINT");
        else if (key === "\u0004") return onEnd();
        else if (key === "\u0015") secret = "";
        else if (key === "\u007f" || key === "\b") secret = [...secret].slice(0, -1).join("");
        else secret += key;
      }
    };
    stdin.on("data", onData).on("end", onEnd).resume();
    signal.addEventListener("abort", onAbort);
  });
}

/** All of standard input as a secret, without the line's end behind it. */
async function secretFromInput(terminal: Terminal): Promise<string> {
  const secret = (await readAll(terminal.stdin)).replace(/\r?\n$/, "");
  if (secret === "") throw usageError("standard input is empty; a secret was to come from it");
  if (secret.length > MAX_SECRET) throw usageError(`a secret has at most ${MAX_SECRET} characters`);
  return secret;
}

/** How a command is to come by a secret. */
export interface SecretSource {
  /** What it is called in questions and errors: `Password`. */
  readonly what: string;
  /** The flag that says that it comes from standard input, and whether it was given. */
  readonly flag: string;
  readonly fromInput: boolean | undefined;
  /** Whether it must be typed twice, since nothing checks it. */
  readonly twice?: boolean;
}

/** A secret, from standard input or a person. Throws a usage error where there is neither. */
export async function readSecret(
  terminal: Terminal,
  { what, flag, fromInput, twice }: SecretSource,
  signal: AbortSignal,
): Promise<string> {
  if (fromInput) return await secretFromInput(terminal);
  if (!terminal.canAsk) {
    throw usageError(`nobody is there to type the ${what.toLowerCase()}; pipe it in with ${flag}`);
  }
  const secret = await askSecret(terminal, `${what}: `, signal);
  if (secret === "") throw usageError(`the ${what.toLowerCase()} is empty`);
  if (twice && (await askSecret(terminal, `${what} again: `, signal)) !== secret) {
    throw usageError("the two differ; nothing was changed");
  }
  return secret;
}
