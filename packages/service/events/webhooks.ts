import {
  type Actor,
  type Catalog,
  type Commit,
  type Database,
  webhookChange,
} from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Selectable, Transaction } from "kysely";
import { EVENT_TYPES, type EventType } from "./hook-event.ts";
import type { PayloadFormat } from "./payload.ts";
import type { SecretBox } from "./ports.ts";

/** The vendor under which deliveries are run. */
export const WEBHOOK = "WEBHOOK";

/** The formats a payload can have. */
export const PAYLOAD_FORMATS: readonly PayloadFormat[] = ["Default", "CloudEvents"];

/** Deliveries to one webhook at a time, over all nodes: a slow one holds up no other. */
export const AT_ONCE = 4;

/** What can be said of a webhook. Of the secrets, undefined keeps what is there, "" removes it. */
export interface WebhookSettings {
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly eventTypes: readonly EventType[];
  readonly address: string;
  readonly format: PayloadFormat;
  /** What the Authorization header says. */
  readonly authHeader?: string | undefined;
  /** Signs each delivery. */
  readonly secret?: string | undefined;
  readonly skipCertVerify: boolean;
  /** Of REPLICATION: tell only of these ends. */
  readonly outcome: "all" | "failed" | "succeeded";
  /** Of REPLICATION_LAG: tell when a target is further behind, in seconds. */
  readonly lagSeconds: number;
}

/** A stored webhook. Its secrets are not part of it. */
export interface Webhook extends Omit<WebhookSettings, "authHeader" | "secret"> {
  readonly id: number;
  /** Null: the system's, told of all projects. */
  readonly projectId: number | null;
  readonly hasAuthHeader: boolean;
  readonly hasSecret: boolean;
  readonly creator: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Webhooks of a project (by id), or of the system (null). Every change is journalled. */
export interface Webhooks {
  list(projectId: number | null): Promise<Webhook[]>;
  get(projectId: number | null, id: number): Promise<Webhook | null>;
  /** Returns its id. Throws BAD_REQUEST, and CONFLICT for a taken name. */
  create(actor: Actor, projectId: number | null, settings: WebhookSettings): Promise<number>;
  /** As create, or throws NOT_FOUND. */
  update(
    actor: Actor,
    projectId: number | null,
    id: number,
    settings: WebhookSettings,
  ): Promise<void>;
  /** False if there was none. Its deliveries go with it. */
  remove(actor: Actor, projectId: number | null, id: number): Promise<boolean>;
  /** Deletes all webhooks of a project, as a part of the commit that deletes that. */
  removeAll(commit: Commit, project: { readonly id: number; readonly name: string }): Promise<void>;
}

/** A webhook as the table has it. */
export type WebhookRow = Selectable<Database["webhook_policy"]>;

/** The webhooks of `catalog`, their secrets sealed with `box`. */
export function openWebhooks(
  catalog: Pick<Catalog, "db" | "commit">,
  box: SecretBox,
  jobs: Pick<Jobs, "setLimit">,
): Webhooks {
  const owned = (projectId: number | null) =>
    catalog.db
      .selectFrom("webhook_policy")
      .selectAll()
      .where("project_id", "is not distinct from", projectId);

  return {
    list: async (projectId) => (await owned(projectId).orderBy("id").execute()).map(webhookOf),

    async get(projectId, id) {
      const row = await owned(projectId).where("id", "=", id).executeTakeFirst();
      return row ? webhookOf(row) : null;
    },

    create: (actor, projectId, settings) =>
      catalog.commit(actor, async (commit) => {
        const { db } = commit;
        checkWebhook(settings);
        await refuseTwin(db, projectId, settings.name, null);
        const row = await db
          .insertInto("webhook_policy")
          .values({ ...valuesOf(settings), project_id: projectId, creator: actor.name })
          .returningAll()
          .executeTakeFirstOrThrow();
        await seal(db, box, row.id, settings);
        await jobs.setLimit(groupOf(row.id), AT_ONCE, db);
        await record(commit, row);
        return row.id;
      }),

    update: (actor, projectId, id, settings) =>
      catalog.commit(actor, (commit) => update(commit, box, { projectId, id, settings })),

    remove: (actor, projectId, id) =>
      catalog.commit(actor, async (commit) => {
        const row = await commit.db
          .deleteFrom("webhook_policy")
          .where("id", "=", id)
          .where("project_id", "is not distinct from", projectId)
          .returningAll()
          .executeTakeFirst();
        if (!row) return false;
        await jobs.setLimit(groupOf(id), null, commit.db);
        await record(commit, row, null);
        return true;
      }),

    async removeAll(commit, project) {
      const rows = await commit.db
        .deleteFrom("webhook_policy")
        .where("project_id", "=", project.id)
        .returningAll()
        .execute();
      for (const row of rows) {
        await jobs.setLimit(groupOf(row.id), null, commit.db);
        commit.record(webhookChange(project.name, row.name, null));
      }
    },
  };
}

/** Changes a webhook, and journals it. */
async function update(
  commit: Commit,
  box: SecretBox,
  given: { projectId: number | null; id: number; settings: WebhookSettings },
): Promise<void> {
  const { db } = commit;
  const { projectId, id, settings } = given;
  checkWebhook(settings);
  await refuseTwin(db, projectId, settings.name, id);
  const before = await db
    .selectFrom("webhook_policy")
    .selectAll()
    .where("id", "=", id)
    .where("project_id", "is not distinct from", projectId)
    .forUpdate()
    .executeTakeFirst();
  if (!before) throw noWebhook(id);
  const row = await db
    .updateTable("webhook_policy")
    .set({ ...valuesOf(settings), updated_at: new Date() })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await seal(db, box, id, settings);
  if (before.name !== row.name) await record(commit, before, null);
  await record(commit, row);
}

/** Tells the journal of a webhook as it is now, or that it is gone. */
async function record(commit: Commit, row: WebhookRow, after: WebhookRow | null = row) {
  const project =
    row.project_id === null
      ? null
      : await commit.db
          .selectFrom("project")
          .select("name")
          .where("id", "=", row.project_id)
          .executeTakeFirstOrThrow();
  commit.record(webhookChange(project?.name ?? null, row.name, after));
}

/** NOT_FOUND for webhook `id`. */
function noWebhook(id: number): RegistryError {
  return new RegistryError("NOT_FOUND", `webhook ${id} does not exist`);
}

/** The limit that a webhook's deliveries are bound by. */
export function groupOf(id: number): string {
  return `webhook:${id}`;
}

/** What binds a sealed secret of webhook `id` to its place. */
export function contextOf(id: number, what: "auth_header" | "secret"): string {
  return `webhook:${id}:${what}`;
}

/** Throws BAD_REQUEST for settings that do not do, saying which and why. */
function checkWebhook(settings: WebhookSettings): void {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  if (settings.name.trim() === "" || settings.name.length > 64) {
    throw wrong("a webhook needs a name of 1 to 64 characters");
  }
  const url = URL.parse(settings.address);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw wrong(`${JSON.stringify(settings.address)} is not an http:// or https:// address`);
  }
  if (url.username || url.password) {
    throw wrong("a webhook's address holds no user name or password; use its auth header");
  }
  if (settings.eventTypes.length === 0) {
    throw wrong(`say what to be told of: ${EVENT_TYPES.join(", ")}`);
  }
  if (/[\r\n\0]/.test(settings.authHeader ?? "")) throw wrong("an auth header is a single line");
}

