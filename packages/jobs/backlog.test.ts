import { sql } from "kysely";
import { expect, test } from "vitest";
import { claim } from "./claim.ts";
import { testNodes } from "./test-nodes.ts";
import { enterPool } from "./worker-pool.ts";

/** Tasks of one endpoint that is full, of one lane, and of a line that can be claimed. */
const BACKLOG = 50_000;

test("a claim does not get slower with what waits", async () => {
  const { open, catalog } = await testNodes();
  const { jobs, execute } = await open();
  const full = ["endpoint:1"];
  await jobs.setLimit("endpoint:1", 1);
  await execute({ kind: "step", groups: full }, { kind: "step", lane: "one" });
  await execute({ kind: "step", lane: "many" });
  // As `execute` would store them, only sooner.
  await sql`
    INSERT INTO task (execution_id, line_id, kind, lane, payload, status, ready)
    SELECT execution_id, line_id, kind,
      CASE WHEN lane = 'one' THEN lane ELSE lane || n END, payload, status, lane <> 'one'
    FROM task CROSS JOIN generate_series(1, ${BACKLOG / 2}) AS n WHERE lane <> 'many'
  `.execute(catalog.db);
  await sql`
    INSERT INTO task (execution_id, line_id, kind, lane, payload, status, ready)
    SELECT execution_id, line_id, kind, lane || n, payload, status, true
    FROM task CROSS JOIN generate_series(1, ${BACKLOG}) AS n WHERE lane = 'many'
  `.execute(catalog.db);
  await enterPool(catalog.db, "worker", 16);
  const tookMs: number[] = [];
  for (let n = 0; n < 40; n++) {
    const before = performance.now();
    const { claims } = await claim(catalog, "worker", 16);
    tookMs.push(performance.now() - before);
    expect(claims.length).toBe(16);
  }
  tookMs.sort((a, b) => a - b);
  const { rows } = await sql`
    SELECT FROM task JOIN job_line ON job_line.id = line_id
    WHERE task.status = 'Running' AND 'endpoint:1' = ANY(groups)
  `.execute(catalog.db);
  expect(rows.length).toBe(1);
  console.info(`${2 * BACKLOG} waiting: claims of 16 take ${tookMs[20]?.toFixed(1)} ms (median)`);
  // A look at all of them would take hundreds.
  expect(tookMs[20]).toBeLessThan(200);
});
