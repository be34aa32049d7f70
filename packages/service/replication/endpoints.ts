import { type Actor, batched, type Catalog, type Commit, endpointChange } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import {
  addressOf,
  checkEndpoint,
  type Endpoint,
  endpointOf,
  type EndpointRow,
  type EndpointSettings,
  nameTaken,
  sealedSecrets,
  secretsFor,
  secretsOf,
  valuesOf,
} from "./endpoint-rows.ts";
import { endpointGroup } from "./limit-groups.ts";
import { messageOf } from "./message-of.ts";
import { retryRefused } from "./note-failure.ts";
import type { Connect, EndpointAddress, SecretBox, Site } from "./ports.ts";

/** Registry endpoints: Harbor's `/registries`. */
export interface Endpoints {
  list(): Promise<Endpoint[]>;
  get(id: number): Promise<Endpoint | null>;
  /** Pings first: BAD_REQUEST if it does not answer, CONFLICT for a taken name. Returns its id. */
  create(settings: EndpointSettings, actor: Actor): Promise<number>;
  /** As create; also throws NOT_FOUND. */
  update(id: number, settings: EndpointSettings, actor: Actor): Promise<void>;
  /** False if there was none. Throws PRECONDITION while a policy or a backup uses it. */
  remove(id: number, actor: Actor): Promise<boolean>;
  /** Asks the endpoint now and stores how it is. Throws NOT_FOUND. */
  check(id: number): Promise<Endpoint>;
  /**
   * Tries settings that are not stored. Without a secret that of `id` is used; as in an update, it
   * goes to no new address. Throws why it does not answer.
   */
  ping(settings: EndpointSettings, id?: number): Promise<void>;
  /** The site behind `id`, its connections shared by all who ask. Throws NOT_FOUND. */
  site(id: number): Promise<Site>;
  /** That, and the registry id of the Entrepot behind it, null for another registry. */
  reach(id: number): Promise<Reached>;
  close(): Promise<void>;
}

/** An endpoint, ready to work with. */
export interface Reached {
  readonly site: Site;
  readonly peerId: string | null;
}

/** What the calls share. */
interface Room {
  readonly catalog: Catalog;
  readonly box: SecretBox;
  readonly connect: Connect;
  readonly jobs: Pick<Jobs, "setLimit">;
}

/** The endpoints of `catalog`. Secrets are sealed by `box`, never returned and never journalled. */
export function openEndpoints(room: Room): Endpoints {
  const { catalog, connect } = room;
  const sites = openSites(room);
  return {
    async list() {
      const rows = await catalog.db
        .selectFrom("registry_endpoint")
        .selectAll()
        .orderBy("id")
        .execute();
      return rows.map(endpointOf);
    },

    async get(id) {
      const row = await findRow(catalog, id);
      return row ? endpointOf(row) : null;
    },

    create: (settings, actor) => createEndpoint(room, settings, actor),
    update: (id, settings, actor) => updateEndpoint(room, id, settings, actor),

    async remove(id, actor) {
      const removed = await removeEndpoint(catalog, id, actor);
      await sites.forget(id);
      return removed;
    },

    async check(id) {
      const { site } = await sites.of(id);
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
      if (!after) throw unknown(id);
      return endpointOf(after);
    },

    async ping(settings, id) {
      checkEndpoint(settings);
      const row = id === undefined ? undefined : await findRow(catalog, id);
      const secrets = row ? secretsFor(room.box, settings, row) : givenSecrets(settings);
      await tried(connect, addressOf(settings, secrets));
    },

    site: async (id) => (await sites.of(id)).site,
    reach: (id) => sites.of(id),
    close: () => sites.close(),
  };
}

/** Sites by endpoint, made anew when the endpoint has been changed. */
function openSites({ catalog, box, connect }: Room) {
  const sites = new Map<number, { version: number; site: Site }>();
  // Every task asks for its endpoint: those that begin together ask once.
  const find = batched((ids: number[]) => findRows(catalog, ids), { maxInFlight: 1 });
  return {
    async of(id: number): Promise<Reached> {
      const row = await find(id);
      if (!row) throw unknown(id);
      const { peer_id: peerId } = row;
      const version = row.updated_at.getTime();
      const known = sites.get(id);
      if (known?.version === version) return { site: known.site, peerId };
      const site = connect(addressOf(endpointOf(row), secretsOf(box, row)));
      sites.set(id, { version, site });
      await known?.site.close();
      return { site, peerId };
    },
    async forget(id: number): Promise<void> {
      await sites.get(id)?.site.close();
      sites.delete(id);
    },
    async close(): Promise<void> {
      await Promise.all([...sites.values()].map(({ site }) => site.close()));
      sites.clear();
    },
  };
}

