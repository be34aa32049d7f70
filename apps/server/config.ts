import { isAbsolute, resolve } from "node:path";
import { addressGuard, networkList } from "@entrepot/distribution/client";
import { BACKUP_SETTINGS, DRILL_SETTINGS } from "./backup-places.ts";
import { STORAGE_SETTINGS, storageConfig, type StorageConfig } from "./storage-settings.ts";

/** How the server is to run. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The folder that holds everything of this registry, absolute. */
  readonly dataDir: string;
  readonly adminPassword: string | null;
  /** The public address, without a slash at the end; null: as each request was addressed. */
  readonly publicUrl: string | null;
  /** An external PostgreSQL; null: the embedded one. */
  readonly databaseUrl: string | null;
  readonly storage: StorageConfig;
  readonly role: "all" | "api" | "worker";
  /** Tasks at a time. */
  readonly workers: number;
  /** Of each policy: so many runs at most, and none that ended longer ago; null: however old. */
  readonly keptRuns: { readonly executions: number; readonly days: number | null };
  /** How long garbage collection waits, with what nothing refers to and with what nothing names. */
  readonly garbage: { readonly graceMs: number; readonly quarantineMs: number };
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly logLevel: "silent" | "error" | "warn" | "info" | "debug";
  /** Who may read metrics at `/metrics`. */
  readonly metrics: "off" | "admin" | "public";
  /** Where metrics are served instead, to whoever reaches it. */
  readonly metricsListen: { readonly host: string; readonly port: number } | null;
  /** Base64 of the 32 bytes that seal secrets; null: kept in the data folder. */
  readonly secretKey: string | null;
  /** Where endpoints may be: `any`, `public`, or networks as `10.0.0.0/8`. */
  readonly endpointNetworks: string;
  /** Whose X-Forwarded headers are believed, as `10.0.0.5,fd12::/16`; empty: nobody's. */
  readonly trustedProxies: string;
  /** Where backups may be on this machine, absolute. */
  readonly backupFolders: readonly string[];
  /** What opens encrypted backups for drills; null: nothing. */
  readonly drillKeyFile: string | null;
  /** What holds the passphrase of that key file; null: it has none. */
  readonly drillPassphraseFile: string | null;
  /** Where endpoints may use OCI layouts of this machine, absolute. */
  readonly layoutFolders: readonly string[];
}

/** One thing that can be set, by environment or flag, under one name. */
export interface Setting {
  readonly env: string;
  readonly flag: string;
  readonly value: string;
  readonly standard: string;
  readonly help: string;
  /** Says what is wrong with a value, or null. */
  readonly wrong: (text: string) => string | null;
}

const any = (): null => null;
const oneOf =
  (...choices: string[]) =>
  (text: string) =>
    choices.includes(text) ? null : `choose one of ${choices.join(", ")}`;
const KEPT = /^[1-9]\d{0,4}(?:,[1-9]\d{0,3})?$/;
const HOUR_MS = 3_600_000;
const HOURS = /^[1-9]\d{0,3}h$/;
const wrongHours = (text: string): string | null =>
  HOURS.test(text) ? null : "give whole hours, at least one: 24h";
const LISTEN = /^(?:(?<host>[^:[\]]+|\[[0-9a-fA-F:.]+\]):)?(?<port>\d{1,5})$/;

