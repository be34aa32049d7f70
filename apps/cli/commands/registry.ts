import { readFile } from "node:fs/promises";
import type { RegistryChange, RegistryEndpoint } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { readSecret } from "../ask.ts";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import { registryNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { listQuery, wholeNumber, withExample, withListOptions, withYes } from "../options.ts";
import type { View } from "../output.ts";

const registryView: View<RegistryEndpoint> = {
  name: (registry) => registry.name,
  columns: () => [
    { title: "ID", value: (registry) => String(registry.id), align: "right" },
    { title: "NAME", value: (registry) => registry.name },
    { title: "TYPE", value: (registry) => registry.type },
    { title: "URL", value: (registry) => registry.url },
    { title: "USER", value: (registry) => registry.credential.access_key },
    { title: "STATUS", value: (registry) => registry.status },
  ],
  details: (registry, { time }) => [
    ["REASON", registry.status_text ?? ""],
    ["VERIFY TLS", registry.insecure ? "no" : "yes"],
    ["OWN CA", registry.ca_certificate === "" ? "no" : "yes"],
    ["PROXY", registry.proxy],
    ["PROXY USER", registry.proxy_username],
    ["CONCURRENCY", registry.concurrency > 0 ? String(registry.concurrency) : ""],
    ["BANDWIDTH", registry.bytes_per_second > 0 ? `${registry.bytes_per_second} bytes/s` : ""],
    ["CREATED", time(registry.creation_time)],
    ["DESCRIPTION", registry.description],
  ],
};

interface EndpointOptions {
  readonly type: string;
  readonly name?: string;
  readonly url?: string;
  readonly username?: string;
  readonly secretStdin?: boolean;
  readonly secretEnv?: string;
  readonly insecure?: boolean;
  readonly caFile?: string;
  readonly proxy?: string;
  readonly proxyUsername?: string;
  readonly proxyPasswordStdin?: boolean;
  readonly proxyPasswordEnv?: string;
  readonly concurrency?: number;
  readonly bytesPerSecond?: number;
  readonly description?: string;
}

/** Adds `registry`. */
export function addRegistry(program: Command, cli: Cli): void {
  const registry = program
    .command("registry")
    .description("Registry endpoints: other registries, to replicate to or from.");

  const list = withListOptions(registry.command("list").description("Lists endpoints.")).action(
    action(cli, async (call, options: ListOptions) => {
      const found = call.api.each(routes.registries.list, { query: listQuery(options) });
      await call.list(found, registryView, options.limit);
    }),
  );
  withExample(list, "$ entrepot registry list");

  const show = registry
    .command("show")
    .description("Shows an endpoint; never its secret.")
    .argument("<registry>", "its name or id")
    .action(
      action(cli, async (call, name: string) =>
        call.one(await registryNamed(call, name), registryView),
      ),
    );
  withExample(show, "$ entrepot registry show backup");

  const add = withEndpointOptions(
    registry.command("add").description("Adds an endpoint; it must answer."),
  )
    .argument("<name>")
    .argument("<url>", "its address: https://registry.example")
    .option(
      "--type <type>",
      "harbor, entrepot, docker-registry, docker-hub or oci-layout",
      "harbor",
    )
    .action(action(cli, addEndpoint));
  withExample(
    add,
    "$ entrepot registry add backup https://registry.example -u robot --secret-stdin < secret",
  );
  addChanges(registry, cli);
}

function addChanges(registry: Command, cli: Cli): void {
  const update = withEndpointOptions(
    registry.command("update").description("Changes an endpoint; what is not given stays."),
  )
    .argument("<registry>", "its name or id")
    .option("--name <name>", "a new name")
    .option("--url <url>", "a new address")
    .option("--no-insecure", "verify its certificate again")
    .action(action(cli, updateEndpoint));
  withExample(update, "$ entrepot registry update backup --url https://other.example");

  const ping = registry
    .command("ping")
    .description("Tries whether an endpoint answers and lets us in.")
    .argument("<registry>", "its name or id")
    .action(
      action(cli, async (call, name: string) => {
        const { id, name: found, url } = await registryNamed(call, name);
        await call.api.registries.ping({ body: { id } });
        await call.done(`${found} answers at ${url}.`);
      }),
    );
  withExample(ping, "$ entrepot registry ping backup");

  const remove = withYes(
    registry.command("delete").description("Deletes an endpoint that no policy uses."),
  )
    .argument("<registry>", "its name or id")
    .action(
      action(cli, async (call, name: string, { yes }: { yes?: boolean }) => {
        const { id } = await registryNamed(call, name);
        await call.confirm(`Delete registry endpoint ${name}?`, yes);
        await call.api.registries.delete({ params: { id } });
        await call.done(`Deleted registry endpoint ${name}.`);
      }),
    );
  withExample(remove, "$ entrepot registry delete backup");
}

function withEndpointOptions(command: Command): Command {
  return command
    .option("-u, --username <name>", "who signs in there; the secret is asked for")
    .option("--secret-stdin", "read the secret from standard input")
    .option("--secret-env <variable>", "take the secret from this environment variable")
    .option("--insecure", "do not verify its certificate")
    .option("--ca-file <file>", "verify its certificate with this CA (PEM)")
    .option("--proxy <url>", "reach it through http://host:port; '' for none")
    .option("--proxy-username <name>", "who to be there; the password is asked for; '' for nobody")
    .option("--proxy-password-stdin", "read the proxy's password from standard input")
    .option("--proxy-password-env <variable>", "take it from this environment variable")
    .option("--concurrency <n>", "tasks that may work with it at a time; 0: no limit", wholeNumber)
    .option("--bytes-per-second <n>", "limit of all transfers with it; 0 for none", wholeNumber)
    .option("--description <text>");
}

async function addEndpoint(call: Call, name: string, url: string, options: EndpointOptions) {
  const { type, username, insecure = false, description } = options;
  const { secret, proxy_password } = await secretsOf(call, options);
  if (secret !== null && username === undefined) throw usageError("a secret needs --username");
  const ca_certificate = await certificateIn(options.caFile);
  const credential = { access_key: username ?? "", access_secret: secret ?? "" };
  const { proxy, proxyUsername: proxy_username, concurrency, bytesPerSecond } = options;
  const way = { proxy, proxy_username, proxy_password, ca_certificate, insecure };
  const limits = { concurrency, bytes_per_second: bytesPerSecond };
  const body = { name, url, type, description, ...way, ...limits };
  const withLogin = { ...body, ...(username !== undefined && { credential }) };
  const { created } = await call.api.registries.create({ body: withLogin });
  const params = { id: Number(created) };
  const read = async () => (await call.api.registries.get({ params })).body;
  await call.done(`Added registry endpoint ${name}.`, { read, view: registryView });
}

async function updateEndpoint(call: Call, name: string, options: EndpointOptions): Promise<void> {
  const { id } = await registryNamed(call, name);
  const { secret, proxy_password } = await secretsOf(call, options);
  const body: RegistryChange = {
    name: options.name,
    url: options.url,
    description: options.description,
    access_key: options.username,
    access_secret: secret,
    insecure: options.insecure,
    ca_certificate: await certificateIn(options.caFile),
    proxy: options.proxy,
    proxy_username: options.proxyUsername,
    proxy_password,
    concurrency: options.concurrency,
    bytes_per_second: options.bytesPerSecond,
  };
  if (Object.values(body).every((value) => value === undefined || value === null)) {
    throw usageError("nothing to change; see --help for what can be");
  }
  await call.api.registries.update({ params: { id }, body });
  const read = async () => (await call.api.registries.get({ params: { id } })).body;
  await call.done(`Changed registry endpoint ${name}.`, { read, view: registryView });
}

/** Where a secret is to be had, and whose: the flags that say so, and what they were given. */
interface SecretFlags {
  readonly what: string;
  readonly flags: readonly [stdin: string, env: string];
  readonly username: string | undefined;
  readonly fromInput: boolean | undefined;
  readonly variable: string | undefined;
}

/** The endpoint's secret and its proxy's password; null for what is not spoken of. */
async function secretsOf(call: Call, options: EndpointOptions) {
  if (options.secretStdin && options.proxyPasswordStdin) {
    throw usageError("standard input holds one: choose --secret-env or --proxy-password-env");
  }
  const secret = await secretOf(call, {
    what: "Secret",
    flags: ["--secret-stdin", "--secret-env"],
    username: options.username,
    fromInput: options.secretStdin,
    variable: options.secretEnv,
  });
  const proxy_password = await secretOf(call, {
    what: "Proxy's password",
    flags: ["--proxy-password-stdin", "--proxy-password-env"],
    // Nobody needs no password.
    username: options.proxyUsername || undefined,
    fromInput: options.proxyPasswordStdin,
    variable: options.proxyPasswordEnv,
  });
  return { secret, proxy_password };
}

/** A secret, from wherever it is said to be; null if none is spoken of. Never from a flag. */
async function secretOf(call: Call, wanted: SecretFlags): Promise<string | null> {
  const { what, username, fromInput, variable } = wanted;
  const flag = wanted.flags.join(" or ");
  if (fromInput && variable) throw usageError(`choose ${flag}`);
  if (variable !== undefined) {
    const secret = call.env[variable];
    if (secret) return secret;
    throw usageError(`the environment variable ${variable} is not set`);
  }
  if (username === undefined && !fromInput) return null;
  return await readSecret(call.terminal, { what, flag, fromInput }, call.signal);
}

async function certificateIn(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return await readFile(file, "utf8").catch((error: Error) => {
    throw new RegistryError("UNKNOWN", `cannot read the CA's certificate: ${error.message}`);
  });
}
