import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryRegistry } from "@entrepot/registry";
import { openFolderObjects } from "@entrepot/storage";
import { registryObjects } from "./registry-objects.ts";
import { targetSuite } from "./target-suite.ts";

targetSuite("a folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-target-"));
  const objects = await openFolderObjects(folder);
  return { ...objects, close: () => rm(folder, { recursive: true }) };
});

targetSuite("a repository", async () => {
  const repository = memoryRegistry().repository("backups/vault");
  return registryObjects({ repository: async () => repository });
});
