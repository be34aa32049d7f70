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
