import { testCatalog } from "@entrepot/catalog/testing";
import { registrySuite } from "@entrepot/registry/suite";
import { memoryStore } from "@entrepot/storage/memory";
import { openContent } from "./content.ts";

const ACTOR = { name: "test", cause: "test" };

registrySuite("content", async () => {
  const { catalog, close } = await testCatalog();
  const content = openContent({ catalog, store: memoryStore() });
  await content.projects.create(ACTOR, { name: "library", public: true });
  return { registry: content.as(ACTOR), close };
});
