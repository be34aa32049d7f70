import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./entrepot-cli.ts";
import { type EntrepotProcess, runEntrepot, stopPostgres } from "./entrepot-process.ts";
import { logsOfFailures } from "./entrepot-state.ts";
import { makeImage, makeTwoPlatforms, writeLayout } from "./images.ts";
import { contentsOf, readEverything } from "./registry-contents.ts";
import { hasSkopeo, skopeo, skopeoPush } from "./skopeo.ts";
import { waitUntil } from "./wait-until.ts";

const main = join(import.meta.dirname, "../../apps/server/main.ts");
const skipped = hasSkopeo ? "" : " (skipped: skopeo is not installed)";

describe.skipIf(!hasSkopeo)(`a database that is lost${skipped}`, () => {
  let server: EntrepotProcess;
  logsOfFailures(() => [server]);
  beforeAll(async () => {
    server = await runEntrepot();
  });
  afterAll(() => server?.close());

  const rebuild = async (...flags: string[]): Promise<string> => {
    const args = [main, "rebuild", "--data", server.dataDir, ...flags];
    return (await promisify(execFile)(process.execPath, args)).stdout;
  };

  test(
    "comes back from the storage alone, and skopeo pulls all",
    { timeout: 180_000 },
    async () => {
      const layout = join(server.folder, "layout");
      await writeLayout(layout, { one: makeImage(), two: makeTwoPlatforms(), late: makeImage() });
      await skopeoPush(layout, "one", server, "library/app:one");
      await skopeoPush(layout, "two", server, "library/app:two");
      await runCli(server, ["project", "create", "team"]);
      const before = await contentsOf(server);
      const archived = async () => {
        const plan = await rebuild("--dry-run").catch(String);
        return /journal seq (\d+)/.exec(plan)?.[1];
      };
      const { body } = await metrics(server);
      const head = /^entrepot_journal_head (\d+)/m.exec(body)?.[1];
      expect(head).toBeDefined();
      await waitUntil("the names are in the storage", archived, head!, 60_000);

      // Killed: nothing is written on its way out.
      server.kill9();
      await stopPostgres(server.dataDir);
      await rm(join(server.dataDir, "postgres"), { recursive: true });
      const said = await rebuild("--yes");
      expect(said).toContain("Restored 2 tags");
      expect(said).toContain("Every blob is there");
      await server.restart();

      expect(await contentsOf(server)).toEqual(before);
      await readEverything(server, before);
      const { username, password } = server.credential;
      for (const name of Object.keys(before)) {
        const from = ["--src-tls-verify=false", "--src-creds", `${username}:${password}`];
        const image = `docker://${server.address}/${name}`;
        await skopeo(["copy", "--all", ...from, image, `dir:${join(server.folder, "pulled")}`]);
      }
      expect(await runCli(server, ["project", "list"])).toContain("team");
      // And goes on: the archive follows the new timeline.
      await skopeoPush(layout, "late", server, "library/app:late");
      expect(await server.stop()).toBe(0);
      expect(await rebuild("--dry-run")).toMatch(/timeline {2}2 ends there/);
    },
  );

  test("without names in the storage, manifests are listed", { timeout: 60_000 }, async () => {
    const copy = join(server.dataDir, "storage");
    await rm(join(copy, "names"), { recursive: true });
    await expect(rebuild("--yes")).rejects.toThrow(/holds no names .* --from-blobs/);
    const said = await rebuild("--from-blobs");
    expect(said).toMatch(/^sha256:[0-9a-f]{64}\tindex\t\d+ bytes\twhole/m);
    expect(said).toMatch(/3 manifests among \d+ blobs\. Their names are not known/);
  });
});

async function metrics({ url, credential }: EntrepotProcess): Promise<{ body: string }> {
  const { username, password } = credential;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const answer = await fetch(`${url}/metrics`, { headers: { authorization } });
  return { body: await answer.text() };
}
