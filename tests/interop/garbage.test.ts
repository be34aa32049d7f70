import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openCatalog } from "@entrepot/catalog";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chance, chanceOf, replay, SEED } from "../simulation/seed.ts";
import { untilEndOf } from "./changing-tags.ts";
import { basic } from "./entrepot-api.ts";
import { type EntrepotProcess, postgresOf, runEntrepot } from "./entrepot-process.ts";
import { journalDifferences, logsOfFailures } from "./entrepot-state.ts";
import { makeImage, writeLayout } from "./images.ts";
import { contentsOf, readEverything } from "./registry-contents.ts";
import { hasSkopeo, skopeoPush } from "./skopeo.ts";
import { waitUntil } from "./wait-until.ts";

const isLong = process.env["ENTREPOT_TEST_LONG"] === "1";
const KILLS = isLong ? 60 : 8;
/** Longer than skopeo takes from its first question to its manifest, on a busy machine too. */
const GRACE_MS = 6_000;
const QUARANTINE_MS = 300;
const STREAMS = 2;

const skipped = hasSkopeo ? "" : " (skipped: skopeo is not installed)";
const title = `garbage is collected while skopeo pushes${skipped}`;

describe.skipIf(!hasSkopeo)(`${title}: ${replay("tests/interop/garbage.test.ts")}`, () => {
  let server: EntrepotProcess;
  let folder: string;
  let sweeper: ChildProcess;
  let said = "";
  /** What has been pushed and not been deleted: the digest of each tag. */
  const pushed = new Map<string, string>();

  logsOfFailures(() => [server]);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-layouts-"));
    server = await runEntrepot();
    const catalog = await openCatalog({ url: databaseUrl(), maxConnections: 1 });
    // What is deleted is history at once: nothing but the graces keeps it.
    await catalog.db.insertInto("setting").values({ key: "recovery_days", value: "0" }).execute();
    await catalog.close();
    sweeper = startSweeper();
  }, 120_000);
  afterAll(async () => {
    sweeper?.kill("SIGKILL");
    await server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  const databaseUrl = () => postgresOf(server.dataDir)!.url;
  const storage = () => join(server.dataDir, "storage");

  function startSweeper(): ChildProcess {
    const script = join(import.meta.dirname, "sweep-again.ts");
    const args = [script, databaseUrl(), storage(), String(GRACE_MS), String(QUARANTINE_MS)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout!.on("data", (chunk: Buffer) => (said += String(chunk)));
    return child;
  }

  async function killSweeper(chance: Chance): Promise<void> {
    for (let n = 0; n < KILLS; n++) {
      await pause(chance.between(500, 6_000));
      sweeper.kill("SIGKILL");
      await once(sweeper, "exit");
      sweeper = startSweeper();
    }
  }

  /** Images that share layers with each other and with what was deleted, pushed and deleted. */
  function pushes(stream: number): () => Promise<void> {
    const chance = chanceOf(SEED + 1 + stream);
    const bases = [1, 2, 3].map((n) => chanceOf(SEED + 100 + n).bytes(50_000));
    const layout = join(folder, String(stream));
    return async () => {
      const key = `library/stream-${stream}:t${chance.between(0, 3)}`;
      const digest = pushed.get(key);
      if (digest !== undefined && chance.random() < 0.5) {
        pushed.delete(key);
        const still = [...pushed.values()].includes(digest);
        if (!still) await deleteManifest(key.split(":")[0]!, digest);
        else pushed.set(key, digest);
        return;
      }
      const files: Record<string, Uint8Array> = { base: chance.oneOf(bases) };
      if (chance.random() < 0.5) files["own"] = chance.bytes(20_000);
      await writeLayout(layout, { image: makeImage({ files }) });
      pushed.set(key, await skopeoPush(layout, "image", server, key));
    };
  }

  async function deleteManifest(name: string, digest: string): Promise<void> {
    const response = await fetch(`${server.url}/v2/${name}/manifests/${digest}`, {
      method: "DELETE",
      headers: { authorization: basic(server.credential) },
    });
    expect(response.status).toBe(202);
  }

  test(
    `nothing pushed is lost, and ${KILLS} kills later nothing else is left`,
    async () => {
      const killed = killSweeper(chanceOf(SEED));
      const streams = Array.from({ length: STREAMS }, (_, stream) => pushes(stream));
      await Promise.all(streams.map((work) => untilEndOf(killed, work)));

      const expected = Object.fromEntries([...pushed].toSorted());
      expect(await contentsOf(server)).toEqual(expected);
      await readEverything(server, expected);
      expect(await journalDifferences(server)).toEqual([]);
      await waitUntil("the store holds what is named", unnamedFiles, [], 60_000);
      await readEverything(server, expected);
      expect(said).toMatch(/"freed":\{"blobs":[1-9]/);
    },
    isLong ? 900_000 : 240_000,
  );

  /** Files of the store, those in quarantine among them, that no manifest is or refers to. */
  async function unnamedFiles(): Promise<string[]> {
    const catalog = await openCatalog({ url: databaseUrl(), maxConnections: 1 });
    const manifests = catalog.db.selectFrom("manifest").select("digest");
    const named = await manifests
      .union(catalog.db.selectFrom("manifest_reference").select("digest"))
      .execute();
    await catalog.close();
    const known = new Set(named.map(({ digest }) => digest.replace("sha256:", "")));
    const files = await readdir(storage(), { recursive: true });
    const blobs = files.filter((path) => /^(?:blobs|quarantine)\//.test(path));
    return blobs.filter((path) => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      return name.length === 64 && !known.has(name);
    });
  }
});
