import { ACTOR, type Prepare, someone, unused } from "./rights-preparations.ts";

const aGroup: Prepare = async ({ access }) => ({
  params: { group_id: await access.groups.createGroup(ACTOR, { name: unused(), type: 3 }) },
});

/** What the routes of directories and their groups need. There is no directory: it says so. */
export const DIRECTORY_CALLS: Readonly<Record<string, Prepare>> = {
  "userGroups.create": () => ({ body: { group_name: unused(), group_type: 3 } }),
  "userGroups.get": aGroup,
  "userGroups.update": async (...at) => ({
    ...(await aGroup(...at)),
    body: { group_name: unused() },
  }),
  "userGroups.delete": aGroup,
  "ldap.ping": () => ({ body: {} }),
  "ldap.import": () => ({ body: { ldap_uid_list: ["ann"] } }),
  "oidc.ping": () => ({ body: { url: "http://127.0.0.1:1" } }),
  // A local account, which has none.
  "oidc.cliSecret": async (server) => ({ ...(await someone(server)), body: {} }),
};
