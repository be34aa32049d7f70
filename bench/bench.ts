import type { Cleanup } from "./cleanup.ts";
import type { Figure } from "./figure.ts";
import type { Programs } from "./machine.ts";
import type { Options } from "./options.ts";

/** What every scenario is given. */
export interface Bench extends Options {
  readonly programs: Programs;
  readonly cleanup: Cleanup;
  /** Flags for Entrepot's Node, to profile it: from BENCH_NODE_FLAGS. */
  readonly nodeFlags: readonly string[];
  /** Tells the person what goes on, in one line. */
  readonly say: (line: string) => void;
}

/** One group of figures. */
export interface Scenario {
  readonly name: string;
  /** What is measured and how, for the README's section; Markdown. */
  readonly about: (bench: Bench) => string;
  /** Starts what it needs, measures, and stops it. */
  readonly run: (bench: Bench) => Promise<Figure[]>;
}
