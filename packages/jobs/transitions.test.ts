import { sql } from "kysely";
import { expect, test } from "vitest";
import { testNodes } from "./test-nodes.ts";
import { EXECUTION_TRANSITIONS, TASK_TRANSITIONS } from "./transitions.ts";

const TABLES = [
  ["task", TASK_TRANSITIONS],
  ["execution", EXECUTION_TRANSITIONS],
] as const;

test.each(TABLES)("the database holds every %s to the state machine", async (table, allowed) => {
  const { open, catalog } = await testNodes();
  await (await open()).execute({ kind: "step" });
  const row = sql.table(table);
  const states = Object.keys(allowed);
  const refused: string[] = [];
  for (const from of states) {
    // As nobody else may: past the triggers.
    await catalog.transaction(async (db) => {
      await sql`SET LOCAL session_replication_role = replica`.execute(db);
      await sql`UPDATE ${row} SET status = ${from}, ${forScheduled(table)}`.execute(db);
    });
    for (const to of states) {
      const tried = catalog.transaction(async (db) => {
        await sql`UPDATE ${row} SET status = ${to}`.execute(db);
        throw new Error("undo");
      });
      const { message } = (await tried.catch((error: unknown) => error)) as Error;
      if (message !== "undo") refused.push(`${from} ${to}`);
    }
  }
  const illegal = states.flatMap((from) =>
    states
      .filter((to) => to !== from && !(allowed[from as never] as string[]).includes(to))
      .map((to) => `${from} ${to}`),
  );
  expect(refused).toEqual(illegal);
});

function forScheduled(table: string) {
  return table === "task" ? sql`not_before = now()` : sql`plan = NULL`;
}

test("a task begins as Pending", async () => {
  const { open, catalog } = await testNodes();
  await (await open()).execute({ kind: "step" });
  const born = sql`
    INSERT INTO task (execution_id, line_id, kind, lane, payload, status)
    SELECT execution_id, line_id, kind, lane, payload, 'Running' FROM task
  `.execute(catalog.db);
  await expect(born).rejects.toThrow("a task cannot become Running here");
});
