import type { Digest } from "@entrepot/oci";
import { memoryStore } from "./memory.ts";
import { storageSuite } from "./suite.ts";

storageSuite("memory", async () => {
  const blobs = new Map<Digest, Uint8Array>();
  let later = 0;
  return {
    store: memoryStore({ blobs, now: () => Date.now() + later }),
    damage: async (digest, bytes) => void blobs.set(digest, bytes),
    advance: (ms) => void (later += ms),
  };
});