/** What `read` has to say against a text, as `wrong`. */
const refusedBy =
  (read: (text: string) => unknown) =>
  (text: string): string | null => {
    try {
      read(text);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };

const wrongAddress = (text: string): string | null => {
  const port = LISTEN.exec(text)?.groups?.["port"];
  return port !== undefined && Number(port) <= 65_535 ? null : "give host:port";
};

/** Every setting, in the order in which help lists them. */
export const SETTINGS: readonly Setting[] = [
  {
    env: "ENTREPOT_LISTEN",
    flag: "--listen",
    value: "host:port",
    standard: "127.0.0.1:5050",
    help: "where to listen; 0.0.0.0:5050 for every address of this machine, port 0 for a free one",
    wrong: wrongAddress,
  },
  {
    env: "ENTREPOT_DATA",
    flag: "--data",
    value: "folder",
    standard: "./data",
    help: "the folder that holds the database, the blobs and the secret key",
    wrong: (text) => (text === "" ? "give a folder" : null),
  },
  {
    env: "ENTREPOT_ADMIN_PASSWORD",
    flag: "--admin-password",
    value: "password",
    standard: "",
    help: "admin's password at the first start; if absent, one is made and shown once",
    wrong: any,
  },
  {
    env: "ENTREPOT_URL",
    flag: "--url",
    value: "url",
    standard: "",
    help: "the public address, as clients know it; if absent, taken from each request",
    wrong: (text) => (/^https?:\/\/[^/\s]+\/*$/.test(text) ? null : "give http(s)://host[:port]"),
  },
  {
    env: "DATABASE_URL",
    flag: "--database-url",
    value: "url",
    standard: "",
    help: "an external PostgreSQL (postgres://…) instead of the embedded one",
    wrong: (text) => (/^postgres(ql)?:\/\//.test(text) ? null : "give postgres://…"),
  },
  ...STORAGE_SETTINGS,
  {
    env: "ENTREPOT_ROLE",
    flag: "--role",
    value: "role",
    standard: "all",
    help: "what this node does: all, api (serves only) or worker (runs tasks only)",
    wrong: oneOf("all", "api", "worker"),
  },
  {
    env: "ENTREPOT_WORKERS",
    flag: "--workers",
    value: "n",
    standard: "32",
    help: "how many tasks run at a time",
    wrong: (text) => (/^[1-9]\d{0,2}$/.test(text) ? null : "give a whole number from 1 to 999"),
  },
  {
    env: "ENTREPOT_KEEP_RUNS",
    flag: "--keep-runs",
    value: "n[,days]",
    standard: "50",
    help: "how many ended runs of each policy are kept with their logs; 50,30 only for 30 days",
    wrong: (text) =>
      KEPT.test(text) ? null : "give a number of runs, and days if you like: 50,30",
  },
  {
    env: "ENTREPOT_GC_GRACE",
    flag: "--gc-grace",
    value: "hours",
    standard: "24h",
    help: "for so long garbage collection keeps what nothing refers to: longer than any push takes",
    wrong: wrongHours,
  },
  {
    env: "ENTREPOT_GC_QUARANTINE",
    flag: "--gc-quarantine",
    value: "hours",
    standard: "24h",
    help: "for so long garbage lies out of sight before it is removed for good",
    wrong: wrongHours,
  },
  {
    env: "ENTREPOT_TLS_CERT",
    flag: "--tls-cert",
    value: "file",
    standard: "",
    help: "serve HTTPS with this certificate chain (PEM); read again when it changes",
    wrong: any,
  },
  {
    env: "ENTREPOT_TLS_KEY",
    flag: "--tls-key",
    value: "file",
    standard: "",
    help: "the certificate's private key (PEM)",
    wrong: any,
  },
  {
    env: "ENTREPOT_LOG_LEVEL",
    flag: "--log-level",
    value: "level",
    standard: "info",
    help: "silent, error, warn, info or debug",
    wrong: oneOf("silent", "error", "warn", "info", "debug"),
  },
  {
    env: "ENTREPOT_METRICS",
    flag: "--metrics",
    value: "readers",
    standard: "admin",
    help: "who may read /metrics: off (nobody), admin (system administrators, Basic) or public",
    wrong: oneOf("off", "admin", "public"),
  },
  {
    env: "ENTREPOT_METRICS_LISTEN",
    flag: "--metrics-listen",
    value: "host:port",
    standard: "",
    help: "serve /metrics here instead, without a login: an address only monitors can reach",
    wrong: wrongAddress,
  },
  {
    env: "ENTREPOT_SECRET_KEY",
    flag: "--secret-key",
    value: "base64",
    standard: "",
    help: "seals secrets, the same on all nodes of one database; if absent, in the data folder",
    wrong: any,
  },
  {
    env: "ENTREPOT_LAYOUT_FOLDERS",
    flag: "--layout-folders",
    value: "folders",
    standard: "",
    help: "where oci-layout endpoints may be, absolute, joined by colons; none if absent",
    wrong: (text) =>
      text.split(":").every((folder) => isAbsolute(folder)) ? null : "give /folder[:/folder …]",
  },
  ...BACKUP_SETTINGS,
  ...DRILL_SETTINGS,
  {
    env: "ENTREPOT_ENDPOINT_NETWORKS",
    flag: "--endpoint-networks",
    value: "networks",
    standard: "any",
    help:
      "where registry endpoints may be: any, public (no private network, not this machine), " +
      "or a list as 10.1.0.0/16,fd12::/16; link-local and metadata addresses never",
    wrong: refusedBy(addressGuard),
  },
  {
    env: "ENTREPOT_TRUSTED_PROXIES",
    flag: "--trusted-proxies",
    value: "networks",
    standard: "",
    help:
      "proxies in front, as 10.0.0.5,fd12::/16, whose X-Forwarded-For, -Proto and -Host are " +
      "believed; nobody's if absent",
    wrong: refusedBy(networkList),
  },
];

/** Variables of other parts (the command line, restores, tests): not the server's to judge. */
const OTHERS = /^ENTREPOT_(?:TEST_|RESTORE_|SERVER$|USERNAME$|PASSWORD$|CONFIG$)/;

/**
 * Reads the configuration from flags, which win, and the environment. Throws an Error that names
 * the flag or variable that is unknown or malformed.
 */
export function readConfig(
  flags: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  standardRole: Config["role"] = "all",
): Config {
  const given = new Map<string, string>();
  for (const setting of SETTINGS) {
    const value = env[setting.env];
    if (value !== undefined && value !== "")
      given.set(setting.env, checked(setting, setting.env, value));
  }
  refuseUnknownVariables(env);
  for (const [setting, value] of flagValues(flags)) {
    given.set(setting.env, checked(setting, setting.flag, value));
  }
  const get = (name: string): string =>
    given.get(name) ?? SETTINGS.find((setting) => setting.env === name)!.standard;
  const orNull = (name: string): string | null => get(name) || null;

  const [cert, key] = [orNull("ENTREPOT_TLS_CERT"), orNull("ENTREPOT_TLS_KEY")];
  if ((cert === null) !== (key === null)) {
    throw new Error("ENTREPOT_TLS_CERT and ENTREPOT_TLS_KEY go together: give both or neither");
  }
  const dataDir = resolve(get("ENTREPOT_DATA"));
  const metricsListen = orNull("ENTREPOT_METRICS_LISTEN");
  return {
    ...addressOf(get("ENTREPOT_LISTEN")),
    dataDir,
    adminPassword: orNull("ENTREPOT_ADMIN_PASSWORD"),
    publicUrl: orNull("ENTREPOT_URL")?.replace(/\/+$/, "") ?? null,
    databaseUrl: orNull("DATABASE_URL"),
    storage: storageConfig(orNull, dataDir),
    role: given.has("ENTREPOT_ROLE") ? (get("ENTREPOT_ROLE") as Config["role"]) : standardRole,
    workers: Number(get("ENTREPOT_WORKERS")),
    keptRuns: keptOf(get("ENTREPOT_KEEP_RUNS")),
    garbage: {
      graceMs: Number.parseInt(get("ENTREPOT_GC_GRACE"), 10) * HOUR_MS,
      quarantineMs: Number.parseInt(get("ENTREPOT_GC_QUARANTINE"), 10) * HOUR_MS,
    },
    tls: cert && key ? { cert, key } : null,
    logLevel: get("ENTREPOT_LOG_LEVEL") as Config["logLevel"],
    metrics: get("ENTREPOT_METRICS") as Config["metrics"],
    metricsListen: metricsListen === null ? null : addressOf(metricsListen),
    secretKey: orNull("ENTREPOT_SECRET_KEY"),
    layoutFolders: orNull("ENTREPOT_LAYOUT_FOLDERS")?.split(":") ?? [],
    drillKeyFile: orNull("ENTREPOT_DRILL_KEY_FILE"),
    drillPassphraseFile: orNull("ENTREPOT_DRILL_KEY_PASSPHRASE_FILE"),
    backupFolders: orNull("ENTREPOT_BACKUP_FOLDERS")?.split(":") ?? [],
    endpointNetworks: get("ENTREPOT_ENDPOINT_NETWORKS"),
    trustedProxies: get("ENTREPOT_TRUSTED_PROXIES"),
  };
}

/** What has been checked, as `50` or `50,30`. */
function keptOf(text: string): Config["keptRuns"] {
  const [executions, days] = text.split(",");
  return { executions: Number(executions), days: days === undefined ? null : Number(days) };
}

/** An address that has been checked. */
function addressOf(text: string): { host: string; port: number } {
  const { host = "127.0.0.1", port } = LISTEN.exec(text)!.groups!;
  return { host: host.replaceAll(/[[\]]/g, ""), port: Number(port) };
}

function checked(setting: Setting, name: string, value: string): string {
  const wrong = setting.wrong(value);
  if (wrong === null) return value;
  const shown = /PASSWORD|SECRET|DATABASE|STORAGE|ACCESS_KEY/.test(setting.env)
    ? ""
    : ` ${JSON.stringify(value)}`;
  throw new Error(`${name}${shown} is not accepted: ${wrong}`);
}

function refuseUnknownVariables(env: Readonly<Record<string, string | undefined>>): void {
  const known = new Set(SETTINGS.map((setting) => setting.env));
  for (const name of Object.keys(env)) {
    if (!name.startsWith("ENTREPOT_") || known.has(name) || OTHERS.test(name)) continue;
    throw new Error(`${name} is not a setting; entrepot serve --help lists them all`);
  }
}

function* flagValues(flags: readonly string[]): Generator<[Setting, string]> {
  const rest = [...flags];
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    const [name, inline] = flag.split(/=(.*)/s, 2);
    const setting = SETTINGS.find((one) => one.flag === name);
    if (!setting) throw new Error(`${name} is not a flag; entrepot serve --help lists them all`);
    const value = inline ?? rest.shift();
    if (value === undefined) throw new Error(`${setting.flag} needs a value: ${setting.value}`);
    yield [setting, value];
  }
}

/** What `entrepot serve --help` prints. */
export function helpText(command: "serve" | "worker"): string {
  const what =
    command === "serve"
      ? "Serves the registry, its management API, and runs its tasks."
      : "Runs tasks only: the same as serve --role worker.";
  const lines = SETTINGS.map(
    ({ env, flag, value, standard, help }) =>
      `  ${`${flag} <${value}>`.padEnd(28)}${env}\n` +
      `  ${"".padEnd(28)}${help}${standard ? ` (default ${standard})` : ""}\n`,
  );
  return (
    `Usage: entrepot ${command} [flags]\n\n${what}\n\n` +
    `Every setting is a flag or a variable of the environment; flags win.\n\n${lines.join("")}`
  );
}
