import { RegistryError } from "@entrepot/api/client";
import type { Call } from "../call.ts";
import { usageError } from "../exit-codes.ts";

/** Part of a registry by its name, which may be gone. */
export interface PastScope {
  readonly project?: string;
  /** Without the project. */
  readonly repository?: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** `text` as a project, a repository or an artifact; absent: everything. Throws a usage error. */
export function pastNamed(text: string | undefined): PastScope {
  if (text === undefined) return {};
  const [, project, repository, tag, digest] =
    /^([^/:@]+)(?:\/([^:@]+)(?::([^:@/]+)|@([^@/]+))?)?$/.exec(text) ?? [];
  if (project === undefined) {
    throw usageError(
      `'${text}' is not a name; give project, project/repository, or that with :tag or @digest`,
    );
  }
  return {
    project,
    ...(repository !== undefined && { repository }),
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

/** Which routes tell of the past: a project's own, or those of the whole registry. */
export type PastRoom =
  | { readonly params: { project_name_or_id: string }; readonly headers: Record<string, string> }
  | { readonly params: null; readonly query: { readonly project?: string } };

/**
 * Where the past of `project` is told (absent: of everything): by its own routes, and where it is
 * deleted by those of the registry, for who may ask them. Throws NOT_FOUND.
 */
export async function roomOf({ api }: Call, project: string | undefined): Promise<PastRoom> {
  if (project === undefined) return { params: null, query: {} };
  const own = {
    params: { project_name_or_id: project },
    headers: { "x-is-resource-name": "true" },
  };
  try {
    await api.projectHistory.list({ ...own, query: { page_size: 1 } });
    return own;
  } catch (error) {
    if (!isOneOf(error, ["NOT_FOUND"])) throw error;
    try {
      const { body } = await api.history.list({ query: { project, page_size: 1 } });
      if (body.length > 0) return { params: null, query: { project } };
    } catch (refused) {
      if (!isOneOf(refused, ["FORBIDDEN", "UNAUTHORIZED"])) throw refused;
    }
    throw error;
  }
}

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  return error instanceof RegistryError && codes.includes(error.code);
}
