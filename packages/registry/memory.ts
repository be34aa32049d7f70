import { parseRepositoryName } from "@entrepot/oci";
import { memoryRepository, type MemoryContents } from "./memory-repository.ts";
import { pageOf } from "./page.ts";
import type { Registry } from "./ports.ts";

/** A whole registry in memory, for tests: it does everything that the ports say, and forgets it. */
export function memoryRegistry(): Registry {
  const repositories = new Map<string, MemoryContents>();
  return {
    repository: (name) => memoryRepository(parseRepositoryName(name), repositories),
    async repositories(query) {
      return pageOf([...repositories.keys()].toSorted(), (name) => name, query);
    },
  };
}
