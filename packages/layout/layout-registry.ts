import { RegistryError } from "@entrepot/oci";
import { pageOf, type Registry } from "@entrepot/registry";
import type { LayoutFiles } from "./layout-files.ts";
import { layoutRepository } from "./layout-repository.ts";
import { layoutView } from "./layout-view.ts";
import { fullReferences, isAnyRepositoryName, plainTags, remembering } from "./ref-names.ts";

/** How a layout is read. */
export interface LayoutOptions {
  /**
   * The one repository that the layout holds: its names are plain tags. Absent: it holds several,
   * and its names are full references, `repository:tag`.
   */
  readonly repository?: string | undefined;
}

/** A layout as a registry. */
export interface LayoutRegistry extends Registry {
  /** How many entries have a name that `options` do not show: those of the other naming. */
  unnamed(): Promise<number>;
  close(): Promise<void>;
}

/**
 * An OCI image layout as a registry. Blobs belong to the layout as a whole: every repository sees
 * all of them, and none can be deleted. Source: image-spec image-layout.
 */
export function layoutRegistry(files: LayoutFiles, options: LayoutOptions = {}): LayoutRegistry {
  const { repository: only } = options;
  if (only !== undefined) checkName(only);
  const names = remembering(only === undefined ? fullReferences : plainTags(only));
  const view = layoutView(files, names);
  return {
    repository: (name) => layoutRepository(checkName(name), files, names, view),
    async repositories(query) {
      const { repositories } = await view.now();
      return pageOf([...repositories.keys()].toSorted(), (name) => name, query);
    },
    unnamed: async () => (await view.now()).unnamed,
    close: () => files.close(),
  };
}

function checkName(name: string): string {
  if (isAnyRepositoryName(name)) return name;
  throw new RegistryError(
    "NAME_INVALID",
    `${JSON.stringify(name.slice(0, 150))} is not a repository name`,
  );
}
