import { text as textOf } from "node:stream/consumers";
import type { Configuration } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { withExample } from "../options.ts";
import type { View } from "../output.ts";

interface Named extends Configuration {
  readonly name: string;
}

const configView: View<Named> = {
  name: ({ name }) => name,
  columns: () => [
    { title: "NAME", value: ({ name }) => name },
    { title: "VALUE", value: valueOf },
    { title: "SET", value: ({ stored }) => (stored ? "yes" : "no") },
    { title: "WHAT", value: ({ help }) => help },
  ],
  details: ({ type, initial, choices, least, most, longest }) => [
    ["TYPE", type],
    ["INITIALLY", String(initial)],
    ...(choices ? [["ONE OF", choices.join(", ")] as const] : []),
    ...(least === undefined ? [] : [["AT LEAST", String(least)] as const]),
    ...(most === undefined ? [] : [["AT MOST", String(most)] as const]),
    ...(longest === undefined ? [] : [["CHARACTERS AT MOST", String(longest)] as const]),
  ],
};

function valueOf({ type, stored, value }: Configuration): string {
  if (type !== "secret") return String(value);
  return stored ? "(secret)" : "";
}

/** Adds `config`. */
export function addConfig(program: Command, cli: Cli): void {
  const config = program
    .command("config")
    .description("Settings of the registry that count while it runs.");

  const list = config
    .command("list")
    .description("Lists all settings.")
    .action(action(cli, async (call) => call.list(await readAll(call), configView, 0)));
  withExample(list, "$ entrepot config list");

  const get = config
    .command("get")
    .description("Shows a setting, and what it may be.")
    .argument("<name>")
    .action(
      action(cli, async (call, name: string) => call.one(await read(call, name), configView)),
    );
  withExample(get, "$ entrepot config get read_only");

  const set = config
    .command("set")
    .description("Sets a setting; several as name=value.")
    .argument("<name>", "its name, or name=value")
    .argument("[value...]", "its value, or more name=value; - reads it from standard input")
    .action(
      action(cli, async (call, name: string, rest: string[]) => {
        const given = await givenOf(call, name, rest);
        const known = await readAll(call);
        const body = Object.fromEntries(
          given.map(([one, text]) => [one, typed(found(known, one), text)]),
        );
        await call.api.configurations.update({ body });
        const first = given[0]![0];
        const after = { read: () => read(call, first), view: configView };
        await call.done(`Set ${given.map(([one]) => one).join(", ")}.`, after);
      }),
    );
  withExample(
    set,
    "$ entrepot config set read_only true\n" +
      "$ entrepot config set token_expiration=15 session_timeout=30",
  );

  const unset = config
    .command("unset")
    .description("Sets a setting back to its initial value.")
    .argument("<name>")
    .action(
      action(cli, async (call, name: string) => {
        await call.api.configurations.update({ body: { [name]: null } });
        const after = { read: () => read(call, name), view: configView };
        await call.done(`Setting ${name} is back to its initial value.`, after);
      }),
    );
  withExample(unset, "$ entrepot config unset read_only");
}

async function readAll({ api }: Call): Promise<Named[]> {
  const { body } = await api.configurations.get({});
  return Object.entries(body).map(([name, one]) => ({ name, ...one }));
}

async function read(call: Call, name: string): Promise<Named> {
  return found(await readAll(call), name);
}

function found(known: readonly Named[], name: string): Named {
  const one = known.find((setting) => setting.name === name);
  if (one) return one;
  throw new RegistryError("NOT_FOUND", `there is no setting '${name}'; see entrepot config list`);
}

/** What is to be set, as text. */
async function givenOf(
  { terminal }: Call,
  name: string,
  rest: readonly string[],
): Promise<[string, string][]> {
  if (!name.includes("=")) {
    const [value, ...more] = rest;
    if (value === undefined || more.length > 0) {
      throw usageError("Give a name and a value, or name=value of each.");
    }
    return [[name, value === "-" ? (await textOf(terminal.stdin)).trimEnd() : value]];
  }
  return [name, ...rest].map((pair) => {
    const at = pair.indexOf("=");
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
    throw usageError(`Give ${pair} as name=value.`);
  });
}

function typed({ name, type }: Named, text: string): boolean | number | string {
  if (type === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw usageError(`${name} is true or false.`);
  }
  if (type !== "number") return text;
  if (/^-?\d{1,16}$/.test(text)) return Number(text);
  throw usageError(`${name} is a whole number.`);
}