async function refuseTwin(
  db: Transaction<Database>,
  projectId: number | null,
  name: string,
  id: number | null,
): Promise<void> {
  const twin = await db
    .selectFrom("webhook_policy")
    .select("id")
    .where("project_id", "is not distinct from", projectId)
    .where("name", "=", name)
    .executeTakeFirst();
  if (twin && twin.id !== id) {
    throw new RegistryError("CONFLICT", `a webhook named '${name}' exists; choose another name`);
  }
}

async function seal(
  db: Transaction<Database>,
  box: SecretBox,
  id: number,
  { authHeader, secret }: WebhookSettings,
): Promise<void> {
  const sealed = (text: string, what: "auth_header" | "secret") =>
    text === "" ? null : box.seal(text, contextOf(id, what));
  if (authHeader === undefined && secret === undefined) return;
  await db
    .updateTable("webhook_policy")
    .set({
      ...(authHeader !== undefined && { auth_header_sealed: sealed(authHeader, "auth_header") }),
      ...(secret !== undefined && { secret_sealed: sealed(secret, "secret") }),
    })
    .where("id", "=", id)
    .execute();
}

function valuesOf(settings: WebhookSettings) {
  return {
    name: settings.name,
    description: settings.description,
    enabled: settings.enabled,
    event_types: [...settings.eventTypes],
    address: settings.address,
    payload_format: settings.format,
    skip_cert_verify: settings.skipCertVerify,
    options: JSON.stringify({ outcome: settings.outcome, lagSeconds: settings.lagSeconds }),
  };
}

/** A row as a webhook. */
export function webhookOf(row: WebhookRow): Webhook {
  const options = row.options as Partial<Pick<WebhookSettings, "outcome" | "lagSeconds">>;
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    description: row.description,
    enabled: row.enabled,
    eventTypes: row.event_types as EventType[],
    address: row.address,
    format: row.payload_format as PayloadFormat,
    skipCertVerify: row.skip_cert_verify,
    outcome: options.outcome ?? "all",
    lagSeconds: options.lagSeconds ?? 900,
    hasAuthHeader: row.auth_header_sealed !== null,
    hasSecret: row.secret_sealed !== null,
    creator: row.creator,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
