import { parseRepositoryName } from "@entrepot/oci";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import type { RemoteRegistryOptions } from "@entrepot/distribution/client";
import type { Registry } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { registrySuite } from "@entrepot/registry/suite";
import { serveRegistry } from "./serve.ts";

const WAYS: Readonly<Record<string, Partial<RemoteRegistryOptions>>> = {
  "a remote registry": {},
  "a remote registry that takes blobs in one POST and several tags at once": {
    singlePost: true,
    multiTag: true,
  },
};

for (const [name, options] of Object.entries(WAYS)) {
  registrySuite(name, async () => {
    const served = await serveRegistry(memoryRegistry());
    const remote = remoteRegistry({ url: served.url, fetch: endpointFetch(), ...options });
    // Other registries know names without a project, so the client takes them; Entrepot does not.
    const registry: Registry = {
      repository: (repository) => remote.repository(parseRepositoryName(repository)),
      repositories: remote.repositories,
    };
    return { registry, close: () => remote.close().then(served.close) };
  });
}
