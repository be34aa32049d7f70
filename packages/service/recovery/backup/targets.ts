import type { Actor, Catalog, Database } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { type Kysely, type Selectable, sql } from "kysely";
import { encryptedFor } from "./encryption.ts";
import { checkedScope } from "./within-scope.ts";

/** Whose executions backups are. */
export const BACKUP = "BACKUP";

/** Whose executions trial restores are. */
export const DRILL = "DRILL";

/** What may be set beyond where and when. */
export interface TargetOptions {
  /** Whom it is encrypted for (age); empty: nobody. Stays as it was made. */
  readonly recipients: readonly string[];
  /** Only these projects and repositories, sorted; none: everything. Stays as it was made. */
  readonly scope?: readonly string[] | undefined;
  /** 0: no limit. */
  readonly bytesPerSecond: number;
  /** After so many days a run begins with a new snapshot. */
  readonly snapshotEveryDays: number;
  /** The newest so many snapshots stay when a run prunes; null: all. */
  readonly keepLast: number | null;
  /** Those of the last so many days stay as well. */
  readonly keepDays: number | null;
  /** When to try a restore, six fields; empty or absent: by hand only. */
  readonly drillCron?: string | undefined;
}

/** What a target is made with. */
export interface TargetSettings extends TargetOptions {
  readonly name: string;
  readonly description: string;
  readonly address: string;
  readonly enabled: boolean;
  /** Six fields; empty: by hand only. */
  readonly cron: string;
  readonly timeZone: string;
  readonly continuous: boolean;
}

/** How far a target has come. */
export interface Tip {
  readonly snapshot: string;
  readonly n: number;
  readonly seq: number;
  readonly at: string;
}

