export { type Events, type EventsOptions, openEvents } from "./open-events.ts";
export { EVENT_TYPES, type EventType } from "./hook-event.ts";
export type { LagOver, Post, Posted, Posting, SecretBox } from "./ports.ts";
export type { Delivery, Deliveries } from "./deliveries.ts";
export type { Pull } from "./pulls.ts";
export {
  PAYLOAD_FORMATS,
  WEBHOOK,
  type Webhook,
  type WebhookSettings,
  type Webhooks,
} from "./webhooks.ts";
export { restoreWebhooks } from "./restore-webhooks.ts";
export { type Audit, openAudit } from "./audit/open-audit.ts";
export { AUDIT_OPERATIONS, type AuditEvent, type AuditRow } from "./audit/audit-record.ts";
export { AUDIT_DAYS, AUDIT_FORWARD, AUDIT_PULLS, AUDIT_SETTINGS } from "./audit/audit-settings.ts";
export { openPurges, type Purge, type PurgeParameters, type Purges } from "./audit/open-purges.ts";
export { openSigner } from "./audit/signer.ts";
export { shownRecord } from "./audit/syslog.ts";
