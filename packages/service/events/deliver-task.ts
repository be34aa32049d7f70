import { createHmac } from "node:crypto";
import type { Catalog, Database } from "@entrepot/catalog";
import type { TaskHandler } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Selectable } from "kysely";
import type { Post, Posted, SecretBox } from "./ports.ts";
import { DELIVER } from "./tell.ts";
import { contextOf, type WebhookRow } from "./webhooks.ts";

/** Longest that an address may take to answer. */
const TIMEOUT_MS = 30_000;
/** Attempts follow each other after 5 s, 15 s, 45 s, … an hour at most: a day and a half in all. */
const [FIRST_DELAY_MS, LONGEST_DELAY_MS] = [5_000, 3_600_000];
const MOST_ATTEMPTS = 40;

/** What delivering needs. */
export interface DeliverOptions {
  readonly catalog: Pick<Catalog, "db">;
  readonly box: SecretBox;
  readonly post: Post;
  readonly now?: () => number;
  /** How soon to try again after the first failure; it grows from there. */
  readonly firstDelayMs?: number;
}

type DeliveryRow = Selectable<Database["webhook_delivery"]>;

/** The task that tells a webhook: done when it was answered with 2xx, else tried again. */
export function deliverTask(options: DeliverOptions): TaskHandler {
  const { catalog, firstDelayMs = FIRST_DELAY_MS } = options;
  const idOf = (payload: Readonly<Record<string, unknown>>) => Number(payload["deliveryId"]);
  return {
    kind: DELIVER,
    maxAttempts: MOST_ATTEMPTS,
    retryDelayMs: (_, attempt) => Math.min(firstDelayMs * 3 ** (attempt - 1), LONGEST_DELAY_MS),

    async run(run) {
      const { db } = catalog;
      const delivery = await db
        .selectFrom("webhook_delivery")
        .selectAll()
        .where("id", "=", idOf(run.task.payload))
        .executeTakeFirst();
      if (!delivery) return run.log("warn", "the webhook has been deleted since");
      const webhook = await db
        .selectFrom("webhook_policy")
        .selectAll()
        .where("id", "=", delivery.policy_id)
        .executeTakeFirst();
      if (!webhook?.enabled) return run.log("warn", "the webhook has been disabled since");
      await tellOnce(options, delivery, webhook, run);
    },

    async failed(task, error, db) {
      const text = error instanceof Error ? error.message : String(error);
      await db
        .updateTable("webhook_delivery")
        .set({ status: "Error", error: text.slice(0, 1_000) })
        .where("id", "=", idOf(task.payload))
        .execute();
    },
  };
}

async function tellOnce(
  options: DeliverOptions,
  delivery: DeliveryRow,
  webhook: WebhookRow,
  run: { readonly signal: AbortSignal; log(level: "info" | "warn", text: string): void },
): Promise<void> {
  const { catalog, box, post, now = Date.now } = options;
  const begun = performance.now();
  let posted: Posted | null = null;
  let failure: Error | null = null;
  try {
    posted = await post({
      url: webhook.address,
      headers: headersOf(box, delivery, webhook, now()),
      body: delivery.body,
      insecure: webhook.skip_cert_verify,
      signal: AbortSignal.any([run.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (posted.status < 200 || posted.status > 299) {
      const what = `${webhook.address} answered with status ${posted.status}`;
      failure = new RegistryError("UNAVAILABLE", `${what}; 2xx is expected`);
    }
  } catch (error) {
    run.signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    const text = `${webhook.address} could not be told: ${why}`;
    failure = new RegistryError("UNREACHABLE", text, { cause: error });
  }
  const durationMs = Math.round(performance.now() - begun);
  await catalog.db
    .updateTable("webhook_delivery")
    .set((row) => ({
      attempts: row("attempts", "+", 1),
      status: failure ? "Pending" : "Success",
      status_code: posted?.status ?? null,
      duration_ms: durationMs,
      answer: (posted?.answer ?? "").replaceAll("\0", ""),
      error: failure?.message.slice(0, 1_000) ?? "",
      attempted_at: new Date(now()),
    }))
    .where("id", "=", delivery.id)
    .execute();
  const told = `${delivery.event_type} ${delivery.event_id}`;
  if (failure) throw failure;
  run.log("info", `told ${webhook.address} of ${told}: ${posted!.status} in ${durationMs} ms`);
}

/**
 * The signature is `t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`: whoever checks it and
 * the time can neither be lied to nor told an old thing again.
 */
function headersOf(
  box: SecretBox,
  delivery: DeliveryRow,
  webhook: WebhookRow,
  now: number,
): Record<string, string> {
  const { auth_header_sealed: authHeader, secret_sealed: secret } = webhook;
  const headers: Record<string, string> = {
    "content-type": delivery.content_type,
    "user-agent": "entrepot-webhook",
    "entrepot-event": delivery.event_type,
    "entrepot-delivery": delivery.event_id,
  };
  if (authHeader)
    headers["authorization"] = box.open(authHeader, contextOf(webhook.id, "auth_header"));
  if (secret) {
    const at = Math.floor(now / 1000);
    const key = box.open(secret, contextOf(webhook.id, "secret"));
    const mac = createHmac("sha256", key).update(`${at}.${delivery.body}`).digest("hex");
    headers["entrepot-signature"] = `t=${at},v1=${mac}`;
  }
  return headers;
}
