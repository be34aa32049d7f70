import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./world.ts";

const AREAS = join(import.meta.dirname, "../../apps/portal/pages");

/**
 * The paths of all pages, read from where the portal lists them: loading that list would bring the
 * pages' own code into a program without a browser.
 */
export const PATHS: readonly string[] = readdirSync(AREAS).flatMap((area) => {
  const list = readFileSync(join(AREAS, area, "pages.ts"), "utf8");
  return [...list.matchAll(/\bpath: "([^"]+)"/g)].map(([, path]) => path!);
});

/** What a parameter stands for where its name alone does not tell, by the path. */
const PARAMETERS: Readonly<Record<string, (params: World["params"]) => string | undefined>> = {
  "/projects/$project/repositories/$": () => "frontend",
  "/projects/$project/artifacts/$": ({ tag }) => `frontend:${tag}`,
  "/projects/$project/compare/$": () => "frontend",
  "/replication/policies/$id": ({ policy }) => policy,
  "/replication/policies/$id/edit": ({ policy }) => policy,
  "/replication/executions/$id": ({ execution }) => execution,
};

/** Where every page can be seen in `world`, by its path; null where no example is known. */
export function addressesOf(world: World): Readonly<Record<string, string | null>> {
  return Object.fromEntries(PATHS.map((path) => [path, addressOf(path, world)]));
}

function addressOf(path: string, { params }: World): string | null {
  const parts = path.split("/").map((part) => {
    if (!part.startsWith("$")) return part;
    const value = params[part.slice(1)] ?? PARAMETERS[path]?.(params);
    return value === undefined ? null : value.split("/").map(encodeURIComponent).join("/");
  });
  return parts.includes(null) ? null : parts.join("/");
}
