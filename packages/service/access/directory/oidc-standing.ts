import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import type { SecretBox } from "../secret-box.ts";
import { vouchedAccount } from "./directory-accounts.ts";
import type { Oidc } from "./oidc.ts";

/** What an OpenID Connect provider says of accounts while nobody signs in. */
export interface OidcStandings {
  /**
   * Notes that the provider vouches for the account now, and what it is asked with from now on;
   * null keeps what there is.
   */
  vouchedFor(accountId: number, refreshToken: string | null): Promise<void>;

  /**
   * Whether the provider still lets the person in: as it said within the last five minutes, for all
   * nodes together, or as it is asked now. Its sessions end when it does not. Where the provider
   * gave nothing to ask with, true; where it cannot be asked, what it said before, for a day.
   */
  isPresent(account: { readonly id: number; readonly externalId: string }): Promise<boolean>;
}

/** What they are opened with. */
export interface OidcStandingOptions {
  readonly catalog: Catalog;
  readonly box: SecretBox;
  readonly oidc: Pick<Oidc, "refresh">;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

/** The provider is asked about an account at most so often. */
const ASKED_EVERY_MS = 5 * 60_000;
/** Where it could not be asked, it is asked again so soon. */
const AGAIN_MS = 30_000;
/** What it said last holds so long from when it could first not be asked. */
const HELD_MS = 24 * 3_600_000;

interface Row {
  readonly token: Buffer | null;
  readonly refused: boolean;
  readonly askAt: Date;
  readonly unknownSince: Date | null;
}

/** The standings in `catalog`, refresh tokens sealed. */
export function openOidcStandings(options: OidcStandingOptions): OidcStandings {
  const { catalog, box, clock } = options;

  return {
    async vouchedFor(accountId, refreshToken) {
      const sealed = refreshToken === null ? null : box.seal(refreshToken, contextOf(accountId));
      const ask_at = new Date(clock() + ASKED_EVERY_MS);
      await catalog.db
        .insertInto("oidc_standing")
        .values({ account_id: accountId, refresh_token_sealed: sealed, is_refused: false, ask_at })
        .onConflict((conflict) =>
          conflict.column("account_id").doUpdateSet({
            ...(sealed && { refresh_token_sealed: sealed }),
            is_refused: false,
            ask_at,
            unknown_since: null,
          }),
        )
        .execute();
    },

    async isPresent({ id, externalId }) {
      const row = await read(catalog.db, id);
      if (!row) return true;
      if (row.refused) return false;
      const now = clock();
      const held = row.unknownSince === null || now - row.unknownSince.getTime() < HELD_MS;
      if (row.token === null || row.askAt.getTime() > now) return held;
      if (!(await claim(catalog.db, id, row.askAt, new Date(now + ASKED_EVERY_MS)))) return held;
      return ask(options, { id, externalId }, row.token, row.unknownSince);
    },
  };
}

function contextOf(accountId: number): string {
  return `oidc-refresh-token:${accountId}`;
}

async function read(db: Catalog["db"], id: number): Promise<Row | undefined> {
  return db
    .selectFrom("oidc_standing")
    .select(["refresh_token_sealed as token", "is_refused as refused"])
    .select(["ask_at as askAt", "unknown_since as unknownSince"])
    .where("account_id", "=", id)
    .executeTakeFirst();
}

/** Whether this call is the one that asks: many providers take a refresh token only once. */
async function claim(db: Catalog["db"], id: number, askAt: Date, next: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("oidc_standing")
    .set({ ask_at: next })
    .where("account_id", "=", id)
    .where("ask_at", "=", askAt)
    .executeTakeFirst();
  return numUpdatedRows > 0;
}

async function ask(
  { catalog, box, oidc, clock, onError }: OidcStandingOptions,
  { id, externalId }: { readonly id: number; readonly externalId: string },
  token: Buffer,
  unknownSince: Date | null,
): Promise<boolean> {
  // Unless the person has signed in anew meanwhile, with another token.
  const own = catalog.db
    .updateTable("oidc_standing")
    .where("account_id", "=", id)
    .where("refresh_token_sealed", "=", token);
  try {
    const answer = await oidc.refresh(box.open(token, contextOf(id)), externalId);
    if (answer === null) {
      await refuse(catalog, id, token);
      onError(new RegistryError("UNAUTHORIZED", `the provider lets account ${id} in no more`));
      return false;
    }
    const { vouched, refreshToken } = answer;
    const sealed = refreshToken === null ? token : box.seal(refreshToken, contextOf(id));
    await own.set({ refresh_token_sealed: sealed, unknown_since: null }).execute();
    if (vouched) await vouchedAccount(catalog, vouched);
    return true;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    onError(error);
    const since = unknownSince ?? new Date(clock());
    const ask_at = new Date(clock() + AGAIN_MS);
    await own.set({ unknown_since: since, ask_at }).execute();
    return clock() - since.getTime() < HELD_MS;
  }
}

/** Notes that the provider refuses what it was asked with, and ends sessions. */
async function refuse(catalog: Catalog, id: number, token: Buffer): Promise<void> {
  await sql`
    WITH refused AS (
      UPDATE oidc_standing SET is_refused = true, refresh_token_sealed = NULL
      WHERE account_id = ${id} AND refresh_token_sealed = ${token} RETURNING account_id
    )
    DELETE FROM session USING refused WHERE session.account_id = refused.account_id`.execute(
    catalog.db,
  );
}
