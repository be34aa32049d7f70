import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpointFetch, type RemoteRegistry, remoteRegistry } from "@entrepot/distribution/client";
import { cosignTagOf } from "@entrepot/oci";
import { pushSample } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { createEndpoint, pullPolicy, pushPolicy, runPolicy } from "./entrepot-api.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { atRest, journalDifferences, logsOfFailures } from "./entrepot-state.ts";
import { makeImage, makeReferrer, makeTwoPlatforms, writeLayout } from "./images.ts";
import { contentsOf, readEverything, sameContents } from "./registry-contents.ts";
import type { Served } from "./serve.ts";
import { hasSkopeo, skopeoPush } from "./skopeo.ts";
import { waitUntil } from "./wait-until.ts";

const missing = [
  ...(hasSkopeo ? [] : ["skopeo"]),
  ...(hasDockerRegistry ? [] : ["docker-registry"]),
].join(" and ");
const skipped = missing && ` (skipped: ${missing} not installed)`;
const title = `from Entrepot to Entrepot and docker-registry${skipped}`;
const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";

describe.skipIf(missing !== "")(title, () => {
  let source: EntrepotProcess;
  let target: EntrepotProcess;
  let plain: Served;
  let other: Served;
  let remote: RemoteRegistry;
  let folder: string;
  let layout: string;
  const image = makeImage();
  const newer = makeImage();
  const index = makeTwoPlatforms();
  const signature = makeImage();

  logsOfFailures(() => [source, target]);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-layout-"));
    layout = await writeLayout(folder, { image, newer, index, signature });
    [source, target, plain, other] = await Promise.all([
      runEntrepot({ name: "source" }),
      runEntrepot({ name: "target" }),
      runDockerRegistry(),
      runDockerRegistry(),
    ]);
    const { url, credential } = source;
    remote = remoteRegistry({ url, credential, fetch: endpointFetch() });
    const filters = [{ type: "name", value: "library/**" }];
    const peer = await createEndpoint(source, "peer", "harbor", target);
    await pushPolicy(source, "to-entrepot", peer, { filters });
    const old = await createEndpoint(source, "plain", "docker-registry", plain);
    await pushPolicy(source, "to-docker-registry", old, { filters });
  });
  afterAll(async () => {
    await remote?.close();
    await Promise.all([source, target, plain, other].map((server) => server?.close()));
    if (folder) await rm(folder, { recursive: true });
  });

  const push = (name: string, reference: string) => skopeoPush(layout, name, source, reference);
  const arrived = async () => {
    const contents = await sameContents(source, plain);
    expect(await sameContents(source, target)).toEqual(contents);
    await atRest(source);
    return contents;
  };

  test("one image under five tags", async () => {
    for (const tag of ["1", "1.2", "1.2.3", "stable", "latest"]) {
      await push("image", `library/app:${tag}`);
    }
    const { digest } = image.content;
    expect(await arrived()).toEqual({
      "library/app:1": digest,
      "library/app:1.2": digest,
      "library/app:1.2.3": digest,
      "library/app:latest": digest,
      "library/app:stable": digest,
    });
  });

  test("tags moved to another image", async () => {
    await push("newer", "library/app:2");
    await push("newer", "library/app:latest");
    await push("newer", "library/app:1");
    await push("image", "library/app:1");
    expect(await arrived()).toMatchObject({
      "library/app:1": image.content.digest,
      "library/app:2": newer.content.digest,
      "library/app:latest": newer.content.digest,
    });
  });

  test("an index with two platforms", async () => {
    await push("index", "library/multi:1");
    await push("index", "library/multi:latest");
    expect(await arrived()).toMatchObject({ "library/multi:latest": index.content.digest });
  });

  test("a cosign-style tag and a referrer travel with their subject", async () => {
    const tag = `${cosignTagOf(image.content.digest)}.sig`;
    await push("signature", `library/app:${tag}`);
    const note = makeReferrer(image, "checked");
    await pushSample(remote.repository("library/app"), note);
    expect(await arrived()).toMatchObject({ [`library/app:${tag}`]: signature.content.digest });
    for (const { url, credential } of [target, { url: plain.url, credential: undefined }]) {
      const there = remoteRegistry({ url, credential, fetch: endpointFetch() });
      const referrers = () => there.repository("library/app").referrers(image.content.digest);
      const digests = async () => (await referrers()).items.map(({ digest }) => digest);
      await waitUntil("the referrer is listed", digests, [note.content.digest]);
      await there.close();
    }
  });

  test("a deleted tag goes, the others of its digest stay", async () => {
    expect(await remote.repository("library/app").delete("1.2.3")).toBe(true);
    expect(await remote.repository("library/multi").delete("1")).toBe(true);
    const contents = await arrived();
    expect(contents).toMatchObject({ "library/app:1.2": image.content.digest });
    expect(Object.keys(contents)).not.toContain("library/app:1.2.3");
  });

  test("a policy that is switched on copies what is there, under another namespace", async () => {
    const endpoint = await createEndpoint(source, "other", "docker-registry", other);
    await pushPolicy(source, "renamed", endpoint, {
      filters: [
        { type: "name", value: "library/app" },
        { type: "tag", value: "{2,latest,sha256-*}", decoration: "excludes" },
      ],
      dest_namespace: "mirror/deep",
      dest_namespace_replace_count: 1,
    });
    // The signature travels with what it signs, whatever the filter says of its own tag.
    const left = new Set(["library/app:2", "library/app:latest"]);
    const renamed = (key: string) =>
      key.startsWith("library/app:") && !left.has(key)
        ? key.replace(/^library/, "mirror/deep")
        : null;
    const contents = await sameContents(source, other, renamed);
    expect(Object.keys(contents).length).toBe(4);
  });

  test("without override a tag that differs at the target is kept", async () => {
    await skopeoPush(layout, "image", { address: new URL(other.url).host }, "kept/app:2");
    const endpoint = await createEndpoint(source, "kept", "docker-registry", other);
    const policy = await pushPolicy(source, "keeping", endpoint, {
      filters: [
        { type: "name", value: "library/app" },
        { type: "tag", value: "{2,latest}" },
      ],
      dest_namespace: "kept",
      override: false,
      trigger: { type: "manual" },
    });
    await runPolicy(source, policy);
    const kept = async () => {
      const entries = Object.entries(await contentsOf(other));
      return Object.fromEntries(entries.filter(([key]) => key.startsWith("kept/")));
    };
    await waitUntil("one is copied, one kept", kept, {
      "kept/app:2": image.content.digest,
      "kept/app:latest": newer.content.digest,
    });
    await atRest(source);
  });

  test("a pull from docker-registry, by hand", async () => {
    const endpoint = await createEndpoint(target, "from", "docker-registry", other);
    const policy = await pullPolicy(target, "pulling", endpoint, {
      filters: [{ type: "name", value: "mirror/**" }],
      dest_namespace: "pulled",
      dest_namespace_replace_count: 2,
    });
    await runPolicy(target, policy);
    const expected = Object.entries(await contentsOf(other)).flatMap(([key, digest]) =>
      key.startsWith("mirror/deep/") ? [[key.replace("mirror/deep/", "pulled/"), digest]] : [],
    );
    const pulled = async () => {
      const entries = Object.entries(await contentsOf(target));
      return Object.fromEntries(entries.filter(([key]) => key.startsWith("pulled/")));
    };
    await waitUntil("everything is pulled", pulled, Object.fromEntries(expected));
    await readEverything(target, Object.fromEntries(expected));
    await atRest(target);
  });

  test.skipIf(!isLong)(
    "a pull by schedule, within its minute (long runs only)",
    async () => {
      const endpoint = await createEndpoint(target, "by-clock", "docker-registry", other);
      await pullPolicy(target, "scheduled", endpoint, {
        filters: [{ type: "name", value: "kept/**" }],
        trigger: { type: "scheduled", trigger_settings: { cron: "0 0/1 * * * *" } },
      });

      const there = async () => (await contentsOf(target))["kept/app:2"];
      await waitUntil("the schedule has fired", there, image.content.digest, 90_000);
    },
    120_000,
  );

  test("both journals replay to what the tables say", async () => {
    expect(await journalDifferences(source)).toEqual([]);
    expect(await journalDifferences(target)).toEqual([]);
  });
});
