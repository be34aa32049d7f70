import type { User } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { readSecret } from "../ask.ts";
import { action, type Cli } from "../call.ts";
import { userNamed } from "../names.ts";
import { addCliSecret } from "./cli-secret.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, withExample, withListOptions, withYes } from "../options.ts";
import type { View } from "../output.ts";

/** How users are shown. */
export const userView: View<User> = {
  name: (user) => user.username,
  columns: ({ time }) => [
    { title: "ID", value: (user) => String(user.user_id), align: "right" },
    { title: "NAME", value: (user) => user.username },
    { title: "EMAIL", value: (user) => user.email },
    { title: "ADMIN", value: (user) => (user.sysadmin_flag ? "yes" : "no") },
    { title: "CREATED", value: (user) => time(user.creation_time) },
  ],
  details: (user) => [
    ["FULL NAME", user.realname],
    ["RIGHTS", user.rights.join(", ")],
  ],
};

interface NewUserOptions {
  readonly passwordStdin?: boolean;
  readonly email?: string;
  readonly realname?: string;
  readonly admin?: boolean;
}

/** Adds `user`. */
export function addUser(program: Command, cli: Cli): void {
  const user = program.command("user").description("Users of the registry.");

  const list = withListOptions(user.command("list").description("Lists users.")).action(
    action(cli, async (call, options: ListOptions) => {
      const query = listQuery(options);
      await call.list(call.api.each(routes.users.list, { query }), userView, options.limit);
    }),
  );
  withExample(list, "$ entrepot user list --query 'username=~dev'");

  const create = user
    .command("create")
    .description("Creates a user.")
    .argument("<name>")
    .option("--password-stdin", "read the password from standard input instead of asking")
    .option("--email <address>")
    .option("--realname <name>")
    .option("--admin", "make it a system administrator")
    .action(
      action(cli, async (call, username: string, options: NewUserOptions) => {
        const { passwordStdin: fromInput, email, realname } = options;
        const source = { what: "Password", flag: "--password-stdin", fromInput, twice: true };
        const password = await readSecret(call.terminal, source, call.signal);
        const { created } = await call.api.users.create({
          body: { username, password, ...(email && { email }), ...(realname && { realname }) },
        });
        const params = { user_id: Number(created) };
        if (options.admin) {
          await call.api.users.setSysadmin({ params, body: { sysadmin_flag: true } });
        }
        const read = async () => (await call.api.users.get({ params })).body;
        await call.done(`Created user ${username}.`, { read, view: userView });
      }),
    );
  withExample(create, "$ entrepot user create ann --password-stdin < password.txt");
  addChanges(user, cli);
}

function addChanges(user: Command, cli: Cli): void {
  const password = user
    .command("password")
    .description("Changes a password: yours, or as an administrator anybody's.")
    .argument("<name>")
    .option("--password-stdin", "read the new password from standard input instead of asking")
    .action(
      action(cli, async (call, name: string, { passwordStdin: fromInput }: NewUserOptions) => {
        const { user_id } = await userNamed(call, name);
        const source = { what: "New password", flag: "--password-stdin", fromInput, twice: true };
        const new_password = await readSecret(call.terminal, source, call.signal);
        const own = call.credential?.username === name && {
          old_password: call.credential.password,
        };
        const body = { new_password, ...own };
        await call.api.users.changePassword({ params: { user_id }, body });
        await call.done(`Changed the password of ${name}.`);
        if (own) call.terminal.note("It was yours: run 'entrepot login' with the new one.");
      }),
    );
  withExample(password, "$ entrepot user password ann");

  const update = user
    .command("update")
    .description("Makes a user a system administrator, or ends that.")
    .argument("<name>")
    .option("--admin", "a system administrator")
    .option("--no-admin", "not a system administrator")
    .action(
      action(cli, async (call, name: string, { admin }: NewUserOptions) => {
        const params = { user_id: (await userNamed(call, name)).user_id };
        if (admin !== undefined) {
          await call.api.users.setSysadmin({ params, body: { sysadmin_flag: admin } });
        }
        const read = async () => (await call.api.users.get({ params })).body;
        await call.done(`Changed user ${name}.`, { read, view: userView });
      }),
    );
  withExample(update, "$ entrepot user update ann --admin");

  const rights = user
    .command("rights")
    .description("Gives a user rights in the whole registry: these, and no others.")
    .argument("<name>")
    .argument("[resource:action...]", "as backup:manage, replication:*; nothing: none")
    .action(
      action(cli, async (call, name: string, given: string[]) => {
        const params = { user_id: (await userNamed(call, name)).user_id };
        await call.api.users.setRights({ params, body: { rights: given } });
        const read = async () => (await call.api.users.get({ params })).body;
        await call.done(`Changed the rights of ${name}.`, { read, view: userView });
      }),
    );
  withExample(rights, "$ entrepot user rights ann 'backup:*' audit-log:list");

  const remove = withYes(user.command("delete").description("Deletes a user."))
    .argument("<name>")
    .action(
      action(cli, async (call, name: string, { yes }: { yes?: boolean }) => {
        const { user_id } = await userNamed(call, name);
        await call.confirm(`Delete user ${name}?`, yes);
        await call.api.users.delete({ params: { user_id } });
        await call.done(`Deleted user ${name}.`);
      }),
    );
  withExample(remove, "$ entrepot user delete ann");
  addCliSecret(user, cli);
}
