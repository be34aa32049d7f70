import type { Catalog } from "@entrepot/catalog";
import { type Descriptor, type Digest, RegistryError } from "@entrepot/oci";
import { type Page, pageOf, type PageQuery } from "@entrepot/registry";

const DEFAULT_PAGE = 100;

/** Names of repositories after `query.last`, in ASCII order. */
export async function listRepositories(
  catalog: Catalog,
  query: PageQuery = {},
): Promise<Page<string>> {
  const n = query.n ?? DEFAULT_PAGE;
  const rows = await catalog.db
    .selectFrom("repository")
    .select("name")
    .where("name", ">", query.last ?? "")
    .orderBy("name")
    .limit(n + 1)
    .execute();
  const names = rows.map((row) => row.name);
  return pageOf(names, (name) => name, { n });
}

/** Tags of `repository` after `query.last`, in ASCII order. Throws NAME_UNKNOWN if it is none. */
export async function listTags(
  catalog: Catalog,
  repository: string,
  query: PageQuery = {},
): Promise<Page<string>> {
  const n = query.n ?? DEFAULT_PAGE;
  const rows = await catalog.db
    .selectFrom("repository")
    .leftJoin("tag", (join) =>
      join.onRef("tag.repository_id", "=", "repository.id").on("tag.name", ">", query.last ?? ""),
    )
    .select("tag.name")
    .where("repository.name", "=", repository)
    .orderBy("tag.name")
    .limit(n + 1)
    .execute();
  if (rows.length === 0) {
    throw new RegistryError("NAME_UNKNOWN", `repository '${repository}' does not exist`);
  }
  const names = rows.flatMap((row) => (row.name === null ? [] : [row.name]));
  return pageOf(names, (name) => name, { n });
}

/** Manifests of `repository` whose subject is `subject`, by digest. */
export async function listReferrers(
  catalog: Catalog,
  repository: string,
  subject: Digest,
  query: PageQuery & { artifactType?: string } = {},
): Promise<Page<Descriptor>> {
  const n = query.n ?? DEFAULT_PAGE;
  let select = catalog.db
    .selectFrom("manifest")
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .select(["digest", "media_type", "size", "artifact_type", "annotations"])
    .where("repository.name", "=", repository)
    .where("subject", "=", subject)
    .where("digest", ">", query.last ?? "");
  if (query.artifactType) select = select.where("artifact_type", "=", query.artifactType);
  const rows = await select
    .orderBy("digest")
    .limit(n + 1)
    .execute();

  const items = rows.map((row): Descriptor => ({
    mediaType: row.media_type,
    digest: row.digest as Digest,
    size: row.size,
    ...(row.artifact_type && { artifactType: row.artifact_type }),
    ...(row.annotations && { annotations: row.annotations as Record<string, string> }),
  }));
  return pageOf(items, (item) => item.digest, { n });
}
