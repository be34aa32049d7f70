import {
  type Actor,
  type Catalog,
  type Commit,
  labelChange,
  memberChange,
  projectChange,
  repositoryChange,
} from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { AS_OF } from "@entrepot/registry";

/** A project's metadata as Harbor stores it: strings, `public` among them. */
export type ProjectMetadata = Readonly<Record<string, string>>;

/** What a project is made of. Private unless said otherwise. */
export interface NewProject {
  readonly name: string;
  readonly public?: boolean;
  /** Settings beside `public`. */
  readonly metadata?: ProjectMetadata;
  /** The endpoint that it is a proxy of. */
  readonly registryId?: number | null;
}

/** Deletes and journals what a project has of one kind, as a part of the commit that deletes it. */
export type ProjectPart = (
  commit: Commit,
  project: { readonly id: number; readonly name: string },
) => Promise<void>;

/** Projects and repositories as names; every change is journalled on behalf of an actor. */
export interface Projects {
  /**
   * Returns its id. `within` runs in the same commit, for what a project begins with. Throws
   * BAD_REQUEST for a name that does not do, CONFLICT if it is taken.
   */
  create(
    actor: Actor,
    project: NewProject,
    within?: (commit: Commit) => Promise<unknown>,
  ): Promise<number>;
  /**
   * Sets the metadata given, keeps the rest; what is given as an empty text is set no more. False
   * if there is no such project.
   */
  update(actor: Actor, name: string, metadata: ProjectMetadata): Promise<boolean>;
  /**
   * False if there was none. Throws PRECONDITION while it has repositories, or a replication policy
   * that none of `parts` deletes.
   */
  remove(actor: Actor, name: string, parts?: readonly ProjectPart[]): Promise<boolean>;
  exists(name: string): Promise<boolean>;
  /** Whether anybody may pull from project `name`. False if there is none. */
  isPublic(name: string): Promise<boolean>;
  /** Sees to it that project `name` exists. Repeating is safe. */
  ensure(actor: Actor, name: string, isPublic?: boolean): Promise<void>;
  /** False if there is no such repository. */
  describe(actor: Actor, repository: string, description: string): Promise<boolean>;
}

/** Lower case, as a repository name's first component. */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

function checkName(name: string): void {
  if (!NAME.test(name) || name.length > 255) {
    throw new RegistryError(
      "BAD_REQUEST",
      `${JSON.stringify(name)} cannot name a project: use 1 to 255 lower-case letters and ` +
        "digits, with single '.', '_' or '-' between them",
    );
  }
  if (name === AS_OF) {
    throw new RegistryError(
      "BAD_REQUEST",
      `'${AS_OF}' cannot name a project: names that begin with it are the past of others`,
    );
  }
}

/** The projects of `catalog`. */
export function openProjects(catalog: Catalog): Projects {
  const create: Projects["create"] = async (actor, project, within) => {
    const { name, public: isPublic = false } = project;
    checkName(name);
    return catalog.commit(actor, async (commit) => {
      const metadata = { ...project.metadata, public: String(isPublic) };
      const row = await commit.db
        .insertInto("project")
        .values({
          name,
          owner: actor.name,
          metadata: JSON.stringify(metadata),
          registry_id: project.registryId ?? null,
        })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .returning(["id", "owner", "metadata", "registry_id"])
        .executeTakeFirst();
      if (!row) throw new RegistryError("CONFLICT", `project '${name}' exists already`);
      commit.record(projectChange(name, row));
      await within?.(commit);
      return row.id;
    });
  };

  return {
    create,

    update: (actor, name, metadata) => updateProject(catalog, actor, name, metadata),
    remove: (actor, name, parts = []) => removeProject(catalog, actor, name, parts),

    exists: async (name) => (await metadataOf(catalog, name)) !== null,

    async isPublic(name) {
      return (await metadataOf(catalog, name))?.["public"] === "true";
    },

    async ensure(actor, name, isPublic = false) {
      if ((await metadataOf(catalog, name)) !== null) return;
      try {
        await create(actor, { name, public: isPublic });
      } catch (error) {
        if (!(error instanceof RegistryError && error.code === "CONFLICT")) throw error;
      }
    },

    async describe(actor, repository, description) {
      return catalog.commit(actor, async (commit) => {
        const row = await commit.db
          .updateTable("repository")
          .set({ description, updated_at: new Date() })
          .where("name", "=", repository)
          .returning("description")
          .executeTakeFirst();
        if (row) commit.record(repositoryChange(repository, row));
        return row !== undefined;
      });
    },
  };
}

