import { type PlanItem, type PlanLine, type PlanSum, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import {
  type PlannedName,
  type PreviewEnd,
  type PreviewEvent,
  readPlan,
  readPlanItems,
} from "@entrepot/replication";
import { type ApiOptions, type App, requires } from "./app.ts";
import { ownedExecution, ownedPolicy, ownSettings } from "./policy-rights.ts";
import { settingsOf } from "./policy-shape.ts";

const { plans } = routes;
const NDJSON = "application/x-ndjson";

interface PlanQuery {
  readonly limit: number;
  readonly verdict?: PlanItem["verdict"] | undefined;
}

/** Adds previews of runs, and the plans of runs. */
export function addPlans(app: App, options: ApiOptions): void {
  const { catalog, replication } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...plans.preview, middleware }, async (context) => {
    const identity = context.get("identity");
    const { id } = context.req.valid("param");
    const policy = await ownedPolicy(options, identity, id, "replication-policy:read");
    const preview = (signal: AbortSignal) => replication.plan(policy, { signal });
    return answer(context.req.raw, context.req.valid("query"), preview) as never;
  });

  app.openapi({ ...plans.previewNew, middleware }, async (context) => {
    const { policy_id: id, ...query } = context.req.valid("query");
    const identity = context.get("identity");
    const stored =
      id === undefined
        ? null
        : await ownedPolicy(options, identity, id, "replication-policy:update");
    const given = settingsOf(context.req.valid("json"));
    const settings = await ownSettings(options, identity, given, "replication-policy:create");
    const preview = (signal: AbortSignal) =>
      replication.plan({ ...stored, ...settings }, { signal });
    return answer(context.req.raw, query, preview) as never;
  });

  app.openapi({ ...plans.ofExecution, middleware }, async (context) => {
    const asked = context.req.valid("param").id;
    const { id: executionId } = await ownedExecution(
      options,
      context.get("identity"),
      asked,
      "replication:read",
    );
    const { page, page_size: pageSize, verdict } = context.req.valid("query");
    const plan = await readPlan(catalog, executionId);
    if (!plan) {
      throw new RegistryError(
        "NOT_FOUND",
        `execution ${executionId} has no plan: only runs that compare both sides have one`,
      );
    }
    const which = { executionId, page, pageSize, ...(verdict && { verdict }) };
    const { items, total } = await readPlanItems(catalog, which);
    const { counts, complete, held } = plan;
    context.header("X-Total-Count", String(total));
    return context.json(
      { counts, complete, deletions_held: held, items: items.map(shownName) },
      200,
    );
  });
}

/** Who asks for lines gets them as they come; others get all of it at the end. */
async function answer(
  request: Request,
  query: PlanQuery,
  preview: (signal: AbortSignal) => AsyncGenerator<PreviewEvent>,
): Promise<Response> {
  const stop = new AbortController();
  const lines = linesOf(preview(AbortSignal.any([request.signal, stop.signal])), query);
  // Both sides are asked before anything is answered: what is wrong there is an ordinary error.
  const first = await lines.next();
  if (request.headers.get("accept")?.includes(NDJSON)) return streamed(first, lines, stop);
  const items: PlanItem[] = [];
  for (let next = first; !next.done; next = await lines.next()) {
    const { type, ...rest } = next.value;
    if (type === "item") items.push(rest as PlanItem);
    if (type === "end") return Response.json({ ...rest, items });
  }
  throw new RegistryError("UNAVAILABLE", "the plan was broken off; try again");
}

function streamed(
  first: IteratorResult<PlanLine>,
  lines: AsyncGenerator<PlanLine>,
  stop: AbortController,
): Response {
  const bytes = (line: PlanLine) => Buffer.from(`${JSON.stringify(line)}\n`);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (!first.done) controller.enqueue(bytes(first.value));
    },
    async pull(controller) {
      try {
        const { done, value } = await lines.next();
        if (done) controller.close();
        else controller.enqueue(bytes(value));
      } catch (error) {
        const code = error instanceof RegistryError ? error.code : "UNKNOWN";
        const message = error instanceof Error ? error.message : String(error);
        controller.enqueue(bytes({ type: "error", code, message }));
        controller.close();
      }
    },
    cancel: () => stop.abort(),
  });
  return new Response(body, { headers: { "content-type": NDJSON } });
}

async function* linesOf(
  events: AsyncIterable<PreviewEvent>,
  { limit, verdict }: PlanQuery,
): AsyncGenerator<PlanLine> {
  let left = limit;
  for await (const event of events) {
    if (event.type === "progress") yield event;
    if (event.type === "end") yield { type: "end", ...shownEnd(event) };
    if (event.type !== "names") continue;
    for (const name of event.decisions) {
      if (left === 0 || name.verdict === "equal" || (verdict && verdict !== name.verdict)) continue;
      left--;
      yield { type: "item", ...shownName(name) };
    }
  }
}

function shownName({ verdict, repository, reference, target, ...at }: PlannedName): PlanItem {
  const separator = reference.includes(":") ? "@" : ":";
  return {
    verdict,
    src_resource: `${repository}${separator}${reference}`,
    dst_resource: `${target}${separator}${reference}`,
    at_source: at.atSource,
    at_target: at.atTarget,
  };
}

function shownEnd({ counts, held, estimate }: PreviewEnd): PlanSum {
  return {
    counts,
    bytes_to_send: estimate.bytesToSend,
    bytes_there: estimate.bytesThere,
    bytes_mountable: estimate.bytesMountable,
    partial: estimate.artifactsLeftOut > 0,
    artifacts_left_out: estimate.artifactsLeftOut,
    deletions_held: held,
  };
}
