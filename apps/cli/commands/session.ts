import type { Session } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { userNamed } from "../names.ts";
import { wholeNumber, withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";

const sessionView: View<Session> = {
  name: (session) => String(session.id),
  columns: ({ time }) => [
    { title: "ID", value: (session) => String(session.id), align: "right" },
    { title: "USER", value: (session) => session.username },
    { title: "SINCE", value: (session) => time(session.creation_time) },
    { title: "LAST SEEN", value: (session) => time(session.last_seen_time) },
    { title: "FROM", value: (session) => session.address },
    { title: "BROWSER", value: (session) => session.user_agent },
  ],
};

interface RevokeOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
}

/** Adds `session`. */
export function addSession(program: Command, cli: Cli): void {
  const session = program
    .command("session")
    .description("Who is signed in to the portal. This command line needs no session.");

  const list = withLimit(session.command("list").description("Lists where you are signed in."))
    .option("--user <name>", "where somebody else is; for administrators")
    .action(
      action(cli, async (call, { limit, user }: { limit: number; user?: string }) => {
        const query = user === undefined ? {} : { user_id: (await userNamed(call, user)).user_id };
        await call.list(call.api.each(routes.sessions.list, { query }), sessionView, limit);
      }),
    );
  withExample(list, "$ entrepot session list --user ann");

  const revoke = withYes(
    session.command("revoke").description("Ends a session, or with --all all of yours."),
  )
    .argument("[id]", "its id; as an administrator anybody's", wholeNumber)
    .option("--all", "all of yours")
    .action(
      action(cli, async (call, id: number | undefined, { all, yes }: RevokeOptions) => {
        if ((id === undefined) === !all) throw usageError("give a session's id, or --all");
        if (id === undefined) {
          await call.confirm("Sign you out everywhere?", yes);
          await call.api.sessions.revokeOthers();
          return call.done("Ended all your sessions.");
        }
        await call.confirm(`End session ${id}?`, yes);
        await call.api.sessions.revoke({ params: { session_id: id } });
        await call.done(`Ended session ${id}.`);
      }),
    );
  withExample(revoke, "$ entrepot session revoke 12\n$ entrepot session revoke --all");
}
