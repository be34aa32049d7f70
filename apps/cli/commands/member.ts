import type { Member } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { memberNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, repeated, withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { parseRole, ROLE_NAMES, roleId, type RoleName, roleName } from "./role.ts";

const memberView: View<Member> = {
  name: (member) => member.entity_name,
  columns: () => [
    { title: "ID", value: (member) => String(member.id), align: "right" },
    { title: "USER", value: (member) => member.entity_name },
    { title: "ROLE", value: (member) => roleName(member.role_id) },
    { title: "AND", value: (member) => ownRights(member) },
  ],
};

/** What it may beside its role, and what it may not. */
function ownRights({ grants = [], denies = [] }: Member): string {
  return [...grants, ...denies.map((right) => `not ${right}`)].join(", ");
}

interface RightsOptions {
  readonly role: RoleName;
  readonly grant?: string[];
  readonly deny?: string[];
}

function withRights(command: Command): Command {
  return command
    .option(
      "--grant <resource:action>",
      "may this, too; those given replace those before",
      repeated,
    )
    .option("--deny <resource:action>", "may not do this, whatever the role", repeated);
}

const rightsOf = ({ role, grant, deny }: RightsOptions) => ({
  role_id: roleId(role),
  ...(grant && { grants: grant.filter((right) => right !== NONE) }),
  ...(deny && { denies: deny.filter((right) => right !== NONE) }),
});

/** Given as a right: none. */
const NONE = "none";

interface NewMemberOptions extends RightsOptions {
  readonly group?: boolean;
}

/** Adds `project member`. */
export function addMember(project: Command, cli: Cli): void {
  const member = project.command("member").description("Members of a project, and their roles.");

  const list = withLimit(member.command("list").description("Lists a project's members."))
    .argument("<project>", "its name or id")
    .action(
      action(cli, async (call, name: string, options: ListOptions) => {
        const input = { params: { project_name_or_id: name }, query: listQuery(options) };
        await call.list(call.api.each(routes.members.list, input), memberView, options.limit);
      }),
    );
  withExample(list, "$ entrepot project member list team");

  const add = withRights(member.command("add").description("Makes a user or a group a member."))
    .argument("<project>", "its name or id")
    .argument("<user>")
    .option("--group", "it is a group of a directory")
    .option("--role <role>", ROLE_NAMES, parseRole, "developer")
    .action(
      action(cli, async (call, name: string, user: string, options: NewMemberOptions) => {
        const { role, group } = options;
        const params = { project_name_or_id: name };
        const whom = group
          ? { member_group: { group_name: user } }
          : { member_user: { username: user } };
        const body = { ...rightsOf(options), ...whom };
        await call.api.members.create({ params, body });
        const read = () => memberNamed(call, name, user);
        await call.done(`${user} is ${role} in ${name} now.`, { read, view: memberView });
      }),
    );
  withExample(
    add,
    "$ entrepot project member add team ann --role maintainer\n" +
      "$ entrepot project member add team devs --group",
  );
  addMemberChanges(member, cli);
}

function addMemberChanges(member: Command, cli: Cli): void {
  const update = withRights(
    member
      .command("update")
      .description("Gives a member another role, or rights of its own (`--grant none`: none)."),
  )
    .argument("<project>", "its name or id")
    .argument("<user>")
    .requiredOption("--role <role>", ROLE_NAMES, parseRole)
    .action(
      action(cli, async (call, name: string, user: string, options: RightsOptions) => {
        const { role } = options;
        const { id: mid } = await memberNamed(call, name, user);
        const params = { project_name_or_id: name, mid };
        await call.api.members.update({ params, body: rightsOf(options) });
        const read = () => memberNamed(call, name, user);
        await call.done(`${user} is ${role} in ${name} now.`, { read, view: memberView });
      }),
    );
  withExample(
    update,
    "$ entrepot project member update team ann --role maintainer --deny artifact:delete",
  );

  addRemove(member, cli);
}

function addRemove(member: Command, cli: Cli): void {
  const remove = withYes(member.command("remove").description("Ends a membership."))
    .argument("<project>", "its name or id")
    .argument("<user>")
    .action(
      action(cli, async (call, name: string, user: string, { yes }: { yes?: boolean }) => {
        const { id: mid } = await memberNamed(call, name, user);
        await call.confirm(`Remove ${user} from ${name}?`, yes);
        await call.api.members.delete({ params: { project_name_or_id: name, mid } });
        await call.done(`${user} is no member of ${name} any more.`);
      }),
    );
  withExample(remove, "$ entrepot project member remove team ann");
}
