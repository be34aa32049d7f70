import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseRepositoryName } from "@entrepot/oci";
import { registrySuite } from "@entrepot/registry/suite";
import { layoutFolder } from "./layout-folder.ts";
import { layoutRegistry } from "./layout-registry.ts";

registrySuite(
  "an OCI layout folder",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "entrepot-layout-"));
    const layout = layoutRegistry(layoutFolder(folder));
    return {
      // A layout knows names without a project; the suite expects a registry of projects.
      registry: { ...layout, repository: (name) => layout.repository(parseRepositoryName(name)) },
      close: () => rm(folder, { recursive: true }),
    };
  },
  {
    "shows a blob only in the repository that has it": "blobs belong to the whole layout",
    "deletes a blob, and takes it again": "blobs belong to the whole layout",
    "a mounted blob outlives the one it came from": "blobs belong to the whole layout",
  },
);
