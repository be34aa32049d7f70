import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layoutFolder, layoutRegistry, readLayoutTar, writeLayoutTar } from "@entrepot/layout";
import { copyTag } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { pushSample } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTwoPlatforms } from "./images.ts";
import { type Served, serveRegistry } from "./serve.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";

const folder = mkdtempSync(join(tmpdir(), "entrepot-layout-interop-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!hasSkopeo)("layouts and skopeo", () => {
  const registry = memoryRegistry();
  let served: Served;
  beforeAll(async () => {
    served = await serveRegistry(registry);
  });
  afterAll(() => served.close());

  const docker = (name: string) => `docker://${served.url.slice("http://".length)}/${name}`;
  const copy = (from: string, to: string) =>
    skopeo(["copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", from, to]);

  const FORMS = ["folder", "tar"] as const;

  test.each(FORMS)("skopeo reads the %s that we write", async (form) => {
    const image = makeTwoPlatforms();
    for (const repository of [undefined, "library/app"]) {
      const path = join(folder, `written-${form}-${repository ?? ""}`.replace("/", "-"));
      const files = form === "tar" ? await writeLayoutTar(path) : layoutFolder(path);
      const layout = layoutRegistry(files, { repository });
      await pushSample(layout.repository("library/app"), image, ["v1", "other"]);
      await layout.close();
      const kind = form === "tar" ? "oci-archive" : "oci";
      const name = repository === undefined ? "library/app:v1" : "v1";
      const target = `library/from-${form}${repository ? "-plain" : ""}`;
      await copy(`${kind}:${path}:${name}`, docker(`${target}:v1`));
      expect(await registry.repository(target).resolve("v1")).toMatchObject(image.content);
    }
  });

  test.each(FORMS)("we read the %s that skopeo writes", async (form) => {
    const image = makeTwoPlatforms();
    await pushSample(registry.repository("library/source"), image, ["v1"]);
    for (const name of ["v1", "library/app:v1"]) {
      const path = join(folder, `read-${form}-${name.replace(/\W/g, "-")}`);
      const kind = form === "tar" ? "oci-archive" : "oci";
      await copy(docker("library/source:v1"), `${kind}:${path}:${name}`);
      const files = form === "tar" ? await readLayoutTar(path) : layoutFolder(path);
      const repository = name === "v1" ? "library/app" : undefined;
      const layout = layoutRegistry(files, { repository });
      const found = await layout.repository("library/app").resolve("v1");
      expect(found).toMatchObject(image.content);
      const target = memoryRegistry().repository("library/app");
      await copyTag(layout.repository("library/app"), target, "v1", found!);
      expect(await target.resolve("v1")).toMatchObject(image.content);
      await layout.close();
    }
  });

  test("skopeo and we add to one folder in turn", async () => {
    const [ours, theirs] = [makeTwoPlatforms(), makeTwoPlatforms()];
    const path = join(folder, "shared");
    const layout = layoutRegistry(layoutFolder(path));
    await pushSample(layout.repository("library/app"), ours, ["ours"]);
    await pushSample(registry.repository("library/source"), theirs, ["theirs"]);
    await copy(docker("library/source:theirs"), `oci:${path}:library/app:theirs`);
    const app = layout.repository("library/app");
    expect((await app.tags()).items).toEqual(["ours", "theirs"]);
    await app.tag("again", theirs.content.digest);
    await copy(`oci:${path}:library/app:ours`, docker("library/back:ours"));
    expect(await registry.repository("library/back").resolve("ours")).toMatchObject(ours.content);
    expect((await app.tags()).items).toEqual(["again", "ours", "theirs"]);
  });
});