async function removeProject(
  catalog: Catalog,
  actor: Actor,
  name: string,
  parts: readonly ProjectPart[],
): Promise<boolean> {
  return catalog.commit(actor, async (commit) => {
    const project = await lockedProject(commit, name);
    if (!project) return false;
    const repository = await commit.db
      .selectFrom("repository")
      .select("name")
      .where("project_id", "=", project.id)
      .limit(1)
      .executeTakeFirst();
    if (repository) {
      throw new RegistryError(
        "PRECONDITION",
        `project '${name}' still has repositories ('${repository.name}' is one); delete them first`,
      );
    }
    for (const remove of parts) await remove(commit, { id: project.id, name });
    const policy = await commit.db
      .selectFrom("replication_policy")
      .select("name")
      .where("project_id", "=", project.id)
      .limit(1)
      .executeTakeFirst();
    if (policy) {
      throw new RegistryError(
        "PRECONDITION",
        `project '${name}' still has replication policy '${policy.name}'; delete it first`,
      );
    }
    await dropProject(commit, name);
    return true;
  });
}

/** Deletes project `name`, which has no repositories, with its labels and members. */
export async function dropProject(commit: Commit, name: string): Promise<void> {
  const project = await lockedProject(commit, name);
  if (!project) return;
  const labels = await commit.db
    .deleteFrom("label")
    .where("project_id", "=", project.id)
    .returning("name")
    .execute();
  for (const label of labels) commit.record(labelChange(name, label.name, null));
  const members = await commit.db
    .deleteFrom("member")
    .where("project_id", "=", project.id)
    .returning(
      sql<string>`coalesce(
      (SELECT username FROM account WHERE id = account_id),
      (SELECT member_name FROM user_group WHERE id = group_id))`.as("username"),
    )
    .execute();
  for (const { username } of members) commit.record(memberChange(name, username, null));
  await commit.db.deleteFrom("project").where("id", "=", project.id).execute();
  commit.record(projectChange(name, null));
}

async function updateProject(
  catalog: Catalog,
  actor: Actor,
  name: string,
  metadata: ProjectMetadata,
): Promise<boolean> {
  return catalog.commit(actor, async (commit) => {
    const before = await lockedProject(commit, name);
    if (!before) return false;
    const all = { ...(before.metadata as ProjectMetadata), ...metadata };
    const set = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
    const after = await commit.db
      .updateTable("project")
      .set({
        metadata: JSON.stringify(set),
        updated_at: new Date(),
      })
      .where("name", "=", name)
      .returning(["owner", "metadata", "registry_id"])
      .executeTakeFirstOrThrow();
    commit.record(projectChange(name, after));
    return true;
  });
}

function lockedProject({ db }: Commit, name: string) {
  return db
    .selectFrom("project")
    .select(["id", "metadata"])
    .where("name", "=", name)
    .forUpdate()
    .executeTakeFirst();
}

async function metadataOf(catalog: Catalog, name: string): Promise<ProjectMetadata | null> {
  const row = await catalog.db
    .selectFrom("project")
    .select("metadata")
    .where("name", "=", name)
    .executeTakeFirst();
  return row ? (row.metadata as ProjectMetadata) : null;
}
