import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { AuditRecord, AuditVerification } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { usageError } from "../exit-codes.ts";
import {
  listQuery,
  type ListOptions,
  oneOf,
  repeated,
  withExample,
  withListOptions,
} from "../options.ts";
import type { View } from "../output.ts";
import { addPurge } from "./purge.ts";

const recordView: View<AuditRecord> = {
  name: ({ id }) => String(id),
  columns: ({ time }) => [
    { title: "ID", value: ({ id }) => String(id), align: "right" },
    { title: "TIME", value: ({ op_time }) => time(op_time) },
    { title: "USER", value: ({ username }) => username },
    { title: "FROM", value: ({ client_address }) => client_address },
    { title: "DID", value: ({ operation }) => operation },
    { title: "TYPE", value: ({ resource_type }) => resource_type },
    { title: "RESOURCE", value: ({ resource }) => resource },
    { title: "RESULT", value: ({ result }) => result },
  ],
};

const verificationView: View<AuditVerification> = {
  name: ({ holds }) => (holds ? "holds" : "broken"),
  columns: () => [
    { title: "HOLDS", value: ({ holds }) => (holds ? "yes" : "no") },
    { title: "FROM", value: ({ from }) => String(from), align: "right" },
    { title: "TO", value: ({ to }) => String(to), align: "right" },
    { title: "SEALS", value: ({ seals }) => String(seals), align: "right" },
  ],
  details: (found) => [
    ...(found.broken ? [["FIRST BROKEN", `${found.broken.id}: ${found.broken.why}`] as const] : []),
    ["HEAD", `${found.to}:${found.hash}`],
    ["PURGED UP TO", String(found.anchor ?? "nothing")],
    ["SEALS OF OTHER KEYS", String(found.foreign_seals)],
    ["KEY", `${found.key_id} ${found.public_key}`],
    ["NOT RECORDED", String(found.dropped)],
  ],
};

/** Adds `audit`. */
export function addAudit(program: Command, cli: Cli): void {
  const audit = program
    .command("audit")
    .description("The audit log: who did what, from where; chained, so that changes show.");

  const list = withListOptions(audit.command("list").description("Lists records, newest first."))
    .option("--project <project>", "only this project's")
    .action(
      action(cli, async (call, { project, ...options }: ListOptions & { project?: string }) => {
        const query = listQuery(options);
        const found =
          project === undefined
            ? call.api.each(routes.audit.list, { query })
            : call.api.each(routes.audit.ofProject, { params: { project_name: project }, query });
        await call.list(found, recordView, options.limit);
      }),
    );
  withExample(list, "$ entrepot audit list --query 'result=denied,op_time=[2026-11-01~]'");

  const exporting = audit
    .command("export")
    .description("Writes all records that fit, oldest first.")
    .option("--format <form>", "csv or jsonl", oneOf(["csv", "jsonl"]), "csv")
    .option("--query <q>", "only what matches: 'username=ann'")
    .option("--file <file>", "where to; standard output if absent")
    .action(action(cli, exportRecords));
  withExample(exporting, "$ entrepot audit export --format jsonl --file audit.jsonl");

  const verify = audit
    .command("verify")
    .description("Checks every record; exits with 1 if any was changed or is missing.")
    .option("--head <id:hash>", "a record known from elsewhere; may be repeated", repeated)
    .action(
      action(cli, async (call, { head = [] }: { head?: string[] }) => {
        const heads = head.map(headOf);
        const { body } = await call.api.audit.verify({ body: { heads } });
        call.one(body, verificationView);
        if (body.holds) return;
        const { id, why } = body.broken!;
        throw new RegistryError("INTEGRITY", `the audit log does not hold at record ${id}: ${why}`);
      }),
    );
  withExample(verify, "$ entrepot audit verify --head 1200:5d1c…");
  addPurge(audit, cli);
}

function headOf(text: string): { id: number; hash: string } {
  const [, id, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (id !== undefined && hash !== undefined) return { id: Number(id), hash };
  throw usageError("Give --head as id:hash, as 'entrepot audit verify' shows it.");
}

interface ExportOptions {
  readonly format: "csv" | "jsonl";
  readonly query?: string;
  readonly file?: string;
}

async function exportRecords(call: Call, { format, query: q, file }: ExportOptions): Promise<void> {
  const asked = { query: { format, ...(q !== undefined && { q }) } };
  const lines = call.api.texts(routes.audit.export, asked);
  if (file === undefined) {
    for await (const line of lines) call.terminal.write(`${line}\n`);
    return;
  }
  const ended = async function* () {
    for await (const line of lines) yield `${line}\n`;
  };
  await pipeline(ended, createWriteStream(file));
  await call.done(`Wrote ${file}.`);
}
