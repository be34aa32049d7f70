import { afterAll, beforeAll, describe } from "vitest";
import { blobTests } from "./blobs.ts";
import { catalogTests } from "./catalog.ts";
import { checkTests } from "./check.ts";
import { chunkTests } from "./chunks.ts";
import { contentTests } from "./content.ts";
import { deletionTests } from "./deletion.ts";
import { hostileTests } from "./hostile.ts";
import { manifestTests } from "./manifests.ts";
import { mountTests } from "./mounts.ts";
import { peerOf } from "./peer.ts";
import type { Peer, Target } from "./peer.ts";
import { referrerTests } from "./referrers.ts";
import { tagTests } from "./tags.ts";
import { uploadTests } from "./uploads.ts";

export type { Target } from "./peer.ts";

const groups: Readonly<Record<string, (peer: Peer) => void>> = {
  check: checkTests,
  blobs: blobTests,
  uploads: uploadTests,
  chunks: chunkTests,
  mounts: mountTests,
  manifests: manifestTests,
  content: contentTests,
  tags: tagTests,
  catalog: catalogTests,
  referrers: referrerTests,
  deletion: deletionTests,
  "hostile input": hostileTests,
};

/**
 * The distribution-spec, endpoint by endpoint, as tests of the registry that `start` starts: real
 * HTTP to its address, nothing assumed to be empty, nothing left to clean up but its repositories.
 */
export function conformance(name: string, start: () => Promise<Target>): void {
  describe(`${name} conforms`, () => {
    let target: Target | undefined;
    beforeAll(async () => {
      target = await start();
    }, 60_000);
    afterAll(() => target?.close());
    const peer = peerOf(() => {
      if (target) return target;
      throw new Error("the registry has not started");
    });
    for (const [group, tests] of Object.entries(groups)) describe(group, () => tests(peer));
  });
}
