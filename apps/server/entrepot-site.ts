import type { HarborClient, RemoteRegistry } from "@entrepot/distribution/client";
import { RegistryError } from "@entrepot/oci";
import type { Site } from "@entrepot/replication";
import { harborSite } from "./harbor-site.ts";

/**
 * Another Entrepot, known to be one from the start: spoken to in fewer requests, and refused if it
 * turns out to be something else, so that nothing is sent back to where it came from.
 */
export function entrepotSite(remote: RemoteRegistry, harbor: HarborClient): Site {
  const site = harborSite(remote, remote, harbor);
  return {
    ...site,
    async ping() {
      const pinged = await site.ping();
      if (pinged.peerId !== null) return pinged;
      throw new RegistryError(
        "UNSUPPORTED",
        "it does not say that it is an Entrepot; for a Harbor give the type harbor",
      );
    },
  };
}
