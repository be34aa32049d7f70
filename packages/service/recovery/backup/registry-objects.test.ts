import { memoryRegistry, type Repository } from "@entrepot/registry";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { objectSuite } from "@entrepot/storage/object-suite";
import { expect, test } from "vitest";
import { gathered, one } from "./parts.ts";
import { registryObjects } from "./registry-objects.ts";

const open = (there: Repository) => registryObjects({ repository: async () => there });

objectSuite("repository", async () => {
  const repository = memoryRegistry().repository("backups/vault");
  return { objects: open(repository), reopen: async () => open(repository), listsKeysOnly: true };
});

test("an object is an artifact that names it; what it replaces is gone", async () => {
  const repository = memoryRegistry().repository("backups/vault");
  const objects = open(repository);
  await objects.put("a/b.json", one(Buffer.from("first")));
  const first = await repository.resolve("a-fb-ejson");
  await objects.put("a/b.json", one(Buffer.from("second")));
  expect(await repository.resolve(first!.digest)).toBeNull();
  const now = await repository.resolve("a-fb-ejson");
  const manifest = JSON.parse((await gathered(await repository.fetch(now!))).toString());
  expect(manifest).toMatchObject({
    artifactType: "application/vnd.entrepot.backup.object.v1",
    layers: [{ size: 6, annotations: { "org.opencontainers.image.title": "b.json" } }],
    annotations: { "org.opencontainers.image.title": "a/b.json" },
  });
});

test("what is no object is not taken for one", async () => {
  const repository = memoryRegistry().repository("backups/vault");
  const objects = open(repository);
  await pushSample(repository, sampleImage(), ["v1.0", "stable"]);
  await objects.put("a", one(Buffer.from("x")));
  expect(await Array.fromAsync(objects.list("a"), ({ key }) => key)).toEqual(["a"]);
  await expect(objects.stat("stable")).rejects.toMatchObject({ code: "INTEGRITY" });
});

test("a registry that has lost an object's bytes is told, as damage", async () => {
  const repository = memoryRegistry().repository("backups/vault");
  const objects = open(repository);
  await objects.put("a", one(Buffer.from("lost")));
  const manifest = await gathered(await repository.fetch((await repository.resolve("a"))!));
  await repository.deleteBlob(JSON.parse(manifest.toString()).layers[0].digest);
  await expect(objects.get("a")).rejects.toMatchObject({ code: "INTEGRITY" });
});

test("a registry that lists tags in an order of its own is refused", async () => {
  const repository = memoryRegistry().repository("backups/vault");
  const shuffled: Repository = {
    ...repository,
    tags: async () => ({ items: ["b", "a"], next: null }),
  };
  await expect(Array.fromAsync(open(shuffled).list(""))).rejects.toMatchObject({
    code: "UNSUPPORTED",
  });
});

test("bytes pass as fast as the endpoint lets them", async () => {
  const repository = memoryRegistry().repository("backups/vault");
  let taken = 0;
  const throttle = { isLimited: true, take: async (bytes: number) => void (taken += bytes) };
  const objects = registryObjects({ repository: async () => repository, throttle });
  await objects.put("a", one(Buffer.alloc(3_000_000)));
  expect(taken).toBe(3_000_000);
});
