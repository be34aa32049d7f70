import { randomUUID } from "node:crypto";
import type { Catalog, Database } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { type Selectable, sql } from "kysely";
import type { HookEvent } from "./hook-event.ts";
import { startDelivery, tell, type TellContext } from "./tell.ts";
import type { Webhook } from "./webhooks.ts";

/** One telling of one webhook, with how its last attempt went. */
export interface Delivery {
  readonly id: number;
  readonly webhookId: number;
  /** The same at every attempt: what the receiver tells repetitions by. */
  readonly eventId: string;
  readonly eventType: string;
  readonly status: "Pending" | "Success" | "Error";
  readonly attempts: number;
  /** Of the answer; null if there was none. */
  readonly statusCode: number | null;
  readonly durationMs: number | null;
  /** The first KiB of the answer. */
  readonly answer: string;
  readonly error: string;
  readonly body: string;
  readonly executionId: number | null;
  readonly createdAt: Date;
  readonly attemptedAt: Date | null;
}

/** What webhooks were told. */
export interface Deliveries {
  /** Newest first. */
  list(
    webhookId: number,
    page: { readonly page: number; readonly pageSize: number },
  ): Promise<{ items: Delivery[]; total: number }>;
  /** Tells it once more, under the same id. Throws NOT_FOUND, and PRECONDITION while it is told. */
  again(webhookId: number, deliveryId: number): Promise<void>;
  /** Tells it of an artifact that does not exist. Returns the delivery's id. */
  test(webhook: Webhook, project: string | null, operator: string): Promise<number>;
}

/** The deliveries of `catalog`. */
export function openDeliveries(
  catalog: Pick<Catalog, "db" | "transaction">,
  jobs: Pick<Jobs, "execute">,
  context: TellContext,
): Deliveries {
  return {
    async list(webhookId, { page, pageSize }) {
      const rows = catalog.db.selectFrom("webhook_delivery").where("policy_id", "=", webhookId);
      const [{ total }, found] = await Promise.all([
        rows.select(sql<number>`count(*)`.as("total")).executeTakeFirstOrThrow(),
        rows
          .selectAll()
          .orderBy("id", "desc")
          .limit(pageSize)
          .offset((page - 1) * pageSize)
          .execute(),
      ]);
      return { items: found.map(deliveryOf), total: Number(total) };
    },

    again: (webhookId, deliveryId) =>
      catalog.transaction(async (db) => {
        const row = await db
          .selectFrom("webhook_delivery")
          .select("status")
          .where("id", "=", deliveryId)
          .where("policy_id", "=", webhookId)
          .forUpdate()
          .executeTakeFirst();
        if (!row) throw new RegistryError("NOT_FOUND", `delivery ${deliveryId} does not exist`);
        if (row.status === "Pending") {
          const text = `delivery ${deliveryId} is being tried; wait until it has ended`;
          throw new RegistryError("PRECONDITION", text);
        }
        await startDelivery(jobs, db, { webhookId, deliveryId, trigger: "manual" });
      }),

    test: (webhook, project, operator) =>
      catalog.transaction(async (db) => {
        const event: HookEvent = {
          id: `test:${randomUUID()}`,
          type: "PUSH_ARTIFACT",
          at: new Date(),
          operator,
          project: project ?? "library",
          about: {
            repository: `${project ?? "library"}/test-of-webhook`,
            resources: [{ digest: `sha256:${"0".repeat(64)}`, tag: "test" }],
          },
        };
        await tell(context, db, [{ webhook, event }]);
        const { id } = await db
          .selectFrom("webhook_delivery")
          .select("id")
          .where("policy_id", "=", webhook.id)
          .where("event_id", "=", event.id)
          .executeTakeFirstOrThrow();
        return id;
      }),
  };
}

function deliveryOf(row: Selectable<Database["webhook_delivery"]>): Delivery {
  return {
    id: row.id,
    webhookId: row.policy_id,
    eventId: row.event_id,
    eventType: row.event_type,
    status: row.status as Delivery["status"],
    attempts: row.attempts,
    statusCode: row.status_code,
    durationMs: row.duration_ms,
    answer: row.answer,
    error: row.error,
    body: row.body,
    executionId: row.execution_id,
    createdAt: row.created_at,
    attemptedAt: row.attempted_at,
  };
}