async function createEndpoint(
  { catalog, box, connect, jobs }: Room,
  settings: EndpointSettings,
  actor: Actor,
): Promise<number> {
  checkEndpoint(settings);
  const secrets = givenSecrets(settings);
  const { peerId } = await tried(connect, addressOf(settings, secrets));
  return catalog.commit(actor, async (commit) => {
    const values = { ...valuesOf(settings), status: "healthy" as const, peer_id: peerId };
    const created = await commit.db
      .insertInto("registry_endpoint")
      .values({ ...values, checked_at: new Date() })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!created) throw nameTaken(settings.name);
    // The id is part of what secrets are bound to, so they are sealed once the row has one.
    await commit.db
      .updateTable("registry_endpoint")
      .set(sealedSecrets(box, created.id, secrets))
      .where("id", "=", created.id)
      .execute();
    commit.record(endpointChange(created.name, created));
    await limitEndpoint(jobs, created.id, settings, commit);
    return created.id;
  });
}

async function updateEndpoint(
  { catalog, box, connect, jobs }: Room,
  id: number,
  settings: EndpointSettings,
  actor: Actor,
): Promise<void> {
  checkEndpoint(settings);
  const before = await rowOf(catalog, id);
  const secrets = secretsFor(box, settings, before);
  const { peerId } = await tried(connect, addressOf(settings, secrets));
  await catalog.commit(actor, async (commit) => {
    const twin = await commit.db
      .selectFrom("registry_endpoint")
      .select("id")
      .where("name", "=", settings.name)
      .where("id", "!=", id)
      .executeTakeFirst();
    if (twin) throw nameTaken(settings.name);
    const now = new Date();
    const after = await commit.db
      .updateTable("registry_endpoint")
      .set({ ...valuesOf(settings), ...sealedSecrets(box, id, secrets) })
      .set({ status: "healthy", status_text: "", peer_id: peerId })
      .set({ checked_at: now, updated_at: now })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await retryRefused(commit.db, id);
    if (before.name !== after.name) commit.record(endpointChange(before.name, null));
    commit.record(endpointChange(after.name, after));
    await limitEndpoint(jobs, id, settings, commit);
  });
}

/** The secrets that `settings` give, of what is not stored yet. */
function givenSecrets({ accessSecret = "", proxyPassword = "" }: EndpointSettings) {
  return { accessSecret, proxyPassword };
}

/** As many tasks work with it at a time as its options say, over all nodes. */
async function limitEndpoint(
  jobs: Room["jobs"],
  id: number,
  { options }: EndpointSettings,
  commit: Commit,
): Promise<void> {
  await jobs.setLimit(endpointGroup(id), options.concurrency ?? null, commit.db);
}

async function removeEndpoint(catalog: Catalog, id: number, actor: Actor): Promise<boolean> {
  return catalog.commit(actor, async (commit) => {
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
    const target = await commit.db
      .selectFrom("backup_target")
      .select("name")
      .where("endpoint_id", "=", id)
      .executeTakeFirst();
    if (target) {
      throw new RegistryError(
        "PRECONDITION",
        `endpoint ${id} is used by backup target '${target.name}'; delete the target first`,
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
}

/** Pings `address` with a site of its own. Throws BAD_REQUEST with why it does not answer. */
async function tried(connect: Connect, address: EndpointAddress) {
  const site = connect(address);
  try {
    return await site.ping();
  } catch (cause) {
    const why = messageOf(cause);
    throw new RegistryError("BAD_REQUEST", `${address.url} does not answer as a registry: ${why}`, {
      cause,
    });
  } finally {
    await site.close();
  }
}

async function findRow(catalog: Catalog, id: number): Promise<EndpointRow | undefined> {
  const [row] = await findRows(catalog, [id]);
  return row;
}

async function findRows(
  { db }: Catalog,
  ids: readonly number[],
): Promise<(EndpointRow | undefined)[]> {
  const rows = await db
    .selectFrom("registry_endpoint")
    .selectAll()
    .where((endpoint) => endpoint("id", "=", endpoint.fn.any(sql.val([...new Set(ids)]))))
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

async function rowOf(catalog: Catalog, id: number): Promise<EndpointRow> {
  const row = await findRow(catalog, id);
  if (!row) throw unknown(id);
  return row;
}

function unknown(id: number): RegistryError {
  return new RegistryError("NOT_FOUND", `registry endpoint ${id} does not exist`);
}
