import { compareWithTables } from "@entrepot/catalog";
import { sql } from "kysely";
import type { CheckContext, NewFinding } from "./ports.ts";

type Source = Pick<CheckContext["catalog"], "db">;

/** Quotas that count other bytes than their project holds. */
export async function checkUsage({ db }: Source, scope: string): Promise<NewFinding[]> {
  const project = scope.split("/", 1)[0]!;
  // One statement sees one moment, and triggers keep the count at every commit.
  const { rows } = await sql<{ name: string; used: number; counted: number }>`
    SELECT p.name, q.used, project_bytes(p.id) AS counted
    FROM quota q JOIN project p ON p.id = q.project_id
    WHERE (${project} = '' OR p.name = ${project}) AND q.used <> project_bytes(p.id)
    ORDER BY p.name`.execute(db);
  return rows.map(({ name, used, counted }) => ({
    class: "usage",
    name,
    size: counted,
    detail: `its quota counts ${used} bytes, and its blobs and manifests are ${counted}`,
  }));
}

/** Names about which the journal and the tables say different things; the first 1,000. */
export async function checkJournal(catalog: Source, scope: string): Promise<NewFinding[]> {
  const all = await compareWithTables(catalog);
  const isInside = (key: string) =>
    scope === "" ||
    key === scope ||
    (/^[/:@]/.test(key.slice(scope.length)) && key.startsWith(scope));
  return all
    .filter(({ key }) => isInside(key))
    .map(({ kind, key, journal, table }) => {
      const said = (one: unknown) => (one === null ? "nothing" : JSON.stringify(one));
      const detail = `the journal has ${said(journal)}, and the tables have ${said(table)}`;
      const name = `${kind} ${key}`;
      return { class: "journal", name, size: null, detail: detail.slice(0, 2_000) };
    });
}
