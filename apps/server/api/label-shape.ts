import type { Label } from "@entrepot/api";
import type { Catalog } from "@entrepot/catalog";

/** A label as its table has it. */
export interface LabelRow {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly color: string;
  readonly project_id: number | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** A label as Harbor shows it. */
export function shownLabel(row: LabelRow): Label {
  const { id, name, description, color, project_id: projectId } = row;
  return {
    id,
    name,
    description,
    color,
    scope: projectId === null ? "g" : "p",
    project_id: projectId ?? 0,
    creation_time: row.created_at.toISOString(),
    update_time: row.updated_at.toISOString(),
  };
}

/** The labels that any of `artifactIds` carries, by name. */
export async function labelsOf({ db }: Pick<Catalog, "db">, artifactIds: readonly number[]) {
  return db
    .selectFrom("artifact_label")
    .innerJoin("label", "label.id", "artifact_label.label_id")
    .selectAll("label")
    .select("manifest_id")
    .where((eb) => eb("manifest_id", "=", eb.fn.any(eb.val([...artifactIds]))))
    .orderBy("label.name")
    .orderBy("label.id")
    .execute();
}
