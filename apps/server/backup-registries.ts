import type { Catalog } from "@entrepot/catalog";
import { isRepositoryName, RegistryError } from "@entrepot/oci";
import { type KeptAddress, registryObjects } from "@entrepot/recovery";
import type { Endpoint, Replication } from "@entrepot/replication";
import type { ObjectStore } from "@entrepot/storage";

/** Backups in repositories of other registries: `registry:endpoint/project/repository`. */
export interface RegistryPlaces {
  /** Throws BAD_REQUEST for what is no such address, NOT_FOUND where there is no such endpoint. */
  check(address: string): Promise<KeptAddress>;
  /** Makes its project, where there is none. Throws as `check`, and what the registry says. */
  open(address: string): Promise<ObjectStore>;
}

/** Places at the registry endpoints that there are, with their credentials, proxies and limits. */
export function registryPlaces(
  { registryId }: Pick<Catalog, "registryId">,
  { endpoints, throttle, transfers }: Pick<Replication, "endpoints" | "throttle" | "transfers">,
): RegistryPlaces {
  const find = async (address: string) => {
    const { endpoint, repository } = parsed(address, await endpoints.list());
    const { site } = await endpoints.reach(endpoint.id);
    if (!site.plain) {
      const kinds = "entrepot, harbor or docker-registry";
      throw wrong(`endpoint '${endpoint.name}' holds no backups; use one of type ${kinds}`);
    }
    // Each run would be a change that the next one backs up.
    if (endpoint.peerId === registryId) {
      throw wrong(`endpoint '${endpoint.name}' is this registry; a backup lies elsewhere`);
    }
    return { id: endpoint.id, repository };
  };
  return {
    async check(address) {
      const { id, repository } = await find(address);
      return { address: `registry:${repository}`, endpointId: id };
    },
    async open(address) {
      const { id, repository } = await find(address);
      await (await endpoints.site(id)).prepare(repository, async () => false);
      return registryObjects({
        // Connections end when the endpoint is changed: each act asks for those of now.
        repository: async () => (await endpoints.site(id)).plain!().repository(repository),
        throttle: throttle(id),
        transfers: transfers(id),
      });
    },
  };
}

function parsed(address: string, known: readonly Endpoint[]) {
  const text = address.slice("registry:".length);
  // A name may hold slashes: the longest that fits is meant.
  const [endpoint] = known
    .filter(({ name }) => text.startsWith(`${name}/`))
    .toSorted((a, b) => b.name.length - a.name.length);
  if (/^https?:/.test(text)) {
    throw wrong("a server keeps no credentials in addresses: create a registry endpoint for it");
  }
  if (!endpoint) {
    const message = `${address} names no registry endpoint; give registry:endpoint/project/name`;
    throw new RegistryError("NOT_FOUND", message);
  }
  const repository = text.slice(endpoint.name.length + 1);
  if (isRepositoryName(repository)) return { endpoint, repository };
  throw wrong(`'${repository}' is no repository; give registry:${endpoint.name}/project/name`);
}

function wrong(message: string): RegistryError {
  return new RegistryError("BAD_REQUEST", message);
}
