import { randomBytes } from "node:crypto";
import type { Catalog } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { type Descriptor, digestOf } from "@entrepot/oci";
import { type Access, openAccess } from "./access.ts";
import type { Identity } from "./identity.ts";
import { hashPassword } from "./passwords.ts";
import type { Role } from "./roles.ts";
import { openSecretBox, type SecretBox } from "./secret-box.ts";

/** Everybody's password. */
export const PASSWORD = "correct horse";

/** A blob that, in the catalog, is in `closed/app` alone. */
export const BLOB: Descriptor = {
  mediaType: "application/octet-stream",
  digest: digestOf(Buffer.from("a blob")),
  size: 6,
};

const CHEAP = { memory: 8, passes: 1, parallelism: 1 };

/** Who there is: members of `closed` and `open` by role, `root`, and `stranger`. */
export const MEMBERS: Readonly<Record<string, Role>> = {
  padmin: 1,
  maintainer: 4,
  developer: 2,
  guest: 3,
  limited: 5,
};

/** Access over a catalog of its own with projects `open` (public) and `closed`. */
export interface TestAccess {
  readonly access: Access;
  readonly catalog: Catalog;
  readonly box: SecretBox;
  /** Milliseconds since the epoch; moved by the test. */
  readonly time: { now: number };
  /** `username` as one that logged in with Basic. */
  as(username: string): Promise<Identity>;
  /** `username` (anonymous if null) as the holder of a token for `scopes`. */
  holding(username: string | null, ...scopes: string[]): Promise<Identity>;
  close(): Promise<void>;
}

/** Opens it; `close` drops the database. */
export async function testAccess(): Promise<TestAccess> {
  const { catalog, close } = await testCatalog();
  const time = { now: Date.now() };
  const box = openSecretBox(randomBytes(32));
  await populate(catalog);
  const access = await openAccess({ catalog, box, clock: () => time.now });

  return {
    access,
    catalog,
    box,
    time,
    close,
    as: (username) => access.login(username, PASSWORD, "10.0.0.1"),
    async holding(username, ...scopes) {
      const answer = await access.tokenService(tokenRequest(username, scopes), "10.0.0.1");
      const { token } = (await answer.json()) as { token: string };
      return access.authenticate(withAuthorization(`Bearer ${token}`), "10.0.0.1");
    },
  };
}

/** `GET /service/token` as Docker sends it. */
export function tokenRequest(username: string | null, scopes: readonly string[]): Request {
  const url = new URL("http://registry.test/service/token?service=harbor-registry");
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (username === null) return new Request(url);
  return withAuthorization(basic(username, PASSWORD), url.href);
}

/** The Authorization header of Basic. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A request with `authorization`. */
export function withAuthorization(
  authorization: string,
  url = "http://registry.test/v2/",
): Request {
  return new Request(url, { headers: { authorization } });
}

async function populate(catalog: Catalog): Promise<void> {
  const { db } = catalog;
  const password_hash = await hashPassword(PASSWORD, CHEAP);
  const names = ["root", "stranger", ...Object.keys(MEMBERS)];
  const accounts = await db
    .insertInto("account")
    .values(names.map((username) => ({ username, sysadmin: username === "root", password_hash })))
    .returning(["id", "username"])
    .execute();
  const projects = await db
    .insertInto("project")
    .values([
      { name: "open", metadata: JSON.stringify({ public: "true" }) },
      { name: "closed", metadata: JSON.stringify({ public: "false" }) },
    ])
    .returning(["id", "name"])
    .execute();
  const idOf = new Map(accounts.map((account) => [account.username, account.id]));
  await db
    .insertInto("member")
    .values(
      projects.flatMap((project) =>
        Object.entries(MEMBERS).map(([username, role]) => ({
          project_id: project.id,
          account_id: idOf.get(username) ?? 0,
          role,
        })),
      ),
    )
    .execute();
  await db
    .insertInto("repository")
    .values(projects.map(({ id, name }) => ({ project_id: id, name: `${name}/app` })))
    .execute();
  const closed = projects.find(({ name }) => name === "closed");
  await db
    .insertInto("repository_blob")
    .values({
      repository: "closed/app",
      digest: BLOB.digest,
      size: BLOB.size,
      project_id: closed?.id ?? 0,
    })
    .execute();
}
