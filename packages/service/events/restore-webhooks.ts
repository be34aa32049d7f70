import { type Commit, type NameToPutBack, placeOfKey, webhookChange } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { sql } from "kysely";
import { AT_ONCE, groupOf, type WebhookRow } from "./webhooks.ts";

/**
 * Makes webhooks (by the journal's keys) what they were, as a part of `commit`. The journal has
 * neither secrets nor addresses: what was deleted gets those it had; of one that is there they stay
 * as they are now. Answers why one was left, in order.
 */
export async function restoreWebhooks(
  jobs: Pick<Jobs, "setLimit">,
  commit: Commit,
  names: readonly NameToPutBack[],
): Promise<(string | null)[]> {
  const left: (string | null)[] = [];
  for (const { key, wanted } of names) left.push(await restore(jobs, commit, key, wanted));
  return left;
}

async function restore(
  jobs: Pick<Jobs, "setLimit">,
  commit: Commit,
  key: string,
  wanted: NameToPutBack["wanted"],
): Promise<string | null> {
  const { db } = commit;
  const { project, name, projectId, isLost } = await placeOfKey(commit, key);
  if (isLost) return wanted ? "its project does not exist" : null;
  const there = await db
    .selectFrom("webhook_policy")
    .select("id")
    .where("project_id", "is not distinct from", projectId)
    .where("name", "=", name)
    .executeTakeFirst();
  if (!wanted) {
    if (!there) return null;
    await db.deleteFrom("webhook_policy").where("id", "=", there.id).execute();
    await jobs.setLimit(groupOf(there.id), null, db);
    commit.record(webhookChange(project, name, null));
    return null;
  }
  const id = there?.id ?? (await revive(commit, key, projectId, name));
  if (id === null) return "its address and secrets are not kept any more; make it anew";
  const row = await db
    .updateTable("webhook_policy")
    .set({
      description: String(wanted["description"]),
      enabled: wanted["enabled"] === true,
      event_types: wanted["eventTypes"] as string[],
      payload_format: wanted["format"] as WebhookRow["payload_format"],
      skip_cert_verify: wanted["skipCertVerify"] === true,
      options: JSON.stringify(wanted["options"]),
      updated_at: new Date(),
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await jobs.setLimit(groupOf(id), AT_ONCE, db);
  commit.record(webhookChange(project, name, row));
  return null;
}

/** The deleted webhook under its old id, which its sealed secrets are bound to; null: not kept. */
async function revive(
  { db }: Commit,
  key: string,
  projectId: number | null,
  name: string,
): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    INSERT INTO webhook_policy (id, project_id, name, event_types, address, payload_format,
      auth_header_sealed, secret_sealed, creator)
    SELECT id, ${projectId}::integer, ${name}, '{}', address, 'Default', auth_header_sealed,
      secret_sealed, creator
    FROM past_webhook WHERE key = ${key} ORDER BY gone_at DESC LIMIT 1
    ON CONFLICT (id) DO NOTHING
    RETURNING id
  `.execute(db);
  return rows[0]?.id ?? null;
}
