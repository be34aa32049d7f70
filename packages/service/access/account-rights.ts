import { type Actor, type Catalog, accountChange } from "@entrepot/catalog";
import { sql } from "kysely";
import { unknownAccount } from "./account-rows.ts";
import { askable } from "./account-rules.ts";
import { ALL_SYSTEM_RIGHTS, spelledOut } from "./system-rights.ts";

/** Accounts' rights in the whole registry. */
export interface AccountRights {
  /**
   * Gives account `username` these rights in the whole registry and no others; `resource:*` is all
   * of a resource. Repeating changes nothing. Returns them as stored. Throws NOT_FOUND, BAD_REQUEST
   * for a right that there is not.
   */
  setSystemRights(actor: Actor, username: string, rights: readonly string[]): Promise<string[]>;
}

/** The rights of the accounts in `catalog`. */
export function openAccountRights(catalog: Catalog): AccountRights {
  return {
    async setSystemRights(actor, username, asked) {
      const rights = spelledOut(asked, ALL_SYSTEM_RIGHTS);
      await catalog.commit(actor, async ({ db, record }) => {
        const before = await db
          .selectFrom("account")
          .select("rights")
          .where("username", "=", askable(username))
          .forUpdate()
          .executeTakeFirst();
        if (!before) throw unknownAccount(username);
        if (before.rights.join() === rights.join()) return;
        const row = await db
          .updateTable("account")
          .set({ rights, updated_at: sql<Date>`now()` })
          .where("username", "=", askable(username))
          .returningAll()
          .executeTakeFirstOrThrow();
        record(accountChange(username, row));
      });
      return rights;
    },
  };
}
