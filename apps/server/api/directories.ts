import { ownAccount } from "@entrepot/access";
import { routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { type ApiOptions, type App, needing } from "./app.ts";
import { requireOwn, userOf } from "./users.ts";

const { ldap, oidc } = routes;

/** Adds what is asked of directories, and what accounts of theirs have instead of a password. */
export function addDirectories(app: App, options: ApiOptions): void {
  const { directories } = options.access;

  app.openapi(needing(options, ldap.ping), async (context) => {
    const given = context.req.valid("json") ?? {};
    try {
      await directories.pingLdap(given);
      return context.json({ success: true, message: "" }, 200);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "UNAVAILABLE") throw error;
      return context.json({ success: false, message: error.message }, 200);
    }
  });

  app.openapi(needing(options, ldap.users), async (context) => {
    const people = await directories.ldapPeople(context.req.valid("query").username);
    return context.json(
      people.map(({ username, realname, email }) => ({ username, realname, email })),
      200,
    );
  });

  app.openapi(needing(options, ldap.import), async (context) => {
    const failed = await directories.importLdap(context.req.valid("json").ldap_uid_list);
    if (failed.length === 0) return context.body(null, 200);
    return context.json(
      failed.map(({ username: uid, error }) => ({ uid, error })),
      404,
    );
  });

  app.openapi(needing(options, ldap.groups), async (context) => {
    const { groupname: name, groupdn: dn } = context.req.valid("query");
    const groups = await directories.ldapGroups({ name, dn });
    const shown = groups.map((group) => ({
      id: 0,
      group_name: group.name,
      group_type: 1,
      ldap_group_dn: group.dn,
    }));
    return context.json(shown, 200);
  });

  app.openapi(needing(options, oidc.ping), async (context) => {
    const { url, verify_cert: verifyCert } = context.req.valid("json");
    try {
      await directories.oidc.ping(url, verifyCert);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "UNAVAILABLE") throw error;
      throw new RegistryError("BAD_REQUEST", error.message, { cause: error });
    }
    return context.body(null, 200);
  });

  app.openapi(needing(options, oidc.cliSecret), async (context) => {
    const { user_id: id } = context.req.valid("param");
    const identity = context.get("identity");
    requireOwn(identity, id);
    // Whoever has a token only must not make what outlives it.
    ownAccount(identity);
    await userOf(options, id);
    await directories.setCliSecret(id, context.req.valid("json").secret);
    return context.body(null, 200);
  });
}
