import { visibleProjects } from "@entrepot/access";
import { routes, type SearchRepository } from "@entrepot/api";
import { sql } from "kysely";
import type { ApiOptions, App } from "./app.ts";
import { projectRows, shownProject } from "./project-rows.ts";
import { repositoryRows } from "./repository-rows.ts";
import { contains } from "./sql-filter.ts";

/** Adds the search over projects and repositories. */
export function addSearch(app: App, options: ApiOptions): void {
  app.openapi(routes.search.find, async (context) => {
    const { q, limit } = context.req.valid("query");
    const text = q.trim();
    if (text === "") return context.json({ project: [], repository: [] }, 200);
    const identity = context.get("identity");
    const [projects, repositories] = await Promise.all([
      projectRows(options, identity)
        .where(contains(sql`project.name`, text))
        .orderBy(sql`strpos(project.name, lower(${text}))`)
        .orderBy("project.name")
        .limit(limit)
        .execute(),
      repositoryRows(options)
        .select(["project.name as project", isPublic.as("public")])
        .where(visibleProjects(identity))
        .where(contains(sql`repository.name`, text))
        .orderBy(sql`strpos(repository.name, lower(${text}))`)
        .orderBy("repository.name")
        .limit(limit)
        .execute(),
    ]);
    const repository = repositories.map((row): SearchRepository => ({
      project_id: row.project_id,
      project_name: row.project,
      project_public: row.public,
      repository_name: row.name,
      pull_count: row.pull_count,
      artifact_count: row.artifact_count,
    }));
    return context.json({ project: projects.map(shownProject), repository }, 200);
  });
}

const isPublic = sql<boolean>`coalesce(project.metadata->>'public' = 'true', false)`;
