import type { UserGroup } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { groupNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";

const groupView: View<UserGroup> = {
  name: (group) => group.group_name,
  columns: () => [
    { title: "ID", value: (group) => String(group.id), align: "right" },
    { title: "NAME", value: (group) => group.group_name },
    { title: "FROM", value: (group) => (group.group_type === 1 ? "ldap" : "oidc") },
    { title: "DN", value: (group) => group.ldap_group_dn },
  ],
};

/** Adds `group`. */
export function addGroup(program: Command, cli: Cli): void {
  const group = program
    .command("group")
    .description("Groups of a directory that have a name here.");

  const list = withLimit(group.command("list").description("Lists groups.")).action(
    action(cli, async (call, options: ListOptions) => {
      const query = listQuery(options);
      await call.list(call.api.each(routes.userGroups.list, { query }), groupView, options.limit);
    }),
  );
  withExample(list, "$ entrepot group list");

  const create = group
    .command("create")
    .description("Names a group, of LDAP by its distinguished name, else of OpenID Connect.")
    .argument("<name>")
    .option("--ldap <dn>", "the group's distinguished name in the directory")
    .action(
      action(cli, async (call, name: string, { ldap: dn }: { ldap?: string }) => {
        const group_type = dn === undefined ? 3 : 1;
        const { created } = await call.api.userGroups.create({
          body: { group_name: name, group_type, ldap_group_dn: dn ?? "" },
        });
        const params = { group_id: Number(created) };
        const read = async () => (await call.api.userGroups.get({ params })).body;
        await call.done(`Created group ${name}.`, { read, view: groupView });
      }),
    );
  withExample(create, "$ entrepot group create devs --ldap cn=devs,ou=groups,dc=example,dc=org");

  const remove = withYes(
    group.command("delete").description("Deletes a group here, with its memberships."),
  )
    .argument("<name>")
    .action(
      action(cli, async (call, name: string, { yes }: { yes?: boolean }) => {
        const { id } = await groupNamed(call, name);
        await call.confirm(`Delete group ${name} and its memberships?`, yes);
        await call.api.userGroups.delete({ params: { group_id: id } });
        await call.done(`Deleted group ${name}.`);
      }),
    );
  withExample(remove, "$ entrepot group delete devs");
}
