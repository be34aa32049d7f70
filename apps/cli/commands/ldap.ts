import type { LdapUser, UserGroup } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { withExample } from "../options.ts";
import type { View } from "../output.ts";

const personView: View<LdapUser> = {
  name: (person) => person.username,
  columns: () => [
    { title: "NAME", value: (person) => person.username },
    { title: "FULL NAME", value: (person) => person.realname },
    { title: "EMAIL", value: (person) => person.email },
  ],
};

const groupView: View<UserGroup> = {
  name: (group) => group.group_name,
  columns: () => [
    { title: "NAME", value: (group) => group.group_name },
    { title: "DN", value: (group) => group.ldap_group_dn },
  ],
};

const MOST = 100;

/** Adds `ldap`. */
export function addLdap(program: Command, cli: Cli): void {
  const ldap = program.command("ldap").description("The directory that the settings tell of.");

  const ping = ldap
    .command("ping")
    .description("Tries the directory out, and says what is wrong.")
    .action(
      action(cli, async (call) => {
        const { body } = await call.api.ldap.ping({ body: {} });
        if (!body.success) throw new RegistryError("UNAVAILABLE", body.message);
        await call.done("The directory answers.");
      }),
    );
  withExample(ping, "$ entrepot ldap ping");

  const search = ldap
    .command("search")
    .description("Finds people whose name begins so, or groups that have it in theirs.")
    .argument("[name]", "all if absent", "")
    .option("--groups", "groups instead of people")
    .action(
      action(cli, async (call, name: string, { groups }: { groups?: boolean }) => {
        if (groups) {
          const { body } = await call.api.ldap.groups({ query: { groupname: name } });
          await call.list(eachOf(body), groupView, MOST);
          return;
        }
        const { body } = await call.api.ldap.users({ query: { username: name } });
        await call.list(eachOf(body), personView, MOST);
      }),
    );
  withExample(search, "$ entrepot ldap search an");

  const importing = ldap
    .command("import")
    .description("Makes accounts of people before they log in.")
    .argument("<name...>")
    .action(
      action(cli, async (call, names: string[]) => {
        await call.api.ldap.import({ body: { ldap_uid_list: names } });
        await call.done(`Imported ${names.join(", ")}.`);
      }),
    );
  withExample(importing, "$ entrepot ldap import ann ben");
}

async function* eachOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
