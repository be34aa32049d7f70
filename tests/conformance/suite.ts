import { afterAll, beforeAll, describe } from "vitest";
import { blobTests, edgeTests, rangeTests } from "./blobs.ts";
import { catalogTests } from "./catalog.ts";
import { checkTests } from "./check.ts";
import { chunkRangeTests, chunkTests } from "./chunks.ts";
import { contentTests } from "./content.ts";
import { deletionTests } from "./deletion.ts";
import { hostileTests, oddityTests } from "./hostile.ts";
import {
  manifestEdgeTests,
  manifestPushTests,
  manifestRefusalTests,
  manifestTests,
} from "./manifests.ts";
import { mountTests } from "./mounts.ts";
import { peerOf } from "./peer.ts";
import type { Peer, Target } from "./peer.ts";
import { referrerEntryTests, referrerPageTests, referrerTests } from "./referrers.ts";
import { tagTests } from "./tags.ts";
import { uploadEndTests, uploadTests } from "./uploads.ts";

export type { Target } from "./peer.ts";

const groups: Readonly<Record<string, readonly ((peer: Peer) => void)[]>> = {
  check: [checkTests],
  blobs: [blobTests, rangeTests, edgeTests],
  uploads: [uploadTests, uploadEndTests],
  chunks: [chunkTests, chunkRangeTests],
  mounts: [mountTests],
  manifests: [manifestTests, manifestPushTests, manifestRefusalTests, manifestEdgeTests],
  content: [contentTests],
  tags: [tagTests],
  catalog: [catalogTests],
  referrers: [referrerTests, referrerEntryTests, referrerPageTests],
  deletion: [deletionTests],
  "hostile input": [hostileTests, oddityTests],
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
    for (const [group, parts] of Object.entries(groups)) {
      describe(group, () => parts.forEach((tests) => tests(peer)));
    }
  });
}
