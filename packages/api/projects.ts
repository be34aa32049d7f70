import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["project"];
const byProject = {
  params: contract.ProjectParams,
  headers: contract.ProjectHeaders,
};

/** A project's settings. Values are strings, `public` is `"true"` or `"false"`. Source: Harbor. */
export const ProjectMetadata = z
  .object({ public: z.enum(["true", "false"]).optional() })
  .catchall(z.string().nullable())
  .openapi("ProjectMetadata");
export type ProjectMetadata = z.infer<typeof ProjectMetadata>;

/** A project as it is shown. `current_user_role_id` is the caller's, 0 if none. */
export const Project = z
  .object({
    project_id: z.int(),
    name: z.string(),
    owner_id: z.int(),
    owner_name: z.string(),
    metadata: ProjectMetadata,
    /** The endpoint that it is a proxy of; 0 if it is none. */
    registry_id: z.int(),
    repo_count: z.int(),
    current_user_role_id: z.int(),
    current_user_role_ids: z.array(z.int()),
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("Project");
export type Project = z.infer<typeof Project>;

/** What a project is created with. `public` is an old form of `metadata.public`. */
export const NewProject = z
  .object({
    project_name: z.string(),
    public: z.boolean().nullish(),
    metadata: ProjectMetadata.nullish(),
    /** Makes it a proxy of this endpoint, for good. */
    registry_id: z.int().min(0).nullish(),
    /** Bytes; -1 or absent: no limit. */
    storage_limit: z.int().nullish(),
  })
  .openapi("ProjectReq");
export type NewProject = z.infer<typeof NewProject>;

/** What can be changed of a project. */
export const ProjectChange = NewProject.pick({ public: true, metadata: true }).openapi(
  "ProjectUpdate",
  {
    description:
      "What is absent or null stays. A setting that is an empty text is set no more: with " +
      "`recovery_days`, the registry's counts again.",
  },
);
export type ProjectChange = z.infer<typeof ProjectChange>;

/** Counts of a project. Sizes in bytes; `hard.storage` -1 means unlimited. */
export const ProjectSummary = z
  .object({
    repo_count: z.int(),
    project_admin_count: z.int(),
    maintainer_count: z.int(),
    developer_count: z.int(),
    guest_count: z.int(),
    limited_guest_count: z.int(),
    quota: z.object({
      hard: z.object({ storage: z.int() }),
      used: z.object({ storage: z.int() }),
    }),
  })
  .openapi("ProjectSummary");
export type ProjectSummary = z.infer<typeof ProjectSummary>;

/** Whether a project can be deleted, and if not, why. */
export const ProjectDeletable = z
  .object({ deletable: z.boolean(), message: z.string() })
  .openapi("ProjectDeletable");

/** Fields that `q` can filter projects by. */
export const PROJECT_FIELDS = {
  name: "text",
  project_id: "number",
  owner_name: "text",
  public: "text",
  creation_time: "time",
} as const;

/** The project routes. */
export const projects = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/projects",
    summary: "Projects that the caller may see",
    tags,
    ...needs("anyone"),
    request: {
      query: ListQuery.extend({
        name: z.string().optional().openapi({ description: "Contained in the name." }),
        public: contract.flag(true).optional(),
        owner: z.string().optional(),
        with_detail: contract.flag(true),
      }),
    },
    responses: { 200: page(Project, "One page of projects."), ...errors(400, 422) },
  }),

  // Hono answers HEAD with the handler for GET: this one is to be served before it.
  exists: createRoute({
    method: "head",
    path: "/api/v2.0/projects",
    summary: "Whether a project of this name exists",
    tags,
    ...needs("account"),
    request: { query: z.object({ project_name: z.string() }) },
    responses: { 200: { description: "It exists." }, ...errors(404) },
  }),

  create: createRoute({
    method: "post",
    path: "/api/v2.0/projects",
    summary: "Creates a project",
    description:
      "`Location` ends in its id, or its name if the header X-Resource-Name-In-Location is true.",
    tags,
    ...needs("system:project:create"),
    request: {
      body: body(NewProject),
      headers: z.object({ "x-resource-name-in-location": z.enum(["true", "false"]).optional() }),
    },
    responses: { 201: created, ...errors(400, 409) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name_or_id}",
    summary: "A project",
    tags,
    ...needs("project:read"),
    request: byProject,
    responses: { 200: json(Project, "The project."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/projects/{project_name_or_id}",
    summary: "Changes a project's settings",
    tags,
    ...needs("project:update"),
    request: { ...byProject, body: body(ProjectChange) },
    responses: { 200: done, ...errors(400, 404) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/projects/{project_name_or_id}",
    summary: "Deletes a project without repositories, or with `cascade` all that is in it",
    description: "What one request deletes is undone as one: its X-Request-Id is the cause.",
    tags,
    ...needs("project:delete"),
    request: { ...byProject, query: z.object({ cascade: contract.flag(false) }) },
    responses: { 200: done, ...errors(404, 412) },
  }),

  deletable: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name_or_id}/_deletable",
    summary: "Whether a project can be deleted",
    tags,
    ...needs("project:delete"),
    request: byProject,
    responses: { 200: json(ProjectDeletable, "Whether, and if not, why."), ...errors(404) },
  }),

  summary: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name_or_id}/summary",
    summary: "Counts of a project",
    tags,
    ...needs("project:read"),
    request: byProject,
    responses: { 200: json(ProjectSummary, "The counts."), ...errors(404) },
  }),
};
