import type { Access, Identity } from "@entrepot/access";
import type { Catalog } from "@entrepot/catalog";
import { projectOf, RegistryError } from "@entrepot/oci";
import {
  asOf,
  heldMoment,
  lastDeletionOf,
  parseMomentComponent,
  pastIsReadOnly,
} from "@entrepot/recovery";
import { AS_OF, asOfName, type Registry } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";

/** What the past is read with. */
export interface AsOfParts {
  readonly access: Pick<Access, "pastRight">;
  readonly catalog: Catalog;
  readonly store: BlobStore;
}

/** What a request for a repository as of a moment asks for. */
export interface AsOfRequest {
  /** `as-of/<moment>/project/repository`. */
  readonly name: string;
  readonly actions: readonly string[];
}

/**
 * The registry in which `asked.name` is the repository as it was at its moment, for `identity`,
 * whose rights today count. Its tags never move, so pulling them counts as no pull.
 *
 * Throws NAME_INVALID, UNSUPPORTED for what would change something, UNAUTHORIZED and NAME_UNKNOWN
 * as pulling today does, UNPROCESSABLE for moments that history does not hold.
 */
export async function openAsOf(
  { access, catalog, store }: AsOfParts,
  identity: Identity,
  asked: AsOfRequest,
): Promise<Registry> {
  const { name } = asked;
  const parts = asOfName(name);
  if (!parts) throw malformed(name);
  const { repository } = parts;
  const query = parseMomentComponent(parts.moment);
  if (asked.actions.some((action) => action !== "pull")) throw pastIsReadOnly(repository);

  const right = await access.pastRight(identity, name);
  const project = projectOf(repository);
  const moment = await heldMoment(catalog, query, project);
  if (!right.ofDeleted && moment.seq < (await lastDeletionOf(catalog, project))) {
    throw new RegistryError(
      "NAME_UNKNOWN",
      `project '${project}' has been deleted since then: what it had, system administrators ` +
        "may read",
    );
  }
  const then = asOf({ catalog, store }, moment);
  return { ...then, repository: () => ({ ...then.repository(repository), name }) };
}

function malformed(name: string): RegistryError {
  return new RegistryError(
    "NAME_INVALID",
    `${JSON.stringify(name.slice(0, 150))} is not a repository as of a moment; expected ` +
      `${AS_OF}/<moment>/project/repository, as ${AS_OF}/2026-01-31t14.03.00z/library/app`,
  );
}
