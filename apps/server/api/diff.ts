import { type DiffLine, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import type { DiffEntry } from "@entrepot/replication";
import { type ApiOptions, type App, requires } from "./app.ts";
import { ownedPolicy } from "./policy-rights.ts";

/** A line of progress follows after this many entries that are not shown. */
const PROGRESS_EVERY = 200;

/** Adds the comparison of both sides of a policy. */
export function addDiff(app: App, options: ApiOptions): void {
  const { log, replication } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...routes.standing.diff, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    await ownedPolicy(options, context.get("identity"), id, "replication-policy:read");
    const { equal } = context.req.valid("query");
    const stop = new AbortController();
    const entries = await replication.diff(id, stop.signal);
    const lines = linesOf(entries, equal, (error) => log.info({ err: error }, "comparing failed"));
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await lines.next();
          if (done) controller.close();
          else controller.enqueue(Buffer.from(`${JSON.stringify(value)}\n`));
        },
        async cancel() {
          stop.abort();
          await lines.return(undefined);
        },
      },
      { highWaterMark: 16 },
    );
    // Typed as its schema's JSON; what is sent is one JSON text a line.
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } }) as never;
  });
}

async function* linesOf(
  entries: AsyncIterable<DiffEntry>,
  equal: boolean,
  failed: (error: unknown) => void,
): AsyncGenerator<DiffLine> {
  const counts = { equal: 0, different: 0, missing: 0, extra: 0, unreferenced: 0 };
  let compared = 0;
  try {
    for await (const { atSource, atTarget, ...entry } of entries) {
      compared += 1;
      counts[entry.state] += 1;
      if (equal || entry.state !== "equal") {
        yield { type: "entry", ...entry, at_source: atSource, at_target: atTarget };
      }
      if (compared % PROGRESS_EVERY === 0) {
        yield { type: "progress", compared, repository: entry.repository };
      }
    }
    yield { type: "end", counts };
  } catch (error) {
    failed(error);
    const known = error instanceof RegistryError;
    const message = known ? error.message : "something failed here; the server's log says what";
    yield { type: "error", code: known ? error.code : "UNKNOWN", message };
  }
}
