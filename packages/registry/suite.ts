import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Registry } from "./ports.ts";
import { blobCases } from "./suite/blob-cases.ts";
import type { Cases, Fixture } from "./suite/fixture.ts";
import { listCases } from "./suite/list-cases.ts";
import { manifestCases } from "./suite/manifest-cases.ts";
import { tagCases } from "./suite/tag-cases.ts";
import { uploadCases } from "./suite/upload-cases.ts";

const GROUPS: Readonly<Record<string, Cases>> = {
  manifests: manifestCases,
  tags: tagCases,
  blobs: blobCases,
  uploads: uploadCases,
  lists: listCases,
};

/**
 * Declares the tests that every `Registry` passes. `make` is called once; its registry needs a
 * project `library` that takes pushes, pulls and deletions. Every test has repositories and content
 * of its own, so the registry may hold other things, and tests may be picked by name. What such a
 * registry cannot do is named in `cannot`, by title, with why.
 */
export function registrySuite(
  name: string,
  make: () => Promise<{ registry: Registry; close: () => Promise<void> }>,
  cannot: Readonly<Record<string, string>> = {},
): void {
  describe(`${name} is a registry`, () => {
    let made: Awaited<ReturnType<typeof make>> | undefined;
    beforeAll(async () => {
      made = await make();
    }, 60_000);
    afterAll(() => made?.close());

    for (const [group, cases] of Object.entries(GROUPS)) {
      describe(group, () => {
        for (const [title, run] of Object.entries(cases)) {
          test.skipIf(title in cannot)(title, () => run(fixtureOf(made!.registry)), 20_000);
        }
      });
    }
  });
}

function fixtureOf(registry: Registry): Fixture {
  const name = `library/suite-${randomBytes(6).toString("hex")}`;
  return {
    registry,
    repository: registry.repository(name),
    other: registry.repository(`${name}-other`),
  };
}
