import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileStore } from "./filesystem.ts";
import { blobPath } from "./layout.ts";
import { storageSuite } from "./suite.ts";

const makers = [
  { name: "filesystem", keep: undefined },
  // With nothing kept between requests every one starts from the file alone.
  { name: "filesystem that remembers nothing", keep: { drafts: 0, files: 0 } },
];

for (const { name, keep } of makers) {
  storageSuite(name, async () => {
    const root = await mkdtemp(join(tmpdir(), "entrepot storage "));
    let later = 0;
    const now = () => Date.now() + later;
    const open = () => openFileStore({ root, now, earlyShards: false, ...(keep && { keep }) });
    const opened = [await open()];
    return {
      store: opened[0]!,
      damage: (digest, bytes) => writeFile(blobPath(root, digest), bytes),
      advance: (ms) => void (later += ms),
      async reopen() {
        const again = await open();
        opened.push(again);
        return again;
      },
      async close() {
        for (const store of opened) await store.close();
        await rm(root, { recursive: true });
      },
    };
  });
}
