import type { Catalog } from "@entrepot/catalog";
import type { Context } from "hono";

/**
 * The project that a request's path names, or null: by name, or by id where the path has a number
 * and the header `X-Is-Resource-Name` does not say that it is a name. Source: Harbor API v2.0.
 */
export async function projectOfPath(
  catalog: Catalog,
  context: Context,
): Promise<{ id: number; name: string } | null> {
  const text = context.req.param("project_name_or_id") ?? context.req.param("project_name") ?? "";
  const byId = /^\d{1,9}$/.test(text) && context.req.header("x-is-resource-name") !== "true";
  const found = await catalog.db
    .selectFrom("project")
    .select(["id", "name"])
    .where(byId ? "id" : "name", "=", byId ? Number(text) : text)
    .executeTakeFirst();
  return found ?? null;
}
