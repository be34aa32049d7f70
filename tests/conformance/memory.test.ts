import { nodeBody } from "@entrepot/distribution/server";
import { memoryTarget } from "./memory-target.ts";
import { conformance } from "./suite.ts";

conformance("the server over memory", () => memoryTarget());

conformance("the server over memory, with Node's own body streams", () =>
  memoryTarget({ shortcut: ({ incoming }) => ({ body: nodeBody(incoming) }) }),
);
