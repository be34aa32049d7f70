import { parseArgs } from "node:util";

/** How a run was asked for. */
export interface Options {
  /** Names of the scenarios to run; empty: all. */
  readonly only: readonly string[];
  readonly rounds: number;
  /** Tiny runs, to see whether everything works; their figures say nothing. */
  readonly quick: boolean;
  /** The 10 GiB blob instead of the 4 GiB one. */
  readonly long: boolean;
  /** Minutes between pushes after idleness; null: 20 s. */
  readonly idleMinutes: number | null;
  readonly help: boolean;
}

/** What `--help` prints, with `names` of scenarios. */
export function helpText(names: readonly string[]): string {
  return `Usage: npm run bench -- [options]

Measures Entrepot and Debian's docker-registry side by side; the tables go to bench/README.md.

  --only <name>         this scenario only; may be given several times (${names.join(", ")})
  --rounds <n>          interleaved rounds (default 3)
  --quick               tiny runs to see that everything works; writes nothing
  --long                a 10 GiB blob for memory instead of a 4 GiB one
  --idle-minutes <n>    minutes between pushes after idleness (default 20 s)
`;
}

/** Reads the command line. Throws an Error that names what is unknown or malformed. */
export function readOptions(args: readonly string[], names: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      long: { type: "boolean", default: false },
      "idle-minutes": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  for (const name of values.only) {
    if (names.includes(name)) continue;
    throw new Error(`--only ${name} is no scenario; choose one of ${names.join(", ")}`);
  }
  const idle = values["idle-minutes"];
  return {
    only: values.only,
    rounds: wholeNumber("--rounds", values.rounds ?? (values.quick ? "1" : "3")),
    quick: values.quick,
    long: values.long,
    idleMinutes: idle === undefined ? null : wholeNumber("--idle-minutes", idle),
    help: values.help,
  };
}

function wholeNumber(flag: string, text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new Error(`${flag} ${text} is not accepted: give a whole number from 1 to 999`);
}
