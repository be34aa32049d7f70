import { artifactLabelChange, type Commit, labelChange, labelKey } from "@entrepot/catalog";
import { sql } from "kysely";
import { dropLabel } from "./labels.ts";
import type { NameToRestore, RestoreNames } from "./restore-names.ts";

/** Puts labels back; on which artifacts they are, `restoreArtifactLabels` does. */
export const restoreLabels: RestoreNames = async (commit, names) => {
  const left: (string | null)[] = [];
  for (const { key, wanted } of names) {
    const [project, name] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)];
    const { rows } = await sql<{ projectId: number | null; id: number | null }>`
      SELECT project.id AS "projectId", label.id
      FROM (SELECT ${project}::text AS name) AS k
      LEFT JOIN project ON project.name = k.name
      LEFT JOIN label ON coalesce(label.project_id, 0) = coalesce(project.id, 0)
        AND label.name = ${name}
    `.execute(commit.db);
    const { projectId, id } = rows[0]!;
    if (project !== "" && projectId === null) {
      left.push(wanted ? "its project does not exist" : null);
      continue;
    }
    left.push(null);
    if (!wanted) {
      if (id !== null) await dropLabel(commit, id);
      continue;
    }
    const settings = {
      name,
      description: String(wanted["description"]),
      color: String(wanted["color"]),
    };
    if (id === null) {
      await commit.db
        .insertInto("label")
        .values({ ...settings, project_id: projectId })
        .execute();
    } else {
      const row = { ...settings, updated_at: new Date() };
      await commit.db.updateTable("label").set(row).where("id", "=", id).execute();
    }
    commit.record(labelChange(project === "" ? null : project, name, settings));
  }
  return left;
};

interface Carrier {
  readonly i: number;
  readonly id: number;
  readonly projectId: number;
}

/** Puts on each artifact exactly the labels that it shall carry, as far as these exist. */
export const restoreArtifactLabels: RestoreNames = async (commit, names) => {
  const carriers = await carriersOf(commit, names);
  const there = new Map(carriers.map((carrier) => [carrier.i - 1, carrier]));
  const labels = await labelIds(commit);
  const missing = new Map<number, string[]>();
  const pairs: { manifest: number; label: number }[] = [];
  for (const [n, { id }] of there) {
    for (const key of labelsOf(names[n]!)) {
      const label = labels.get(key);
      if (label === undefined) missing.set(n, [...(missing.get(n) ?? []), key]);
      else pairs.push({ manifest: id, label });
    }
  }
  await setLabels(
    commit,
    carriers.map(({ id }) => id),
    pairs,
  );
  for (const [n, { id }] of there) {
    const ids = new Set(pairs.filter(({ manifest }) => manifest === id).map(({ label }) => label));
    const carried = [...labels].filter(([, label]) => ids.has(label)).map(([key]) => key);
    const [repository, digest] = names[n]!.key.split("@") as [string, string];
    commit.record(artifactLabelChange(repository, digest, carried));
  }
  return names.map((name, n) => {
    if (!there.has(n)) return name.wanted ? "its artifact is not here" : null;
    const gone = missing.get(n);
    return gone ? `these labels do not exist any more: ${gone.join(", ")}` : null;
  });
};

async function carriersOf(commit: Commit, names: readonly NameToRestore[]): Promise<Carrier[]> {
  const parts = names.map(({ key }) => key.split("@"));
  const { rows } = await sql<Carrier>`
    SELECT k.i, m.id, r.project_id AS "projectId"
    FROM unnest(${parts.map(([repository]) => repository)}::text[],
                ${parts.map(([, digest]) => digest)}::text[])
      WITH ORDINALITY AS k (repository, digest, i)
    JOIN repository r ON r.name = k.repository
    JOIN manifest m ON m.repository_id = r.id AND m.digest = k.digest
    ORDER BY m.id
    FOR UPDATE OF m
  `.execute(commit.db);
  return rows;
}

/** All labels by their keys: they are few. */
async function labelIds(commit: Commit): Promise<Map<string, number>> {
  const rows = await commit.db
    .selectFrom("label")
    .leftJoin("project", "project.id", "label.project_id")
    .select(["label.id", "label.name", "project.name as project"])
    .execute();
  return new Map(rows.map(({ id, name, project }) => [labelKey(project, name), id]));
}

async function setLabels(
  commit: Commit,
  manifests: readonly number[],
  pairs: readonly { manifest: number; label: number }[],
): Promise<void> {
  const chosen = sql`unnest(${pairs.map(({ manifest }) => manifest)}::bigint[],
    ${pairs.map(({ label }) => label)}::integer[]) AS k (manifest_id, label_id)`;
  await sql`
    DELETE FROM artifact_label WHERE manifest_id = ANY(${[...manifests]}::bigint[])
      AND (manifest_id, label_id) NOT IN (SELECT manifest_id, label_id FROM ${chosen})
  `.execute(commit.db);
  await sql`
    INSERT INTO artifact_label (manifest_id, label_id) SELECT * FROM ${chosen}
    ON CONFLICT DO NOTHING
  `.execute(commit.db);
}

function labelsOf({ wanted }: NameToRestore): readonly string[] {
  return (wanted?.["labels"] as readonly string[] | undefined) ?? [];
}
