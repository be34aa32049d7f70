import { parseSort, routes } from "@entrepot/api";
import { shownRecord as exported } from "@entrepot/events";
import { RegistryError } from "@entrepot/oci";
import type { Context } from "hono";
import { sql } from "kysely";
import { type ApiOptions, type App, type Env, needing } from "./app.ts";
import { auditRows, type FoundRecord, shownRecord } from "./audit-rows.ts";
import { csvLine } from "./csv.ts";
import { foundIn } from "./found-in.ts";
import { paged } from "./paged.ts";
import { orderOf } from "./sql-filter.ts";

const { audit } = routes;
const SORTS = ["op_time", "id"] as const;
const ORDER = { op_time: sql`audit_log.n`, id: sql`audit_log.n` };
const BATCH = 1_000;

/** Adds the audit log: lists, exports, and checking it. */
export function addAudit(app: App, options: ApiOptions): void {
  const list = async (
    context: Context<Env>,
    query: { page: number; page_size: number; q?: string | undefined; sort?: string | undefined },
    only: string | null,
  ) => {
    const rows = await auditRows(options, context.get("identity"), { q: query.q, only });
    const order = orderOf(parseSort(query.sort, SORTS), ORDER, {
      standard: sql`audit_log.n DESC`,
      last: sql`audit_log.n DESC`,
    });
    const { items, total } = await foundIn(options.catalog, rows, query, order);
    return paged(context, query, { items: items.map(shownRecord), total });
  };

  app.openapi(needing(options, audit.list), (context) =>
    list(context, context.req.valid("query"), null),
  );
  app.openapi(needing(options, audit.listExtended), (context) =>
    list(context, context.req.valid("query"), null),
  );
  app.openapi(needing(options, audit.ofProject), (context) =>
    list(context, context.req.valid("query"), context.get("project").name),
  );
  app.openapi(needing(options, audit.events), async (context) => {
    const rows = await auditRows(options, context.get("identity"), { q: undefined, only: null });
    const types = await rows
      .clearSelect()
      .select(sql<string>`audit_log.operation || '_' || audit_log.resource_type`.as("event_type"))
      .distinct()
      .orderBy("event_type")
      .limit(1_000)
      .execute();
    return context.json(types, 200);
  });
  addExport(app, options);

  app.openapi(needing(options, audit.verify), async (context) => {
    const { heads } = context.req.valid("json");
    await options.audit.flush();
    const { signer } = options.audit;
    const { foreignSeals, broken, ...found } = await options.audit.verify(
      heads.map(({ id, hash }) => ({ n: id, hash })),
    );
    return context.json(
      {
        ...found,
        foreign_seals: foreignSeals,
        key_id: signer.keyId,
        public_key: signer.publicKey,
        broken: broken && { id: broken.n, why: broken.why },
        dropped: options.audit.dropped(),
      },
      200,
    );
  });
}

/** Exports at a time, per node. */
const MOST_EXPORTS = 4;
const HEADING = (
  "id time kind operation result user resource_type resource project address user_agent cause " +
  "seq detail hash"
).split(" ");

function addExport(app: App, options: ApiOptions): void {
  let running = 0;
  app.openapi(needing(options, audit.export), async (context) => {
    const { q, format } = context.req.valid("query");
    // Asked first, so that what is malformed is refused and not broken off.
    const asked = { q, only: null, every: true };
    const rows = await auditRows(options, context.get("identity"), asked);
    const type = format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
    const name = `attachment; filename="audit.${format}"`;
    const headers = { "content-type": type, "content-disposition": name };
    // Whoever asks for the headers reads no body.
    if (context.req.method === "HEAD") return new Response(null, { headers }) as never;
    if (running >= MOST_EXPORTS) {
      const message = `this node runs ${MOST_EXPORTS} exports already; ask again later`;
      throw new RegistryError("TOOMANYREQUESTS", message);
    }
    async function* lines(): AsyncGenerator<string> {
      running++;
      try {
        if (format === "csv") yield csvLine(HEADING);
        for (let last = 0; !options.closing?.aborted;) {
          const next = rows.where("audit_log.n", ">", last).orderBy("audit_log.n").limit(BATCH);
          const found: FoundRecord[] = await next.execute();
          yield found.map(format === "csv" ? csvOf : jsonOf).join("");
          if (found.length < BATCH) return;
          last = found.at(-1)!.n;
        }
        throw new Error("the server is closing");
      } finally {
        running--;
      }
    }
    const body = ReadableStream.from(lines()).pipeThrough(new TextEncoderStream());
    return new Response(body, { headers }) as never;
  });
}

function csvOf(row: FoundRecord): string {
  return csvLine([
    row.n,
    row.at.toISOString(),
    row.kind,
    row.operation,
    row.result,
    row.actor,
    row.resource_type,
    row.resource,
    row.project ?? "",
    row.came_from,
    row.came_with,
    row.cause,
    row.seq ?? "",
    row.detail,
    Buffer.from(row.hash).toString("hex"),
  ]);
}

/** As it was hashed. */
function jsonOf({ came_from: _from, came_with: _with, ...row }: FoundRecord): string {
  return `${JSON.stringify(exported(row))}\n`;
}
