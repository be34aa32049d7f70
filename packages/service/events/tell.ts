import { anyOf, type Database } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { sql, type Transaction } from "kysely";
import type { EventType, HookEvent } from "./hook-event.ts";
import { payloadOf } from "./payload.ts";
import { groupOf, type Webhook, webhookOf, WEBHOOK, type WebhookRow } from "./webhooks.ts";

/** The kind of the tasks that deliver. */
export const DELIVER = "webhook";

/** What telling needs. */
export interface TellContext {
  readonly jobs: Pick<Jobs, "execute">;
  /** `host[:port]` of this registry; empty if it is not known. */
  readonly host: string;
}

/** Whom to tell what: each event once to each webhook. */
export interface Telling {
  readonly webhook: Webhook;
  readonly event: HookEvent;
}

/** Enabled webhooks that are told of one of `types`, by id. */
export async function listenersTo(
  db: Transaction<Database>,
  types: readonly EventType[],
): Promise<(Webhook & { readonly project: string | null })[]> {
  const { rows } = await sql<WebhookRow & { project: string | null }>`
    SELECT webhook.*, project.name AS project
    FROM webhook_policy webhook LEFT JOIN project ON project.id = webhook.project_id
    WHERE webhook.enabled AND webhook.event_types && ${[...types]}::text[]
    ORDER BY webhook.id
  `.execute(db);
  return rows.map((row) => ({ ...webhookOf(row), project: row.project }));
}

/**
 * Stores `tellings` as deliveries, each with a task, all in `db`'s transaction. One that is stored
 * already is left alone, so repeating is safe. Returns how many were new.
 */
export async function tell(
  { jobs, host }: TellContext,
  db: Transaction<Database>,
  tellings: readonly Telling[],
): Promise<number> {
  if (tellings.length === 0) return 0;
  const open = await publicProjects(db, tellings);
  let stored = 0;
  for (const { webhook, event } of tellings) {
    const { id, format, projectId } = webhook;
    const scope = projectId === null ? "/api/v2.0/system" : `/api/v2.0/projects/${projectId}`;
    const { contentType, body } = payloadOf(event, {
      format,
      host,
      isPublic: event.project !== null && open.has(event.project),
      source: `${scope}/webhook/policies/${id}`,
    });
    const row = await db
      .insertInto("webhook_delivery")
      .values({
        policy_id: id,
        event_id: event.id,
        event_type: event.type,
        content_type: contentType,
        body,
      })
      .onConflict((conflict) => conflict.columns(["policy_id", "event_id"]).doNothing())
      .returning("id")
      .executeTakeFirst();
    if (!row) continue;
    await startDelivery(jobs, db, { webhookId: id, deliveryId: row.id, trigger: "event" });
    stored += 1;
  }
  return stored;
}

/** Starts the execution that delivers, and notes it. */
export async function startDelivery(
  jobs: Pick<Jobs, "execute">,
  db: Transaction<Database>,
  one: { webhookId: number; deliveryId: number; trigger: string },
): Promise<void> {
  const { webhookId, deliveryId, trigger } = one;
  const execution = {
    vendor: WEBHOOK,
    vendorId: webhookId,
    trigger,
    actor: "system:webhooks",
    tasks: [
      {
        kind: DELIVER,
        lane: `webhook:${webhookId}:${deliveryId}`,
        payload: { deliveryId },
        groups: [groupOf(webhookId)],
      },
    ],
  };
  const id = await jobs.execute(execution, db);
  await db
    .updateTable("webhook_delivery")
    .set({ execution_id: id, status: "Pending" })
    .where("id", "=", deliveryId)
    .execute();
}

async function publicProjects(
  db: Transaction<Database>,
  tellings: readonly Telling[],
): Promise<Set<string>> {
  const names = [...new Set(tellings.flatMap(({ event }) => event.project ?? []))];
  if (names.length === 0) return new Set();
  const rows = await db
    .selectFrom("project")
    .select("name")
    .where("name", "=", anyOf(names))
    .where(sql<boolean>`metadata ->> 'public' = 'true'`)
    .execute();
  return new Set(rows.map((row) => row.name));
}
