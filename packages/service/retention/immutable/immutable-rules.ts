import {
  type Actor,
  type Catalog,
  type Commit,
  type ImmutableRuleTable,
  immutableChange,
} from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type Selectable, sql } from "kysely";
import { globRegex } from "./glob-regex.ts";
import {
  checkPatterns,
  type CompileGlob,
  type ImmutableRule,
  type ImmutableSettings,
} from "./rule-settings.ts";

/** Rules per project, at most. */
const MOST = 15;

/** A project, as rules and quotas are asked for it. */
export interface ProjectRef {
  readonly id: number;
  readonly name: string;
}

/**
 * Immutable tag rules. What they say is held by triggers: whoever moves or deletes such a tag, in
 * whatever way, is refused with DENIED, whose detail has `immutableRule`.
 */
export interface ImmutableRules {
  /** A project's, by id. */
  list(projectId: number): Promise<ImmutableRule[]>;
  /**
   * Returns its id. Holds from the moment it returns, also for pushes that are under way. Throws
   * BAD_REQUEST for a malformed pattern, CONFLICT if there is the same one.
   */
  create(actor: Actor, project: ProjectRef, settings: ImmutableSettings): Promise<number>;
  /** As create; false if there is none of this id in the project. */
  update(
    actor: Actor,
    project: ProjectRef,
    id: number,
    settings: ImmutableSettings,
  ): Promise<boolean>;
  /** False if there was none. */
  remove(actor: Actor, project: ProjectRef, id: number): Promise<boolean>;
}

/** The rules of `catalog`. */
export function openImmutableRules(catalog: Catalog, glob: CompileGlob): ImmutableRules {
  return {
    async list(projectId) {
      const rows = await catalog.db
        .selectFrom("immutable_rule")
        .selectAll()
        .where("project_id", "=", projectId)
        .orderBy("id")
        .execute();
      return rows.map(ruleOf);
    },

    create: async (actor, project, settings) => {
      const values = valuesOf(settings, glob);
      return catalog.commit(actor, async (commit) => {
        await lockRules(commit, project.id);
        const rules = commit.db.selectFrom("immutable_rule").where("project_id", "=", project.id);
        const there = await rules.select("id").execute();
        if (there.length >= MOST) {
          const text = `project '${project.name}' has ${MOST} immutable rules already; delete one`;
          throw new RegistryError("BAD_REQUEST", text);
        }
        await refuseTwin(commit, project, values, null);
        const row = await commit.db
          .insertInto("immutable_rule")
          .values({ project_id: project.id, ...values })
          .returningAll()
          .executeTakeFirstOrThrow();
        commit.record(immutableChange(project.name, row.id, row));
        return row.id;
      });
    },

    update: async (actor, project, id, settings) => {
      const values = valuesOf(settings, glob);
      return catalog.commit(actor, async (commit) => {
        await lockRules(commit, project.id);
        await refuseTwin(commit, project, values, id);
        const row = await commit.db
          .updateTable("immutable_rule")
          .set({ ...values, updated_at: new Date() })
          .where("project_id", "=", project.id)
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirst();
        if (row) commit.record(immutableChange(project.name, id, row));
        return row !== undefined;
      });
    },

    remove: (actor, project, id) =>
      catalog.commit(actor, async (commit) => {
        const gone = await commit.db
          .deleteFrom("immutable_rule")
          .where("project_id", "=", project.id)
          .where("id", "=", id)
          .returning("id")
          .executeTakeFirst();
        if (gone) commit.record(immutableChange(project.name, id, null));
        return gone !== undefined;
      }),
  };
}

/** Waits for whoever is moving or deleting a tag of the project; those who come later wait. */
export async function lockRules({ db }: Commit, projectId: number): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(15, ${projectId}::integer)`.execute(db);
}

/** A rule's columns. Throws BAD_REQUEST for a malformed pattern. */
export function valuesOf(settings: ImmutableSettings, glob: CompileGlob) {
  checkPatterns(glob, [settings.tagPattern, settings.repositoryPattern]);
  return {
    disabled: settings.disabled,
    tag_decoration: settings.tagDecoration,
    tag_pattern: settings.tagPattern,
    tag_regex: globRegex(settings.tagPattern),
    repository_decoration: settings.repositoryDecoration,
    repository_pattern: settings.repositoryPattern,
    repository_regex: globRegex(settings.repositoryPattern),
  };
}

async function refuseTwin(
  { db }: Commit,
  project: ProjectRef,
  values: ReturnType<typeof valuesOf>,
  id: number | null,
): Promise<void> {
  const twin = await db
    .selectFrom("immutable_rule")
    .select("id")
    .where("project_id", "=", project.id)
    .where("tag_decoration", "=", values.tag_decoration)
    .where("tag_pattern", "=", values.tag_pattern)
    .where("repository_decoration", "=", values.repository_decoration)
    .where("repository_pattern", "=", values.repository_pattern)
    .executeTakeFirst();
  if (!twin || twin.id === id) return;
  const text = `project '${project.name}' has the same rule already, as ${twin.id}`;
  throw new RegistryError("CONFLICT", text);
}

function ruleOf(row: Selectable<ImmutableRuleTable>): ImmutableRule {
  return {
    id: row.id,
    projectId: row.project_id,
    disabled: row.disabled,
    tagDecoration: row.tag_decoration,
    tagPattern: row.tag_pattern,
    repositoryDecoration: row.repository_decoration,
    repositoryPattern: row.repository_pattern,
  };
}
