import type { DiffLine } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { policyNamed } from "../names.ts";
import { withExample } from "../options.ts";
import type { View } from "../output.ts";

type Entry = Extract<DiffLine, { type: "entry" }>;
type Counts = Extract<DiffLine, { type: "end" }>["counts"];

const SIGNS: Readonly<Record<Entry["state"], string>> = {
  equal: "=",
  different: "≠",
  missing: "-",
  extra: "+",
  unreferenced: "?",
};

const entryView: View<Entry> = {
  name: ({ repository, reference }) =>
    `${repository}${reference.includes(":") ? "@" : ":"}${reference}`,
  columns: ({ digest }) => [
    { title: "", value: ({ state }) => SIGNS[state] },
    { title: "STATE", value: ({ state }) => state },
    { title: "REPOSITORY", value: ({ repository }) => repository },
    { title: "REFERENCE", value: ({ reference }) => digest(reference) },
    { title: "AT SOURCE", value: (entry) => digest(entry.at_source) },
    { title: "AT TARGET", value: (entry) => digest(entry.at_target) },
    { title: "BELONGS TO", value: (entry) => digest(entry.subject) },
  ],
};

/** Adds `replication diff`. */
export function addDiff(replication: Command, cli: Cli): void {
  const diff = replication
    .command("diff")
    .description(
      "Shows source and target of a policy side by side, without copying. Exits with 1 if they " +
        "differ, as diff does.",
    )
    .argument("<policy>", "its name or id")
    .option("--all", "show what is equal, too")
    .action(
      action(cli, async (call, name: string, { all = false }: { all?: boolean }) => {
        const { id } = await policyNamed(call, name);
        const input = { params: { id }, query: { equal: all } };
        const seen = { counts: undefined as Counts | undefined };
        const entries = entriesOf(call, call.api.lines(routes.standing.diff, input), seen);
        const differing = await Array.fromAsync(entries);
        if (differing.length > 0 || call.form !== "table") {
          await call.list(differing, entryView, 0);
        }
        conclude(call, name, seen.counts ?? {});
      }),
    );
  withExample(diff, "$ entrepot replication diff mirror");
}

async function* entriesOf(
  call: Call,
  lines: AsyncIterable<DiffLine>,
  seen: { counts: Counts | undefined },
): AsyncGenerator<Entry> {
  const { errorColumns, writeError, note } = call.terminal;
  const clear = () => errorColumns !== null && writeError("\r\x1b[K");
  for await (const line of lines) {
    if (line.type === "entry") yield line;
    else if (line.type === "end") seen.counts = line.counts;
    else if (line.type === "progress") {
      const text = `compared ${line.compared}, at ${line.repository}`;
      if (errorColumns === null) note(text);
      else writeError(`\r\x1b[K${text.slice(0, errorColumns - 1)}`);
    } else {
      clear();
      throw new RegistryError("UNAVAILABLE", `the comparison failed: ${line.message}`);
    }
  }
  clear();
  if (seen.counts) return;
  throw new RegistryError("UNREACHABLE", `${call.server} broke the comparison off; try again`);
}

function conclude(call: Call, name: string, counts: Counts): void {
  const { equal = 0, ...others } = counts;
  const differing = Object.entries(others).filter(([, count]) => count > 0);
  const list = differing.map(([state, count]) => `${count} ${state}`).join(", ");
  if (differing.length > 0) {
    throw new RegistryError("CONFLICT", `source and target of ${name} differ: ${list}`);
  }
  if (call.form === "table") call.terminal.write(`Source and target are equal: ${equal} names.\n`);
}
