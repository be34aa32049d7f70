import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { checkPassword } from "../account-rules.ts";
import type { SecretBox } from "../secret-box.ts";
import { newSecret } from "../secrets.ts";

/** What accounts of OpenID Connect log in with where a browser is of no use: docker login. */
export interface CliSecrets {
  /** The secret of account `id`; null if it has none. */
  cliSecret(id: number): Promise<string | null>;

  /**
   * Gives account `id` another one: `secret`, or a new one if that is empty. The one before counts
   * no more at once. Throws PRECONDITION for an account of another kind, BAD_REQUEST for a secret
   * that does not do.
   */
  setCliSecret(id: number, secret: string): Promise<void>;
}

/** The place that a secret is sealed for. */
export function cliSecretContext(accountId: number): string {
  return `cli-secret:${accountId}`;
}

/** The secrets in `catalog`, sealed. They are no names: nothing of them is journalled. */
export function openCliSecrets({ db }: Pick<Catalog, "db">, box: SecretBox): CliSecrets {
  return {
    async cliSecret(id) {
      const account = await db
        .selectFrom("account")
        .select("cli_secret_sealed")
        .where("id", "=", id)
        .executeTakeFirst();
      const sealed = account?.cli_secret_sealed;
      return sealed ? box.open(sealed, cliSecretContext(id)) : null;
    },

    async setCliSecret(id, secret) {
      if (secret !== "") checkPassword("", secret);
      const sealed = box.seal(secret || newSecret(), cliSecretContext(id));
      const { numUpdatedRows } = await db
        .updateTable("account")
        .set({ cli_secret_sealed: sealed })
        .where("id", "=", id)
        .where("source", "=", "oidc")
        .executeTakeFirst();
      if (numUpdatedRows > 0) return;
      throw new RegistryError(
        "PRECONDITION",
        "only accounts of OpenID Connect have a CLI secret; others use their password or a " +
          "personal access token",
      );
    },
  };
}
