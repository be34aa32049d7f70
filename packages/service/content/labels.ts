import {
  type Actor,
  artifactLabelChange,
  type Catalog,
  type Commit,
  labelChange,
  labelKey,
} from "@entrepot/catalog";
import { type Digest, RegistryError } from "@entrepot/oci";
import { sql } from "kysely";

/** What can be said of a label. */
export interface LabelSettings {
  readonly name: string;
  readonly description: string;
  /** `#rrggbb`, or empty. */
  readonly color: string;
}

/** A stored label; `project` is null for one of the whole registry. */
export interface Label extends LabelSettings {
  readonly id: number;
  readonly project: { readonly id: number; readonly name: string } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Labels and the artifacts that carry them, each change journalled. */
export interface Labels {
  get(id: number): Promise<Label | null>;
  /** Returns its id. Throws BAD_REQUEST, NOT_FOUND for the project, CONFLICT for a taken name. */
  create(actor: Actor, label: LabelSettings & { projectId: number | null }): Promise<number>;
  /** Changes it on all artifacts. Throws NOT_FOUND, BAD_REQUEST, CONFLICT for a taken name. */
  update(actor: Actor, id: number, settings: LabelSettings): Promise<void>;
  /** Takes it off all artifacts, and deletes it. False if there was none. */
  remove(actor: Actor, id: number): Promise<boolean>;
  /**
   * Puts label `id` on an artifact: a global one, or one of the artifact's project. False if it was
   * on it already. Throws NOT_FOUND for either.
   */
  put(actor: Actor, id: number, repository: string, digest: Digest): Promise<boolean>;
  /** Takes label `id` off an artifact. False if it was not on it. */
  take(actor: Actor, id: number, repository: string, digest: Digest): Promise<boolean>;
}

/** The labels of `catalog`. */
export function openLabels(catalog: Catalog): Labels {
  return {
    get: (id) => labelAt(catalog, id),
    create: (actor, label) => catalog.commit(actor, (commit) => create(commit, label)),
    update: (actor, id, label) => catalog.commit(actor, (commit) => update(commit, id, label)),
    remove: (actor, id) => catalog.commit(actor, (commit) => remove(commit, id)),

    put: (actor, id, repository, digest) =>
      catalog.commit(actor, async (commit) => {
        const label = await labelOf(commit, id);
        const manifest = await manifestAt(commit, repository, digest);
        if (label.project_id !== null && label.project_id !== manifest.project_id) {
          throw missing(id);
        }
        const added = await commit.db
          .insertInto("artifact_label")
          .values({ manifest_id: manifest.id, label_id: id })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (added.numInsertedOrUpdatedRows === 0n) return false;
        await record(commit, [manifest.id]);
        return true;
      }),

    take: (actor, id, repository, digest) =>
      catalog.commit(actor, async (commit) => {
        await labelOf(commit, id);
        const manifest = await manifestAt(commit, repository, digest);
        const gone = await commit.db
          .deleteFrom("artifact_label")
          .where("manifest_id", "=", manifest.id)
          .where("label_id", "=", id)
          .executeTakeFirst();
        if (gone.numDeletedRows === 0n) return false;
        await record(commit, [manifest.id]);
        return true;
      }),
  };
}

/** Records that the artifacts `ids`, which are about to be deleted, carry no label any more. */
export async function recordUnlabelled(commit: Commit, ids: readonly number[]): Promise<void> {
  for (const { repository, digest, labels } of await labelsOn(commit, ids)) {
    if (labels.length > 0) commit.record(artifactLabelChange(repository, digest, []));
  }
}

async function labelAt({ db }: Pick<Catalog, "db">, id: number): Promise<Label | null> {
  const row = await db
    .selectFrom("label")
    .leftJoin("project", "project.id", "label.project_id")
    .selectAll("label")
    .select("project.name as project")
    .where(sql<boolean>`label.id = ${id}::bigint`)
    .executeTakeFirst();
  if (!row) return null;
  const { name, description, color, project_id: projectId, project } = row;
  return {
    id,
    name,
    description,
    color,
    project: projectId === null ? null : { id: projectId, name: project! },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

async function create(
  commit: Commit,
  { projectId, ...settings }: LabelSettings & { projectId: number | null },
): Promise<number> {
  check(settings);
  const project = projectId === null ? null : await projectNamed(commit, projectId);
  const row = await commit.db
    .insertInto("label")
    .values({ ...settings, project_id: projectId })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!row) throw taken(project, settings.name);
  commit.record(labelChange(project, settings.name, settings));
  return row.id;
}

async function update(commit: Commit, id: number, settings: LabelSettings): Promise<void> {
  check(settings);
  const before = await labelOf(commit, id, true);
  const twin = await commit.db
    .selectFrom("label")
    .select("id")
    .where(sql<boolean>`coalesce(project_id, 0) = ${before.project_id ?? 0}`)
    .where("name", "=", settings.name)
    .where("id", "!=", id)
    .executeTakeFirst();
  if (twin) throw taken(before.project, settings.name);
  const renamed = before.name !== settings.name;
  const carriers = renamed ? await lockCarriers(commit, id) : [];
  await commit.db
    .updateTable("label")
    .set({ ...settings, updated_at: new Date() })
    .where("id", "=", id)
    .execute();
  if (renamed) commit.record(labelChange(before.project, before.name, null));
  commit.record(labelChange(before.project, settings.name, settings));
  await record(commit, carriers);
}

async function remove(commit: Commit, id: number): Promise<boolean> {
  const before = await labelOf(commit, id, true).catch((error: unknown) => {
    if (error instanceof RegistryError && error.code === "NOT_FOUND") return null;
    throw error;
  });
  if (!before) return false;
  await drop(commit, id, before);
  return true;
}

/** Deletes label `id`, which exists, as a part of `commit`. */
export async function dropLabel(commit: Commit, id: number): Promise<void> {
  await drop(commit, id, await labelOf(commit, id, true));
}

async function drop(
  commit: Commit,
  id: number,
  { project, name }: { readonly project: string | null; readonly name: string },
): Promise<void> {
  const carriers = await lockCarriers(commit, id);
  await commit.db.deleteFrom("label").where("id", "=", id).execute();
  await record(commit, carriers);
  commit.record(labelChange(project, name, null));
}

/*
 * Whoever changes what an artifact carries has its row locked, so that each after-image has all of
 * its labels; and has the label's row locked first, so that nobody waits in a circle.
 */

async function labelOf({ db }: Commit, id: number, change = false) {
  const row = await db
    .selectFrom("label")
    .leftJoin("project", "project.id", "label.project_id")
    .select(["label.name", "label.project_id", "project.name as project"])
    .where(sql<boolean>`label.id = ${id}::bigint`)
    .$if(change, (query) => query.forUpdate("label"))
    .$if(!change, (query) => query.forShare("label"))
    .executeTakeFirst();
  if (!row) throw missing(id);
  return row;
}

async function manifestAt({ db }: Commit, repository: string, digest: Digest) {
  const unknown = new RegistryError("NOT_FOUND", `${repository}@${digest} does not exist`);
  // The repository first, as who deletes it with all that is in it does.
  const home = await db
    .selectFrom("repository")
    .select(["id", "project_id"])
    .where("name", "=", repository)
    .forKeyShare()
    .executeTakeFirst();
  if (!home) throw unknown;
  const row = await db
    .selectFrom("manifest")
    .select("id")
    .where("repository_id", "=", home.id)
    .where("digest", "=", digest)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw unknown;
  return { id: row.id, project_id: home.project_id };
}

async function lockCarriers({ db }: Commit, labelId: number): Promise<number[]> {
  const rows = await db
    .selectFrom("artifact_label")
    .innerJoin("manifest", "manifest.id", "artifact_label.manifest_id")
    .select("manifest.id")
    .where("label_id", "=", labelId)
    .orderBy("manifest.id")
    .forUpdate("manifest")
    .execute();
  return rows.map((row) => row.id);
}

async function record(commit: Commit, manifestIds: readonly number[]): Promise<void> {
  for (const { repository, digest, labels } of await labelsOn(commit, manifestIds)) {
    commit.record(artifactLabelChange(repository, digest, labels));
  }
}

async function labelsOn({ db }: Commit, manifestIds: readonly number[]) {
  if (manifestIds.length === 0) return [];
  const { rows } = await sql<{
    repository: string;
    digest: string;
    project: string | null;
    name: string | null;
  }>`
    SELECT r.name AS repository, m.digest, p.name AS project, l.name
    FROM manifest m JOIN repository r ON r.id = m.repository_id
    LEFT JOIN artifact_label a ON a.manifest_id = m.id
    LEFT JOIN label l ON l.id = a.label_id
    LEFT JOIN project p ON p.id = l.project_id
    WHERE m.id = ANY(${[...manifestIds]}::bigint[])
  `.execute(db);
  return [...Map.groupBy(rows, (row) => `${row.repository}@${row.digest}`).values()].map((of) => ({
    repository: of[0]!.repository,
    digest: of[0]!.digest,
    labels: of.flatMap(({ project, name }) => (name === null ? [] : [labelKey(project, name)])),
  }));
}

async function projectNamed({ db }: Commit, id: number): Promise<string> {
  const row = await db
    .selectFrom("project")
    .select("name")
    .where(sql<boolean>`id = ${id}::bigint`)
    .executeTakeFirst();
  if (row) return row.name;
  throw new RegistryError("NOT_FOUND", `project ${id} does not exist`);
}

function check({ name, description, color }: LabelSettings): void {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  if (name.trim() === "" || name.length > 128) {
    throw wrong("a label needs a name of 1 to 128 characters");
  }
  if (description.length > 1_000) throw wrong("a label's description has 1000 characters at most");
  if (color !== "" && !/^#[0-9A-Fa-f]{6}$/.test(color)) {
    throw wrong(`color ${JSON.stringify(color)} is not of the form #rrggbb`);
  }
}

function taken(project: string | null, name: string): RegistryError {
  const where = project === null ? "a global label" : `a label of project '${project}'`;
  return new RegistryError("CONFLICT", `${where} is named '${name}' already`);
}

function missing(id: number): RegistryError {
  return new RegistryError("NOT_FOUND", `label ${id} does not exist here`);
}