/** A place where backups go. */
export interface BackupTarget extends TargetSettings {
  readonly id: number;
  readonly scope: readonly string[];
  /** The newest backup in it; null: none yet. */
  readonly tip: Tip | null;
  /** Since when the oldest change waits that is not in it; null: none does. */
  readonly behindSince: Date | null;
  readonly lastError: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Stored targets. */
export interface Targets {
  list(): Promise<BackupTarget[]>;
  /** Throws NOT_FOUND. */
  get(id: number): Promise<BackupTarget>;
  /** Throws BAD_REQUEST for what is malformed, CONFLICT for a name that there is. */
  create(settings: TargetSettings): Promise<number>;
  /** Where it is and for whom it is encrypted stays. Throws as `create`, and NOT_FOUND. */
  update(id: number, settings: TargetSettings): Promise<void>;
  /** What lies there stays. False if there is none. */
  remove(id: number): Promise<boolean>;
}

/** Who keeps history for a target, in `history_hold`. */
export const holderOf = (id: number): string => `backup:${id}`;

/** An address as it is kept: of a registry without its endpoint's name, which may change. */
export interface KeptAddress {
  readonly address: string;
  readonly endpointId: number | null;
}

/** Throws for an address that may not be used. */
export type CheckAddress = (address: string) => Promise<KeptAddress>;

/** Whether something here opens what is encrypted for `recipients`, when a drill tries it. */
export type CanDrill = (recipients: readonly string[]) => boolean;

/** The targets in `catalog`. A drill that could only fail is refused with PRECONDITION. */
export function openTargets(
  catalog: Catalog,
  jobs: Pick<Jobs, "schedule">,
  check: CheckAddress,
  canDrill: CanDrill = () => true,
): Targets {
  const read = (id?: number) => readTargets(catalog, id);
  const schedule = schedulerOf(jobs);
  const mayDrill = ({ drillCron = "", recipients }: TargetOptions) =>
    drillCron === "" || canDrill(recipients);

  return {
    list: () => read(),
    async get(id) {
      const [target] = await read(id);
      if (target) return target;
      throw new RegistryError("NOT_FOUND", `there is no backup target ${id}`);
    },
    async create(settings) {
      checkSettings(settings);
      if (!mayDrill(settings)) throw withoutKey(settings.name);
      const { address, endpointId } = await check(settings.address);
      return await catalog.transaction(async (db) => {
        const row = await db
          .insertInto("backup_target")
          .values({ ...rowOf(settings), address, endpoint_id: endpointId })
          .onConflict((conflict) => conflict.doNothing())
          .returning("id")
          .executeTakeFirst();
        if (!row) throw taken(settings.name);
        await schedule(row.id, settings, db);
        return row.id;
      });
    },
    async update(id, settings) {
      checkSettings(settings);
      const [before] = await read(id);
      if (!before) throw new RegistryError("NOT_FOUND", `there is no backup target ${id}`);
      const { recipients, scope } = before;
      const fixed = { ...settings, recipients, scope };
      // One that was scheduled while there was a key keeps nobody from changing the rest.
      const isNew = (settings.drillCron ?? "") !== (before.drillCron ?? "");
      if (isNew && !mayDrill(fixed)) throw withoutKey(settings.name);
      const other = (await read()).some((one) => one.id !== id && one.name === settings.name);
      if (other) throw taken(settings.name);
      await catalog.transaction(async (db) => {
        const row = { ...rowOf(fixed), updated_at: catalog.now() };
        await db.updateTable("backup_target").set(row).where("id", "=", id).execute();
        await schedule(id, settings, db);
      });
    },
    remove: (id) =>
      catalog.transaction(async (db) => {
        await db.deleteFrom("history_hold").where("holder", "=", holderOf(id)).execute();
        for (const vendor of [BACKUP, DRILL]) {
          await jobs.schedule({ vendor, vendorId: id, cron: null }, db);
        }
        const row = await db
          .deleteFrom("backup_target")
          .where("id", "=", id)
          .returning("id")
          .executeTakeFirst();
        return row !== undefined;
      }),
  };
}

/** All of them, or the one of this id, if there is one. */
async function readTargets({ db }: Pick<Catalog, "db">, id?: number): Promise<BackupTarget[]> {
  const { rows } = await sql<TargetRow>`
    SELECT t.*, e.name AS endpoint,
      (SELECT at FROM journal WHERE seq > coalesce((t.tip ->> 'seq')::bigint, 0)
        ORDER BY seq LIMIT 1) AS behind_since
    FROM backup_target t LEFT JOIN registry_endpoint e ON e.id = t.endpoint_id
    WHERE ${id ?? null}::integer IS NULL OR t.id = ${id ?? null} ORDER BY t.id
  `.execute(db);
  return rows.map(targetOf);
}

type Db = Kysely<Database>;

/** Sets when a target is backed up and when it is tried. */
function schedulerOf(jobs: Pick<Jobs, "schedule">) {
  return async (id: number, settings: TargetSettings, db: Db): Promise<void> => {
    const { enabled, cron, drillCron = "", timeZone } = settings;
    for (const [vendor, given] of [
      [BACKUP, cron],
      [DRILL, drillCron],
    ] as const) {
      const due = enabled && given !== "" ? given : null;
      await jobs.schedule({ vendor, vendorId: id, cron: due, timeZone }, db as never);
    }
  };
}

function rowOf(settings: TargetSettings) {
  const { recipients, bytesPerSecond, snapshotEveryDays, keepLast, keepDays, drillCron } = settings;
  const options = {
    recipients,
    scope: checkedScope(settings.scope ?? []),
    bytesPerSecond,
    snapshotEveryDays,
    keepLast,
    keepDays,
    drillCron,
  };
  return {
    name: settings.name,
    description: settings.description,
    enabled: settings.enabled,
    cron: settings.cron,
    time_zone: settings.timeZone,
    continuous: settings.continuous,
    options: JSON.stringify(options),
  };
}

type TargetRow = Selectable<Database["backup_target"]> & {
  readonly behind_since: Date | null;
  readonly endpoint: string | null;
};

function targetOf(row: TargetRow): BackupTarget {
  const options = row.options as unknown as TargetOptions;
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    address:
      row.endpoint === null
        ? row.address
        : row.address.replace(/^registry:/, (kind) => `${kind}${row.endpoint}/`),
    enabled: row.enabled,
    cron: row.cron,
    timeZone: row.time_zone,
    continuous: row.continuous,
    ...options,
    // Those of before there were any are of everything.
    scope: options.scope ?? [],
    tip: row.tip as Tip | null,
    behindSince: row.behind_since,
    lastError: row.last_error,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function checkSettings(settings: TargetSettings): void {
  const { name, recipients, scope = [], drillCron = "" } = settings;
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(name)) {
    const message = `'${name}' is no name: use lower-case letters, digits, '.', '_' and '-'`;
    throw new RegistryError("BAD_REQUEST", message);
  }
  encryptedFor(recipients);
  if (checkedScope(scope).length > 0 && drillCron !== "") {
    const message =
      "a drill opens a whole registry: it cannot try a backup of single projects or " +
      "repositories; leave its schedule out";
    throw new RegistryError("BAD_REQUEST", message);
  }
}

/** PRECONDITION: what to do where a drill of target `name` could not read it. */
export function withoutKey(name: string): RegistryError {
  const message =
    `${name} is encrypted, and nothing here opens it for a drill; name the key's file ` +
    "in ENTREPOT_DRILL_KEY_FILE, or drill elsewhere with 'entrepot restore --new-id'";
  return new RegistryError("PRECONDITION", message);
}

function taken(name: string): RegistryError {
  return new RegistryError("CONFLICT", `there is a backup target '${name}' already`);
}

/** For the journal and logs: on whose behalf backups run by themselves. */
export const SYSTEM: Actor = { name: "system:backup", cause: "backup" };
