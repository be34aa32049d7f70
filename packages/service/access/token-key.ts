import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
} from "jose";
import type { SecretBox } from "./secret-box.ts";

/** The key pair that signs registry tokens (ES256). */
export interface TokenKey {
  /** The key's thumbprint. Source: RFC 7638. */
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

const SETTING = "token_key";
const CONTEXT = `setting:${SETTING}`;

/**
 * The registry's token key, the same on every node; made at the first start, its private part
 * sealed by `box`. Nodes that start together end with one key. Throws INTEGRITY if it was sealed
 * with another master key.
 */
export async function loadTokenKey(catalog: Catalog, box: SecretBox): Promise<TokenKey> {
  const sealed = (await readSealed(catalog)) ?? (await create(catalog, box));
  const privateJwk = JSON.parse(box.open(Buffer.from(sealed, "base64"), CONTEXT));
  const { d: _secret, ...publicJwk } = privateJwk;
  return {
    kid: await calculateJwkThumbprint(publicJwk),
    privateKey: await importKey(privateJwk),
    publicKey: await importKey(publicJwk),
  };
}

async function readSealed(catalog: Catalog): Promise<string | null> {
  const row = await catalog.db
    .selectFrom("setting")
    .select("value")
    .where("key", "=", SETTING)
    .executeTakeFirst();
  if (!row) return null;
  const value = row.value as { sealed?: unknown } | null;
  if (typeof value?.sealed === "string") return value.sealed;
  throw new RegistryError(
    "INTEGRITY",
    `setting ${SETTING} is unreadable; delete it and restart: a new key is made, tokens expire`,
  );
}

/** Not a name and full of secrets: no journal entry. Whoever comes second takes the first's. */
async function create(catalog: Catalog, box: SecretBox): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = JSON.stringify(await exportJWK(privateKey));
  const value = JSON.stringify({ sealed: box.seal(jwk, CONTEXT).toString("base64") });
  await catalog.transaction((db) =>
    db
      .insertInto("setting")
      .values({ key: SETTING, value })
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
  const sealed = await readSealed(catalog);
  if (sealed === null)
    throw new RegistryError("CONFLICT", `setting ${SETTING} was deleted meanwhile`);
  return sealed;
}

async function importKey(jwk: Record<string, unknown>): Promise<CryptoKey> {
  return (await importJWK(jwk, "ES256")) as CryptoKey;
}
