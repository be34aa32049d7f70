import type { Identity } from "@entrepot/access";
import type { Settings } from "@entrepot/catalog";
import type { Content } from "@entrepot/content";
import { RegistryError } from "@entrepot/oci";
import { frozenWhile } from "@entrepot/registry";
import { READ_ONLY } from "./known-settings.ts";

/*
 * Read-only mode. The registry is a wrapper; the management API has one check. What goes on: pulls
 * (those of a proxy keep what they fetch), replication to elsewhere, backups, garbage collection
 * and, by system administrators, recovery.
 */

type Now = Pick<Settings, "get">;

/** Why a change is refused now; null: it is not. */
export function readOnlyRefusal(settings: Now): RegistryError | null {
  if (!settings.get(READ_ONLY)) return null;
  return new RegistryError(
    "DENIED",
    "this registry is read-only for now: pulls work, pushes, deletions and other changes do not; " +
      "a system administrator ends it with `entrepot config set read_only false`",
  );
}

/** `content` that refuses people's, retention's and incoming replication's changes. */
export function readOnlyContent(content: Content, settings: Now): Content {
  const refusal = () => readOnlyRefusal(settings);
  const orRefuse = () => {
    const refused = refusal();
    if (refused) throw refused;
  };
  return {
    ...content,
    as: (actor, options) => frozenWhile(content.as(actor, options), refusal),
    projects: {
      ...content.projects,
      async ensure(...given) {
        orRefuse();
        return content.projects.ensure(...given);
      },
    },
    async deleteArtifact(...given) {
      orRefuse();
      return content.deleteArtifact(...given);
    },
  };
}

/** What changes no name of the registry's, as far as it is the caller's right. */
const ANYBODY = below(
  "sessions",
  "replication/executions",
  "replication/wait",
  "replication/policies/plan",
  "registries/ping",
  "audit-logs",
);
/** Ending it, and recovery. */
const SYSADMIN = below(
  "configurations",
  "restores",
  "bin",
  "backups",
  "jobservice",
  "system/restored",
  "system/check",
  "system/repair",
  "system/gc",
);

/** Paths of the API at or below any of `roots`. */
function below(...roots: readonly string[]): RegExp {
  return new RegExp(String.raw`^/api/v2\.0/(?:${roots.join("|")})(?:/|$)`);
}

/** Throws DENIED for a request to the management API that read-only mode refuses. */
export function refuseWhileReadOnly(settings: Now, request: Request, identity: Identity): void {
  if (/^(?:GET|HEAD|OPTIONS)$/.test(request.method)) return;
  const refused = readOnlyRefusal(settings);
  if (!refused) return;
  const { pathname } = new URL(request.url);
  if (ANYBODY.test(pathname) || (identity.sysadmin && SYSADMIN.test(pathname))) return;
  throw refused;
}
