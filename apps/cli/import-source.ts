import { stat } from "node:fs/promises";
import { apiClient, RegistryError, routes } from "@entrepot/api/client";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import {
  layoutFolder,
  layoutRegistry,
  type LayoutRegistry,
  readLayoutTar,
  syncedFolder,
} from "@entrepot/layout";
import { type CopySource, listOf, pages, type Registry } from "@entrepot/registry";
import type { Call } from "./call.ts";
import { nameFilter } from "./name-filter.ts";
import type { ImageTag } from "./transfer-images.ts";

/** Which images of a source are wanted. */
export interface FilterOptions {
  readonly project?: readonly string[];
  readonly repository?: readonly string[];
  readonly tag?: readonly string[];
}

/** Where images come from, and where they go. */
export interface ImportOptions extends FilterOptions {
  readonly as?: string;
  readonly into?: string;
  readonly fromRegistry?: string;
  readonly fromUsername?: string;
  readonly fromPasswordEnv?: string;
}

/** Something that images are imported from. */
export interface ImportSource {
  repository(name: string): CopySource;
  images(options: FilterOptions): Promise<ImageTag[]>;
  /** Why there may be none, if it can tell. */
  hint?(): Promise<RegistryError | null>;
  close(): Promise<void>;
}

/** Opens what `place` or `options` name. Throws BAD_REQUEST unless it is one of both. */
export async function openImported(
  place: string | undefined,
  options: ImportOptions,
  env: Call["env"],
): Promise<ImportSource> {
  if ((place === undefined) === (options.fromRegistry === undefined)) {
    throw new RegistryError("BAD_REQUEST", "give a place, or --from-registry");
  }
  if (place === undefined) return fromRegistry(options.fromRegistry!, options, env);
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    () => place.endsWith(".tar") === false,
  );
  if (!isFolder)
    return fromLayout(
      layoutRegistry(await readLayoutTar(place), { repository: options.as }),
      place,
    );
  const isLayout = await stat(`${place}/index.json`).then(
    () => true,
    () => false,
  );
  const synced = isLayout ? null : await syncedFolder(place).catch(() => null);
  if (!synced)
    return fromLayout(layoutRegistry(layoutFolder(place), { repository: options.as }), place);
  return {
    repository: synced.repository,
    async images(filter) {
      const matches = nameFilter(filter.tag ?? []);
      return [...synced.images]
        .filter(([name]) => wanted(filter)(name))
        .flatMap(([repository, tags]) =>
          [...tags.keys()].filter(matches).map((tag) => ({ repository, tag })),
        );
    },
    close: async () => undefined,
  };
}

function fromLayout(layout: LayoutRegistry, place: string): ImportSource {
  return {
    repository: layout.repository,
    async images(filter) {
      const names = await listOf(pages((query) => layout.repositories(query)));
      return await tagsOf(layout, names.filter(wanted(filter)), filter);
    },
    hint: () => hint(layout, place),
    close: () => layout.close(),
  };
}

function fromRegistry(url: string, options: ImportOptions, env: Call["env"]): ImportSource {
  const { fromUsername: username, fromPasswordEnv: variable } = options;
  const password = variable === undefined ? undefined : env[variable];
  if (username !== undefined && !password) {
    throw new RegistryError(
      "BAD_REQUEST",
      "name the variable of its password: --from-password-env",
    );
  }
  const credential = username === undefined ? null : { username, password: password! };
  const fetch = endpointFetch();
  const registry = remoteRegistry({
    url,
    ...(credential && { credential }),
    fetch,
    userAgent: "entrepot-cli",
  });
  return {
    repository: registry.repository,
    async images(filter) {
      const all = listOf(pages((query) => registry.repositories(query)));
      const names = await all.catch((error: unknown) => {
        // Harbor shows its catalog to administrators only; its own API tells what one may see.
        if (!(error instanceof RegistryError) || !NO_CATALOG.has(error.code)) throw error;
        const api = apiClient({ url, ...(credential && { credential }) });
        return repositoriesAt({ api }, filter);
      });
      return await tagsOf(registry, names.filter(wanted(filter)), filter);
    },
    close: async () => {
      await registry.close();
      await fetch.close();
    },
  };
}

const NO_CATALOG: ReadonlySet<string> = new Set([
  "DENIED",
  "FORBIDDEN",
  "NOT_FOUND",
  "UNAUTHORIZED",
  "UNSUPPORTED",
]);

/** Whether a repository is among `options`. */
export function wanted({
  project = [],
  repository = [],
}: FilterOptions): (name: string) => boolean {
  const matches = nameFilter(repository);
  const isIn = (name: string) =>
    project.length === 0 || project.some((one) => name.startsWith(`${one}/`));
  return (name) => isIn(name) && matches(name);
}

/** Repositories that are wanted and that our account may see. */
export async function repositoriesAt(
  { api }: Pick<Call, "api">,
  options: FilterOptions,
): Promise<string[]> {
  const projects =
    options.project !== undefined
      ? options.project
      : (await Array.fromAsync(api.each(routes.projects.list, {}))).map(({ name }) => name);
  const found: string[] = [];
  for (const project_name of projects) {
    for await (const { name } of api.each(routes.repositories.list, { params: { project_name } })) {
      found.push(name);
    }
  }
  return found.filter(wanted(options));
}

/** The tags of repositories that are wanted. */
export async function tagsOf(
  registry: Registry,
  names: readonly string[],
  { tag = [] }: FilterOptions,
): Promise<ImageTag[]> {
  const matches = nameFilter(tag);
  const images: ImageTag[] = [];
  for (const repository of names) {
    const tags = await listOf(pages((query) => registry.repository(repository).tags(query)));
    images.push(...tags.filter(matches).map((one) => ({ repository, tag: one })));
  }
  return images;
}

async function hint(layout: LayoutRegistry, place: string): Promise<RegistryError | null> {
  const unnamed = await layout.unnamed();
  if (unnamed === 0) return null;
  return new RegistryError(
    "BAD_REQUEST",
    `${place} holds ${unnamed} images under plain tags; say what they are with --as project/name`,
  );
}
