import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callAs, ROUTES, worldOfRoles } from "./rights-calls.ts";
import { CALLERS } from "./rights-callers.ts";

/*
 * What every route answers to everybody, as a table that is checked in. A route that is new or
 * answers otherwise fails here until somebody has read the change:
 * UPDATE_GOLDEN=1 npx vitest run apps/server/api/rights.test.ts
 */

const GOLDEN = new URL("rights.golden.txt", import.meta.url);
let server: Awaited<ReturnType<typeof worldOfRoles>>;

beforeAll(async () => {
  server = await worldOfRoles();
});
afterAll(() => server.close());

const unserved: string[] = [];

async function row(route: (typeof ROUTES)[number], project: string): Promise<string> {
  const statuses: string[] = [];
  for (const caller of CALLERS) {
    const credential = server.callers(caller, project);
    const answer = await callAs(server, route, { project, credential });
    const text = await textOf(answer);
    if (answer.status === 404 && text.includes("there is nothing at")) unserved.push(route.name);
    statuses.push(String(answer.status).padEnd(caller.length));
  }
  return `${nameOf(route)}  ${statuses.join("  ").trimEnd()}`;
}

/** What was answered; of a stream that goes on for ever, nothing. */
async function textOf(answer: Response): Promise<string> {
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer.text();
  await answer.body?.cancel();
  return "";
}

const nameOf = ({ method, path }: (typeof ROUTES)[number]) =>
  `${method.toUpperCase().padEnd(6)} ${path.replace("/api/v2.0", "")}`.padEnd(WIDTH);
const WIDTH = Math.max(...ROUTES.map(({ path }) => path.length - "/api/v2.0".length)) + 7;

async function table(title: string, project: string, shown: typeof ROUTES): Promise<string> {
  const head = `${title.padEnd(WIDTH)}  ${CALLERS.join("  ")}`;
  const rows: string[] = [];
  for (const route of shown) rows.push(await row(route, project));
  return [head, ...rows, ""].join("\n");
}

test("every route answers everybody as the table says, and none is not served", async () => {
  const inProject = ROUTES.filter(({ path }) => path.includes("{project_name"));
  const tables = [
    await table("In a private project", "closed", ROUTES),
    await table("In a public project", "open", inProject),
  ];
  const found = tables.join("\n");
  expect(unserved).toEqual([]);
  if (process.env["UPDATE_GOLDEN"]) await writeFile(GOLDEN, found);
  expect(found).toBe(await readFile(GOLDEN, "utf8").catch(() => ""));
}, 400_000);
