import type { AuditRow } from "./audit-record.ts";

/** Where syslog is sent. */
export interface SyslogTarget {
  readonly protocol: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
}

/** `tcp://host:port`, `udp://host:port` or (Harbor's, TCP) `host:port`; null for anything else. */
export function syslogTarget(text: string): SyslogTarget | null {
  const [, protocol = "tcp", host = "", port = ""] =
    /^(?:(tcp|udp):\/\/)?([\w.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\]):(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (host === "" || number < 1 || number > 65_535) return null;
  return {
    protocol: protocol === "udp" ? "udp" : "tcp",
    host: host.replaceAll(/[[\]]/g, ""),
    port: number,
  };
}

/** Facility 13, log audit; informational, or warning. Source: RFC 5424 §6.2.1. */
const FACILITY = 13 * 8;
const [INFORMATIONAL, WARNING] = [6, 4];
/** RFC 5612's number for examples: there is none of ours. */
const STRUCTURE = "entrepot@32473";

/** A record as a syslog message. Source: RFC 5424 §6. */
export function syslogMessage(row: AuditRow, host: string): Buffer {
  const priority = FACILITY + (row.result === "success" ? INFORMATIONAL : WARNING);
  const elements = Object.entries({
    n: String(row.n),
    hash: row.hash.toString("hex"),
    kind: row.kind,
    operation: row.operation,
    result: row.result,
    actor: row.actor,
    resource: row.resource,
    address: row.address,
    cause: row.cause,
  }).map(([name, value]) => `${name}="${value.replaceAll(/["\\\]]/g, String.raw`\$&`)}"`);
  const head = [
    `<${priority}>1`,
    row.at.toISOString(),
    printable(host, 255),
    "entrepot",
    "-",
    printable(row.operation, 32),
    `[${STRUCTURE} ${elements.join(" ")}]`,
  ].join(" ");
  // Octet counting allows line feeds; receivers that print do not.
  const text = `${head} \uFEFF${JSON.stringify(shownRecord(row))}`;
  return Buffer.from(text.replaceAll(/[\r\n]/g, " "));
}

/** A message in its frame for TCP. Source: RFC 6587 §3.4.1, octet counting. */
export function counted(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** A record as JSON shows it; also what exports have. */
export function shownRecord(row: AuditRow) {
  const { detail, hash, at, emptied_by: _emptiedBy, ...fields } = row;
  const shown = { ...fields, at: at.toISOString(), detail: JSON.parse(detail) as unknown };
  return { ...shown, hash: Buffer.from(hash).toString("hex") };
}

function printable(text: string, longest: number): string {
  return text.replaceAll(/[^\u0021-\u007e]/g, "").slice(0, longest) || "-";
}
