import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { registryObjects } from "@entrepot/recovery";
import { targetSuite } from "@entrepot/recovery/target-suite";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { objectSuite } from "@entrepot/storage/object-suite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { runCli } from "./entrepot-cli.ts";
import { compiled } from "./entrepot-process.ts";
import { waitUntil } from "./wait-until.ts";

const main = join(import.meta.dirname, "../../apps/server/main.ts");
const ACTOR = { name: "ann", cause: "test" };

/** A registry that runs, where backups may lie. */
interface Peer {
  readonly url: string;
  readonly credential?: { readonly username: string; readonly password: string };
  close(): Promise<void>;
}

const peers: [string, boolean, () => Promise<Peer>][] = [
  ["another Entrepot", true, async () => testServer()],
  ["Debian's docker-registry", hasDockerRegistry, runDockerRegistry],
];

for (const [name, isThere, start] of peers) {
  describe.skipIf(!isThere)(`${name}${isThere ? "" : " (skipped: not installed)"}`, () => {
    let peer: Peer;
    const place = async () => {
      const fetch = endpointFetch();
      const repository = remoteRegistry({ ...peer, fetch }).repository(
        `library/vault-${randomBytes(6).toString("hex")}`,
      );
      const open = () => registryObjects({ repository: async () => repository, pageSize: 100 });
      return { ...open(), open, close: () => fetch.close() };
    };
    beforeAll(async () => {
      peer = await start();
    }, 60_000);
    afterAll(async () => {
      await peer?.close();
    });

    objectSuite("its repository", async () => {
      const objects = await place();
      const reopen = async () => objects.open();
      return { objects, reopen, close: objects.close, listsKeysOnly: true, pageSize: 100 };
    });
    targetSuite("its repository", place);
  });
}

describe("a server's backups in another Entrepot", () => {
  let here: TestServer;
  let there: TestServer;
  let folder: string;
  const cli = (...args: string[]) => runCli(here, args);
  const target = "registry:dr-site/backups/vault";
  const push = (tag: string) =>
    pushSample(here.content.as(ACTOR).repository("library/app"), sampleImage(), [tag]);
  const counts = async () => {
    const { items } = await there.content.as(ACTOR).repository("backups/vault").tags();
    const begin = (kind: string) => items.filter((tag) => tag.startsWith(`${kind}-f`)).length;
    return { blobs: begin("blobs"), snapshots: begin("snapshots"), segments: begin("segments") };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-dr-"));
    await chmod(folder, 0o711);
    [here, there] = await Promise.all([testServer(), testServer()]);
    await here.replication.endpoints.create(
      {
        name: "dr-site",
        description: "",
        type: "entrepot",
        url: there.url,
        credentialType: "basic",
        accessKey: there.credential.username,
        accessSecret: there.credential.password,
        insecure: false,
        caCertificate: "",
        options: {},
      },
      ACTOR,
    );
  }, 60_000);
  afterAll(async () => {
    await here?.close();
    await there?.close();
    await rm(folder, { recursive: true });
  });

  test(
    "run, followed, pruned, tried, and back on an empty machine",
    { timeout: 300_000 },
    async () => {
      await push("one");
      await cli("backup", "target", "create", "dr", "--to", target, "--keep-last", "1");
      await cli("backup", "run", "dr", "--wait");
      // Made by the first run, and nobody's but those who may see it.
      expect(await there.content.projects.exists("backups")).toBe(true);
      expect(await there.content.projects.isPublic("backups")).toBe(false);
      const before = await counts();
      await push("two");
      await cli("backup", "run", "dr", "--wait");
      expect(await counts()).toEqual({ ...before, blobs: before.blobs + 2, segments: 1 });
      expect(await cli("backup", "verify", "dr")).toContain("newest: 20");
      await cli("backup", "run", "dr", "--full", "--wait");
      // The older snapshot went with the run that was told to keep one.
      expect(await counts()).toEqual({ blobs: before.blobs + 2, snapshots: 1, segments: 0 });
      expect(await cli("drill", "run", "--target", "dr", "--wait")).toMatch(/2 tags/);

      await restoreElsewhere();
    },
  );

  test("each change follows within seconds", { timeout: 60_000 }, async () => {
    const place = "registry:dr-site/backups/followed";
    await cli("backup", "target", "create", "followed", "--to", place, "--continuous");
    const upTo = async () => (await here.backups.targets.list()).at(-1)!.tip?.seq ?? 0;
    for (const tag of ["three", "four"]) {
      await push(tag);
      const head = await here.catalog.head();
      await waitUntil(`${tag} is in the backup`, async () => (await upTo()) >= head, true);
    }
  });

  test("what cannot be an address is refused; a renamed endpoint is still the same", async () => {
    const create = (to: string) => cli("backup", "target", "create", "no", "--to", to);
    await expect(create("registry:dr-site")).rejects.toThrow(/names no registry endpoint/);
    await expect(create("registry:dr-site/VAULT")).rejects.toThrow(/is no repository/);
    await expect(create(`registry:${there.url}/backups/x`)).rejects.toThrow(/create a registry/);

    const { endpoints } = here.replication;
    const [endpoint] = await endpoints.list();
    await endpoints.update(endpoint!.id, { ...endpoint!, name: "far away/dr" }, ACTOR);
    expect(await cli("backup", "target", "show", "dr")).toContain("registry:far away/dr/backups");
    await push("five");
    await cli("backup", "run", "dr", "--wait");
    await expect(endpoints.remove(endpoint!.id, ACTOR)).rejects.toThrow(/backup target 'dr'/);
  });

  async function restoreElsewhere() {
    const from = `registry:${there.url}/backups/vault`;
    const flags = ["restore", "--from", from, "--data", join(folder, "new"), "--yes"];
    const { username, password } = there.credential;
    const run = (env: Record<string, string>, ...more: string[]) =>
      promisify(execFile)(process.execPath, [main, ...flags, ...more], {
        env: { PATH: process.env["PATH"], ...compiled, ...env },
      });
    const piped = (text: string, ...more: string[]) => {
      const env = { PATH: process.env["PATH"], ...compiled };
      const running = promisify(execFile)(process.execPath, [main, ...flags, ...more], { env });
      running.child.stdin!.end(text);
      return running;
    };
    await expect(run({})).rejects.toMatchObject({ stderr: expect.stringContaining("HTTP 401") });
    const half = { ENTREPOT_RESTORE_USERNAME: username };
    await expect(run(half)).rejects.toMatchObject({ code: 2 });
    const login = { ...half, ENTREPOT_RESTORE_PASSWORD: password };
    expect((await run(login, "--dry-run")).stdout).toContain("brings    4 blobs");
    const { stdout } = await piped(`${password}\n`, "--username", username, "--password-stdin");
    expect(stdout).toMatch(/Restored 2 tags, 2 manifests, 4 blobs/);
  }
});
