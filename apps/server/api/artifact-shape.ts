import type { Accessory, Artifact, Reference } from "@entrepot/api";
import { isIndexType, type Manifest } from "@entrepot/oci";
import type { ApiOptions } from "./app.ts";
import {
  accessoriesOf,
  type AccessoryRow,
  childrenOf,
  type ChildRow,
  manifestsOf,
  shownTag,
  sizesOf,
  tagsOf,
} from "./artifact-parts.ts";
import type { ArtifactRow } from "./artifact-rows.ts";
import { labelsOf, shownLabel } from "./label-shape.ts";
import type { RepositoryAt } from "./repository-rows.ts";

/** What to show of an artifact beside itself; a list that is not wanted is empty. */
export interface Wanted {
  readonly with_tag: boolean;
  readonly with_label: boolean;
  readonly with_accessory: boolean;
}

/** `rows`, artifacts of one repository, as Harbor shows them. Costs a query for each part. */
export async function shownArtifacts(
  { catalog }: Pick<ApiOptions, "catalog">,
  repository: RepositoryAt,
  rows: readonly ArtifactRow[],
  wanted: Wanted,
): Promise<Artifact[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const digests = rows.map((row) => row.digest);
  const [tags, labels, children, manifests, accessories, sizes] = await Promise.all([
    wanted.with_tag ? tagsOf(catalog, repository, digests) : [],
    wanted.with_label ? labelsOf(catalog, ids) : [],
    childrenOf(catalog, ids),
    manifestsOf(catalog, ids),
    wanted.with_accessory ? shownAccessories({ catalog }, repository, digests) : [],
    sizesOf(catalog, repository, ids),
  ]);
  const [tagsAt, labelsOn, childrenIn, accessoriesAbout] = [
    Map.groupBy(tags, (tag) => tag.artifact_id),
    Map.groupBy(labels, (label) => label.manifest_id),
    Map.groupBy(children, (child) => child.parent_id),
    Map.groupBy(accessories, (accessory) => accessory.subject_artifact_id),
  ];
  return rows.map((row) => {
    const manifest = manifests.get(row.id);
    return {
      ...shownArtifact(row, repository, manifest),
      size: sizes.get(row.id) ?? row.size,
      references: shownReferences(childrenIn.get(row.id) ?? [], manifest),
      tags: (tagsAt.get(row.id) ?? []).map(shownTag),
      labels: (labelsOn.get(row.id) ?? []).map(shownLabel),
      accessories: accessoriesAbout.get(row.id) ?? [],
    };
  });
}

/** What is about any of `digests` in `repository`. */
export async function shownAccessories(
  { catalog }: Pick<ApiOptions, "catalog">,
  repository: RepositoryAt,
  digests: readonly string[],
): Promise<Accessory[]> {
  const rows = await accessoriesOf(catalog, repository, digests);
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const sizes = await sizesOf(catalog, repository, ids);
  return rows.map((row) => ({
    id: row.id,
    artifact_id: row.id,
    subject_artifact_id: row.subject_id,
    subject_artifact_digest: row.subject,
    subject_artifact_repo: repository.name,
    digest: row.digest,
    type: accessoryType(row),
    size: sizes.get(row.id) ?? 0,
    icon: "",
    creation_time: row.pushed_at.toISOString(),
  }));
}

function shownArtifact(
  row: ArtifactRow,
  repository: RepositoryAt,
  manifest: Manifest | undefined,
): Omit<Artifact, "size" | "references" | "tags" | "labels" | "accessories"> {
  const content = isIndexType(row.media_type)
    ? row.media_type
    : (manifest?.config?.mediaType ?? row.artifact_type);
  return {
    id: row.id,
    type: row.type,
    media_type: content ?? row.media_type,
    manifest_media_type: row.media_type,
    artifact_type: row.artifact_type ?? row.media_type,
    project_id: repository.projectId,
    repository_id: row.repository_id,
    repository_name: repository.name,
    digest: row.digest,
    push_time: row.pushed_at.toISOString(),
    ...(row.pulled_at && { pull_time: row.pulled_at.toISOString() }),
    extra_attrs: {},
    annotations: row.annotations ?? {},
  };
}

function shownReferences(
  children: readonly ChildRow[],
  manifest: Manifest | undefined,
): Reference[] {
  const entries = new Map(manifest?.manifests.map((entry) => [entry.digest as string, entry]));
  return children.map((child) => {
    const { platform, annotations, urls } = entries.get(child.child_digest) ?? {};
    return {
      ...child,
      ...(platform && { platform: platform as NonNullable<Reference["platform"]> }),
      ...(annotations && { annotations }),
      ...(urls && { urls: [...urls] }),
    };
  });
}

/** Harbor's words for what an accessory is. Source: Harbor src/pkg/accessory/model. */
function accessoryType({ artifact_type: type, by_tag: byTag }: AccessoryRow): string {
  if (type === "application/vnd.cncf.notary.signature") return "signature.notation";
  if (byTag || type?.startsWith("application/vnd.dev.cosign.artifact.sig")) {
    return "signature.cosign";
  }
  return "subject.accessory";
}
