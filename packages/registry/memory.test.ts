import { memoryRegistry } from "./memory.ts";
import { registrySuite } from "./suite.ts";

registrySuite("the memory twin", async () => ({
  registry: memoryRegistry(),
  close: async () => {},
}));
