import type { NewWebhook, Webhook, WebhookDelivery, WebhookEventType } from "@entrepot/api";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { listQuery, oneOf, wholeNumber, withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";
import { hooksOf, type Scope } from "../webhook-scope.ts";

const webhookView: View<Webhook> = {
  name: (webhook) => webhook.name,
  columns: () => [
    { title: "ID", value: (webhook) => String(webhook.id), align: "right" },
    { title: "NAME", value: (webhook) => webhook.name },
    { title: "ENABLED", value: (webhook) => (webhook.enabled ? "yes" : "no") },
    { title: "ADDRESS", value: (webhook) => webhook.targets[0]?.address ?? "" },
    { title: "FORMAT", value: (webhook) => webhook.targets[0]?.payload_format ?? "" },
    { title: "SIGNED", value: (webhook) => (webhook.targets[0]?.has_secret ? "yes" : "no") },
    { title: "EVENTS", value: (webhook) => webhook.event_types.join(",") },
  ],
  details: (webhook, { time }) => [
    ["AUTH HEADER", webhook.targets[0]?.auth_header ? "yes, not shown" : "no"],
    ["VERIFY TLS", webhook.targets[0]?.skip_cert_verify ? "no" : "yes"],
    ["OUTCOME", webhook.replication_outcome],
    ["LAG", `${webhook.lag_seconds} s`],
    ["CREATED BY", webhook.creator],
    ["CREATED", time(webhook.creation_time)],
    ["CHANGED", time(webhook.update_time)],
    ["DESCRIPTION", webhook.description],
  ],
};

const deliveryView: View<WebhookDelivery> = {
  name: (delivery) => String(delivery.id),
  columns: ({ time }) => [
    { title: "ID", value: (delivery) => String(delivery.id), align: "right" },
    { title: "EVENT", value: (delivery) => delivery.event_type },
    { title: "STATUS", value: (delivery) => delivery.status },
    { title: "TRIES", value: (delivery) => String(delivery.attempts), align: "right" },
    { title: "ANSWER", value: (delivery) => String(delivery.status_code ?? ""), align: "right" },
    { title: "TOOK", value: tookOf, align: "right" },
    { title: "LAST TRIED", value: (delivery) => time(delivery.attempt_time) },
    { title: "ERROR", value: (delivery) => delivery.error },
  ],
};

function tookOf({ duration_ms: ms }: WebhookDelivery): string {
  return ms === null ? "" : `${ms} ms`;
}

interface Settings extends Scope {
  readonly url?: string;
  readonly events?: string;
  readonly format?: "Default" | "CloudEvents";
  readonly secretEnv?: string;
  readonly authHeaderEnv?: string;
  readonly insecure?: boolean;
  readonly outcome?: NewWebhook["replication_outcome"];
  readonly lagSeconds?: number;
  readonly description?: string;
}

type CreateOptions = Settings & Required<Pick<Settings, "url" | "events">>;

interface UpdateOptions extends Settings {
  readonly name?: string;
  readonly enabled?: boolean;
  readonly secret?: false;
  readonly authHeader?: false;
}

const URL_HELP = "where to tell it";
const EVENTS_HELP = "of what, comma-separated: PUSH_ARTIFACT,DELETE_TAG";

/** Adds `webhook`. */
export function addWebhook(program: Command, cli: Cli): void {
  const webhook = program
    .command("webhook")
    .description("Webhooks: who is told of pushes, deletions, pulls and replication.");
  addReading(webhook, cli);
  addChanges(webhook, cli);
  addTelling(webhook, cli);
}

/** Gives a command `--project` and `--system`. */
function withScope(command: Command): Command {
  return command
    .option("--project <project>", "webhooks of this project")
    .option("--system", "the system's webhooks, told of all projects");
}

function addReading(webhook: Command, cli: Cli): void {
  const list = withLimit(withScope(webhook.command("list").description("Lists webhooks."))).action(
    action(cli, async (call, options: Scope & { limit: number }) => {
      await call.list(hooksOf(call, options).list(), webhookView, options.limit);
    }),
  );
  withExample(list, "$ entrepot webhook list --project library");

  const show = withScope(webhook.command("show").description("Shows a webhook; never its secrets."))
    .argument("<webhook>", "its name or id")
    .action(
      action(cli, async (call, name: string, options: Scope) =>
        call.one(await hooksOf(call, options).named(name), webhookView),
      ),
    );
  withExample(show, "$ entrepot webhook show deploys --project library");

  const deliveries = withLimit(
    withScope(webhook.command("deliveries").description("Shows what a webhook was told.")),
  )
    .argument("<webhook>", "its name or id")
    .action(
      action(cli, async (call, name: string, options: Scope & { limit: number }) => {
        const hooks = hooksOf(call, options);
        const { id } = await hooks.named(name);
        const found = hooks.deliveries(id, listQuery({ limit: options.limit }));
        await call.list(found, deliveryView, options.limit);
      }),
    );
  withExample(deliveries, "$ entrepot webhook deliveries deploys --project library");
}

function addChanges(webhook: Command, cli: Cli): void {
  const create = withScope(webhook.command("create").description("Creates a webhook."))
    .argument("<name>")
    .requiredOption("--url <url>", URL_HELP)
    .requiredOption("--events <events>", EVENTS_HELP);
  withSettings(create).action(
    action(cli, async (call, name: string, options: CreateOptions) => {
      const hooks = hooksOf(call, options);
      await hooks.create(bodyOf(call, name, options));
      const after = { read: () => hooks.named(name), view: webhookView };
      await call.done(`Created webhook ${name}.`, after);
    }),
  );
  withExample(
    create,
    "$ entrepot webhook create deploys --project library --url https://ci.example/hook \\\n" +
      "    --events PUSH_ARTIFACT --secret-env HOOK_SECRET",
  );

  const update = withScope(
    webhook.command("update").description("Changes a webhook; what is not given stays."),
  )
    .argument("<webhook>", "its name or id")
    .option("--name <name>", "a new name")
    .option("--url <url>", URL_HELP)
    .option("--events <events>", EVENTS_HELP)
    .option("--enabled", "tell it again")
    .option("--no-enabled", "tell it nothing")
    .option("--no-secret", "sign no more")
    .option("--no-auth-header", "send no Authorization");
  withSettings(update)
    .option("--no-insecure", "verify its certificate again")
    .action(action(cli, updateWebhook));
  withExample(update, "$ entrepot webhook update deploys --project library --no-enabled");

  const remove = withYes(withScope(webhook.command("delete").description("Deletes a webhook.")))
    .argument("<webhook>", "its name or id")
    .action(
      action(cli, async (call, name: string, options: Scope & { yes?: boolean }) => {
        const hooks = hooksOf(call, options);
        const { id } = await hooks.named(name);
        await call.confirm(`Delete webhook ${name} and the record of its deliveries?`, options.yes);
        await hooks.remove(id);
        await call.done(`Deleted webhook ${name}.`);
      }),
    );
  withExample(remove, "$ entrepot webhook delete deploys --project library");
}

function addTelling(webhook: Command, cli: Cli): void {
  const test = withScope(
    webhook.command("test").description("Tells a webhook of a push that has not happened."),
  )
    .argument("<webhook>", "its name or id")
    .action(
      action(cli, async (call, name: string, options: Scope) => {
        const hooks = hooksOf(call, options);
        await hooks.test((await hooks.named(name)).id);
        await call.done(`Told ${name} of a test; 'entrepot webhook deliveries' shows how it went.`);
      }),
    );
  withExample(test, "$ entrepot webhook test deploys --project library");

  const redeliver = withScope(
    webhook.command("redeliver").description("Tells a webhook once more what it was told."),
  )
    .argument("<webhook>", "its name or id")
    .argument("<delivery>", "its id", wholeNumber)
    .action(
      action(cli, async (call, name: string, delivery: number, options: Scope) => {
        const hooks = hooksOf(call, options);
        await hooks.redeliver((await hooks.named(name)).id, delivery);
        await call.done(`Told ${name} once more of delivery ${delivery}.`);
      }),
    );
  withExample(redeliver, "$ entrepot webhook redeliver deploys 12 --project library");
}

/** Gives a command what may be said of a webhook when it is made and later. */
function withSettings(command: Command): Command {
  return command
    .option("--format <format>", "Default or CloudEvents", oneOf(["Default", "CloudEvents"]))
    .option("--secret-env <variable>", "sign with the secret in this environment variable")
    .option("--auth-header-env <variable>", "send what it holds as Authorization")
    .option("--insecure", "do not verify its certificate")
    .option(
      "--outcome <outcome>",
      "which ends of replication: all, failed, succeeded",
      oneOf(["all", "failed", "succeeded"]),
    )
    .option("--lag-seconds <n>", "tell when a target is further behind than this", wholeNumber)
    .option("--description <text>");
}

async function updateWebhook(call: Call, name: string, options: UpdateOptions): Promise<void> {
  const hooks = hooksOf(call, options);
  const before = await hooks.named(name);
  const body = changedBody(call, before, options);
  await hooks.update(before.id, body);
  const after = { read: () => hooks.named(body.name), view: webhookView };
  await call.done(`Changed webhook ${body.name}.`, after);
}

/** `before` with what `options` give; a secret that is left out stays. */
function changedBody(call: Call, before: Webhook, options: UpdateOptions): NewWebhook {
  const target = before.targets[0]!;
  const secret = options.secret === false ? "" : inEnvironment(call, options.secretEnv);
  const authHeader = options.authHeader === false ? "" : inEnvironment(call, options.authHeaderEnv);
  return {
    name: options.name ?? before.name,
    description: options.description ?? before.description,
    enabled: options.enabled ?? before.enabled,
    event_types: options.events ? eventsIn(options.events) : before.event_types,
    targets: [
      {
        type: "http",
        address: options.url ?? target.address,
        skip_cert_verify: options.insecure ?? target.skip_cert_verify,
        payload_format: options.format ?? target.payload_format,
        ...(secret !== undefined && { secret }),
        ...(authHeader !== undefined && { auth_header: authHeader }),
      },
    ],
    replication_outcome: options.outcome ?? before.replication_outcome,
    lag_seconds: options.lagSeconds ?? before.lag_seconds,
  };
}

function eventsIn(text: string): WebhookEventType[] {
  return text.split(",").map((type) => type.trim() as WebhookEventType);
}

function bodyOf(call: Call, name: string, options: CreateOptions): NewWebhook {
  const secret = inEnvironment(call, options.secretEnv);
  const authHeader = inEnvironment(call, options.authHeaderEnv);
  return {
    name,
    description: options.description ?? "",
    enabled: true,
    event_types: eventsIn(options.events),
    targets: [
      {
        type: "http",
        address: options.url,
        skip_cert_verify: options.insecure === true,
        payload_format: options.format ?? "Default",
        ...(secret !== undefined && { secret }),
        ...(authHeader !== undefined && { auth_header: authHeader }),
      },
    ],
    replication_outcome: options.outcome ?? "all",
    lag_seconds: options.lagSeconds ?? 900,
  };
}

function inEnvironment(call: Call, variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const value = call.env[variable];
  if (value) return value;
  throw usageError(`the environment variable ${variable} is not set`);
}
