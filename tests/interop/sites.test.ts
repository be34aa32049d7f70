import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layoutFolder, layoutRegistry, writeLayoutTar } from "@entrepot/layout";
import type { EndpointAddress } from "@entrepot/replication";
import { siteConnector, testServer } from "@entrepot/server/testing";
import { putGoods, siteSuite, type SiteLimits } from "@entrepot/server/site-suite";
import { describe } from "vitest";
import { hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { freePort } from "./free-port.ts";
import { playHub } from "./hub-player.ts";

/** A site of `type` at `url`, reached as an endpoint is. */
function siteAt(type: string, url: string, account?: { username: string; password: string }) {
  const address: EndpointAddress = {
    type,
    url,
    accessKey: account?.username ?? "",
    accessSecret: account?.password ?? "",
    insecure: false,
    caCertificate: "",
    options: {},
  };
  return siteConnector()(address);
}

const nowhere = async () => `http://127.0.0.1:${await freePort()}`;
const project = () => `suite${Math.random().toString(36).slice(2, 8)}`;

const ENTREPOTS: Readonly<Record<string, SiteLimits>> = {
  harbor: { knowsProjects: true, findsMounts: true, isEntrepot: true },
  entrepot: { knowsProjects: true, findsMounts: true, isEntrepot: true },
};

for (const [type, limits] of Object.entries(ENTREPOTS)) {
  siteSuite(
    `an Entrepot as ${type}`,
    async () => {
      const server = await testServer({ workers: 0 });
      const site = siteAt(type, server.url, server.credential);
      return {
        site,
        project: project(),
        refused: siteAt(type, server.url, { ...server.credential, password: "Wrong4Sure" }),
        absent: siteAt(type, await nowhere()),
        close: () => site.close().then(server.close),
      };
    },
    limits,
  );
}

describe.skipIf(!hasDockerRegistry)("over docker-registry", () => {
  siteSuite("docker-registry", async () => {
    const served = await runDockerRegistry();
    const site = siteAt("docker-registry", served.url);
    return {
      site,
      project: project(),
      refused: null,
      absent: siteAt("docker-registry", await nowhere()),
      close: () => site.close().then(served.close),
    };
  });

  siteSuite("Docker Hub, played", async () => {
    const behind = await runDockerRegistry();
    const account = { username: "me", password: "Only4ThisTest" };
    const hub = await playHub(behind.url, account);
    const site = siteAt("docker-hub", hub.url, account);
    return {
      site,
      project: project(),
      refused: siteAt("docker-hub", hub.url, { ...account, password: "Wrong4Sure" }),
      absent: siteAt("docker-hub", await nowhere()),
      close: () => site.close().then(hub.close).then(behind.close),
    };
  });
});

siteSuite("a layout folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-site-"));
  const site = siteConnector(undefined, [folder])(layoutAt(folder));
  await layoutRegistry(layoutFolder(folder)).repositories();
  return {
    site,
    project: project(),
    refused: siteConnector(undefined, [`${folder}-else`])(layoutAt(folder)),
    absent: siteConnector(undefined, [folder])(layoutAt(join(folder, "none"))),
    close: () => rm(folder, { recursive: true }),
  };
});

siteSuite(
  "a layout tar",
  async (goods) => {
    const folder = await mkdtemp(join(tmpdir(), "entrepot-site-"));
    const path = join(folder, "images.tar");
    const name = project();
    const layout = layoutRegistry(await writeLayoutTar(path));
    await putGoods(layout, `${name}/app`, goods);
    await layout.close();
    const site = siteConnector(undefined, [folder])(layoutAt(path));
    return {
      site,
      project: name,
      refused: siteConnector()(layoutAt(path)),
      absent: siteConnector(undefined, [folder])(layoutAt(join(folder, "none.tar"))),
      close: () => site.close().then(() => rm(folder, { recursive: true })),
    };
  },
  { readOnly: true },
);

function layoutAt(path: string): EndpointAddress {
  return {
    type: "oci-layout",
    url: `file://${path}`,
    accessKey: "",
    accessSecret: "",
    insecure: false,
    caCertificate: "",
    options: {},
  };
}
