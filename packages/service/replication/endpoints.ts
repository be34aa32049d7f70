import { type Actor, type Catalog, type Database, endpointChange } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Selectable } from "kysely";
import type { Connect, EndpointAddress, SecretBox, Site } from "./ports.ts";

/** What can be said of an endpoint; `accessSecret` undefined in an update keeps the sealed one. */
export interface EndpointSettings {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly url: string;
  readonly credentialType: string;
  readonly accessKey: string;
  readonly accessSecret?: string | undefined;
  readonly insecure: boolean;
  readonly caCertificate: string;
}

/** A stored endpoint. Its secret is not part of it. */
export interface Endpoint extends Omit<EndpointSettings, "accessSecret"> {
  readonly id: number;
  readonly hasSecret: boolean;
  readonly status: "healthy" | "unhealthy";
  /** Why it is unhealthy. */
  readonly statusText: string;
  /** The other Entrepot's registry id, where it is one and has been reached. */
  readonly peerId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Registry endpoints: Harbor's `/registries`. */
export interface Endpoints {
  list(): Promise<Endpoint[]>;
  get(id: number): Promise<Endpoint | null>;
  /** Pings first: BAD_REQUEST if it does not answer, CONFLICT for a taken name. Returns its id. */
  create(settings: EndpointSettings, actor: Actor): Promise<number>;
  /** As create; also throws NOT_FOUND. */
  update(id: number, settings: EndpointSettings, actor: Actor): Promise<void>;
  /** False if there was none. Throws PRECONDITION while a policy uses it. */
  remove(id: number, actor: Actor): Promise<boolean>;
  /** Asks the endpoint now and stores how it is. Throws NOT_FOUND. */
  check(id: number): Promise<Endpoint>;
  /** Tries settings that are not stored; those of `id` fill in what is absent. Throws why not. */
  ping(settings: EndpointSettings): Promise<void>;
  /** The site behind `id`, its connections shared by all who ask. Throws NOT_FOUND. */
  site(id: number): Promise<Site>;
  close(): Promise<void>;
}

type Row = Selectable<Database["registry_endpoint"]>;

/** The types of registries that can be told of. */
export const ENDPOINT_TYPES = ["harbor", "docker-registry"] as const;

/** The endpoints of `catalog`. Secrets are sealed by `box`, never returned and never journalled. */
export function openEndpoints(catalog: Catalog, box: SecretBox, connect: Connect): Endpoints {
  const sites = new Map<number, { version: number; site: Site }>();

  const row = async (id: number): Promise<Row> => {
    const found = await catalog.db
      .selectFrom("registry_endpoint")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    if (!found) throw new RegistryError("NOT_FOUND", `registry endpoint ${id} does not exist`);
    return found;
  };

  const tried = async (address: EndpointAddress): Promise<{ peerId: string | null }> => {
    const site = connect(address);
    try {
      return await site.ping();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new RegistryError(
        "BAD_REQUEST",
        `${address.url} does not answer as a registry: ${why}`,
        {
          cause: error,
        },
      );
    } finally {
      await site.close();
    }
  };

  const endpoints: Endpoints = {
    async list() {
      const rows = await catalog.db
        .selectFrom("registry_endpoint")
        .selectAll()
        .orderBy("id")
        .execute();
      return rows.map(endpointOf);
    },

    async get(id) {
      const found = await catalog.db
        .selectFrom("registry_endpoint")
        .selectAll()
        .where("id", "=", id)
        .executeTakeFirst();
      return found ? endpointOf(found) : null;
    },

    async create(settings, actor) {
      check(settings);
      const { peerId } = await tried(addressOf(settings, settings.accessSecret ?? ""));
      return catalog.commit(actor, async (commit) => {
        const values = { ...valuesOf(settings), status: "healthy" as const, peer_id: peerId };
        const created = await commit.db
          .insertInto("registry_endpoint")
          .values({ ...values, checked_at: new Date() })
          .onConflict((conflict) => conflict.column("name").doNothing())
          .returningAll()
          .executeTakeFirst();
        if (!created) throw nameTaken(settings.name);
        // The id is part of what the secret is bound to, so it is sealed once the row has one.
        const sealed = sealedSecret(box, created.id, settings.accessSecret);
        await commit.db
          .updateTable("registry_endpoint")
          .set({ access_secret_sealed: sealed })
          .where("id", "=", created.id)
          .execute();
        commit.record(endpointChange(created.name, created));
        return created.id;
      });
    },

    async update(id, settings, actor) {
      check(settings);
      const before = await row(id);
      const moved = before.url !== settings.url;
      if (moved && settings.accessSecret === undefined && before.access_secret_sealed) {
        throw new RegistryError(
          "BAD_REQUEST",
          "give access_secret again when the URL changes: a stored secret goes to no new address",
        );
      }
      const secret = settings.accessSecret ?? secretOf(box, before);
      const { peerId } = await tried(addressOf(settings, secret));
      await catalog.commit(actor, async (commit) => {
        const twin = await commit.db
          .selectFrom("registry_endpoint")
          .select("id")
          .where("name", "=", settings.name)
          .where("id", "!=", id)
          .executeTakeFirst();
        if (twin) throw nameTaken(settings.name);
        const after = await commit.db
          .updateTable("registry_endpoint")
          .set({
            ...valuesOf(settings),
            access_secret_sealed: sealedSecret(box, id, secret),
            status: "healthy",
            status_text: "",
            peer_id: peerId,
            checked_at: new Date(),
            updated_at: new Date(),
          })
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirstOrThrow();
        if (before.name !== after.name) {
          commit.record(endpointChange(before.name, null));
        }
        commit.record(endpointChange(after.name, after));
      });
    },

    async remove(id, actor) {
      const removed = await catalog.commit(actor, async (commit) => {
        const user = await commit.db
          .selectFrom("replication_policy")
          .select("name")
          .where((where) =>
            where.or([where("dest_endpoint_id", "=", id), where("src_endpoint_id", "=", id)]),
          )
          .executeTakeFirst();
        if (user) {
          throw new RegistryError(
            "PRECONDITION",
            `endpoint ${id} is used by replication policy '${user.name}'; delete the policy first`,
          );
        }
        const deleted = await commit.db
          .deleteFrom("registry_endpoint")
          .where("id", "=", id)
          .returning("name")
          .executeTakeFirst();
        if (deleted) commit.record(endpointChange(deleted.name, null));
        return deleted !== undefined;
      });
      await sites.get(id)?.site.close();
      sites.delete(id);
      return removed;
    },

    async check(id) {
      const site = await endpoints.site(id);
      const result = await site.ping().then(
        ({ peerId }) => ({ status: "healthy" as const, status_text: "", peer_id: peerId }),
        (error: unknown) => ({ status: "unhealthy" as const, status_text: messageOf(error) }),
      );
      const after = await catalog.db
        .updateTable("registry_endpoint")
        .set({ ...result, checked_at: new Date() })
        .where("id", "=", id)
        .returningAll()
        .executeTakeFirst();
      if (!after) throw new RegistryError("NOT_FOUND", `registry endpoint ${id} does not exist`);
      return endpointOf(after);
    },

    async ping(settings) {
      check(settings);
      await tried(addressOf(settings, settings.accessSecret ?? ""));
    },

    async site(id) {
      const stored = await row(id);
      const version = stored.updated_at.getTime();
      const known = sites.get(id);
      if (known?.version === version) return known.site;
      const site = connect(addressOf(settingsOf(stored), secretOf(box, stored)));
      sites.set(id, { version, site });
      await known?.site.close();
      return site;
    },

    async close() {
      await Promise.all([...sites.values()].map(({ site }) => site.close()));
      sites.clear();
    },
  };
  return endpoints;
}

function check(settings: EndpointSettings): void {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  if (settings.name.trim() === "" || settings.name.length > 64) {
    throw wrong("a registry endpoint needs a name of 1 to 64 characters");
  }
  if (!ENDPOINT_TYPES.some((type) => type === settings.type)) {
    const known = ENDPOINT_TYPES.join(", ");
    throw wrong(`endpoint type ${JSON.stringify(settings.type)} is not known; choose ${known}`);
  }
  const url = URL.parse(settings.url);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw wrong(`url ${JSON.stringify(settings.url)} is not an http:// or https:// address`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw wrong("an endpoint's url holds no user name, query or fragment; use the credential");
  }
}

const contextOf = (id: number): string => `endpoint:${id}`;

function sealedSecret(box: SecretBox, id: number, secret: string | undefined): Buffer | null {
  return secret ? box.seal(secret, contextOf(id)) : null;
}

function secretOf(box: SecretBox, row: Row): string {
  return row.access_secret_sealed ? box.open(row.access_secret_sealed, contextOf(row.id)) : "";
}

function addressOf(settings: EndpointSettings, accessSecret: string): EndpointAddress {
  const { type, accessKey, insecure, caCertificate } = settings;
  const url = settings.url.replace(/\/+$/, "");
  return { type, url, accessKey, accessSecret, insecure, caCertificate };
}

function settingsOf(row: Row): EndpointSettings {
  const { accessSecret: _, ...settings } = { accessSecret: undefined, ...endpointOf(row) };
  return settings;
}

function valuesOf(settings: EndpointSettings) {
  return {
    name: settings.name,
    description: settings.description,
    type: settings.type,
    url: settings.url.replace(/\/+$/, ""),
    credential_type: settings.credentialType,
    access_key: settings.accessKey,
    insecure: settings.insecure,
    ca_certificate: settings.caCertificate,
  };
}

function endpointOf(row: Row): Endpoint {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    type: row.type,
    url: row.url,
    credentialType: row.credential_type,
    accessKey: row.access_key,
    hasSecret: row.access_secret_sealed !== null,
    insecure: row.insecure,
    caCertificate: row.ca_certificate,
    status: row.status as Endpoint["status"],
    statusText: row.status_text,
    peerId: row.peer_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function nameTaken(name: string): RegistryError {
  return new RegistryError("CONFLICT", `a registry endpoint named '${name}' exists`);
}

/** What went wrong, in words; the cause of a cause included where it adds something. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
