import type { AccessToken } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";

const tokenView: View<AccessToken> = {
  name: (token) => token.name,
  columns: ({ time }) => [
    { title: "ID", value: (token) => String(token.id), align: "right" },
    { title: "NAME", value: (token) => token.name },
    { title: "MAY", value: (token) => (token.read_only ? "read" : "all you may") },
    { title: "CREATED", value: (token) => time(token.creation_time) },
    { title: "EXPIRES", value: (token) => time(token.expiration_time) || "never" },
    { title: "LAST USED", value: (token) => time(token.last_used_time) || "never" },
  ],
};

interface NewOptions {
  readonly days: number;
  readonly readOnly?: boolean;
}

/** Adds `token`. */
export function addToken(program: Command, cli: Cli): void {
  const token = program
    .command("token")
    .description(
      "Your personal access tokens: used in the password's place, by what you trust less.",
    );

  const list = withLimit(token.command("list").description("Lists your tokens.")).action(
    action(cli, async (call, { limit }: { limit: number }) =>
      call.list(call.api.each(routes.accessTokens.list, {}), tokenView, limit),
    ),
  );
  withExample(list, "$ entrepot token list");

  const create = token
    .command("create")
    .summary("makes a token, and tells its secret this once")
    .description(
      "Makes a token, and tells its secret this once: on standard output, alone. Whoever signed\n" +
        "in with a token cannot make another.",
    )
    .argument("<name>", "what it is for")
    .option("--days <n>", "how long it lasts; never: for ever", daysOf, 90)
    .option("--read-only", "it may only read and pull")
    .action(
      action(cli, async (call, name: string, { days: duration, readOnly }: NewOptions) => {
        const body = { name, duration, read_only: readOnly === true };
        const { body: made } = await call.api.accessTokens.create({ body });
        if (call.form !== "table") return call.one(made, tokenView);
        const until = made.expiration_time;
        const how = until === null ? "never expires" : `expires ${call.format.time(until)}`;
        call.terminal.note(`Created token ${name}, which ${how}. Its secret is not told again:`);
        call.terminal.write(`${made.secret}\n`);
      }),
    );
  withExample(
    create,
    "$ entrepot token create laptop --days 30\n" +
      "$ entrepot token create ci --read-only | docker login registry.example -u ann " +
      "--password-stdin",
  );

  const remove = withYes(token.command("delete").description("Revokes a token, at once."))
    .argument("<token>", "its name")
    .action(
      action(cli, async (call, name: string, { yes }: { yes?: boolean }) => {
        const { id } = await tokenNamed(call, name);
        await call.confirm(`Revoke token ${name}? Whatever uses it is refused then.`, yes);
        await call.api.accessTokens.revoke({ params: { token_id: id } });
        await call.done(`Revoked token ${name}.`);
      }),
    );
  withExample(remove, "$ entrepot token delete laptop");
}

async function tokenNamed({ api }: Call, name: string): Promise<AccessToken> {
  for await (const token of api.each(routes.accessTokens.list, {})) {
    if (token.name === name) return token;
  }
  throw new RegistryError("NOT_FOUND", `you have no token '${name}'; see 'entrepot token list'`);
}

/** Days as the API has them, -1 for never. Throws a usage error. */
function daysOf(text: string): number {
  if (text === "never") return -1;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw usageError("Give a number of days, or never.");
}
