import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { administer } from "@entrepot/catalog/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type EntrepotProcess,
  postgresOf,
  runEntrepot,
  spawnServer,
  stopPostgres,
} from "./entrepot-process.ts";
import { logsOfFailures } from "./entrepot-state.ts";
import { freePort } from "./free-port.ts";
import { makeImage } from "./images.ts";
import { pushOnce } from "./push-client.ts";
import { readEverything } from "./registry-contents.ts";

/** How a server that could not start has ended. */
interface Refusal {
  readonly code: number | null;
  /** What it printed, by line. */
  readonly lines: readonly string[];
}

const hasSetpriv = spawnSync("setpriv", ["--version"], { stdio: "ignore" }).status === 0;
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const asNobody = ["setpriv", "--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];

describe("starts and ends", () => {
  let entrepot: EntrepotProcess;
  let folder: string;
  const image = makeImage();
  const contents = { "library/app:1": image.content.digest };

  logsOfFailures(() => [entrepot]);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-lifecycle-"));
    await chmod(folder, 0o711);
    entrepot = await runEntrepot({ dataFolder: "data with a space" });
    await pushOnce(entrepot, "library/app", image, "1");
  });
  afterAll(async () => {
    await entrepot?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function refused(args: readonly string[], wrapper?: readonly string[]): Promise<Refusal> {
    const listen = args.includes("--listen") ? [] : ["--listen", `127.0.0.1:${await freePort()}`];
    const child = spawnServer(["serve", "--log-level=warn", ...listen, ...args], {}, wrapper);
    let text = "";
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (chunk: Buffer) => (text += String(chunk)));
    }
    const late = setTimeout(() => child.kill("SIGKILL"), 40_000);
    const [code] = await once(child, "close");
    clearTimeout(late);
    return { code, lines: text.trim().split("\n") };
  }

  /** One line that says so, and a failure. */
  const refusal = (text: RegExp) => ({ code: 1, lines: [expect.stringMatching(text)] });

  test("runs in a folder with a space in its name", async () => {
    expect(entrepot.dataDir).toContain(" ");
    await readEverything(entrepot, contents);
  });

  test("a second server on the same data folder", async () => {
    const { dataDir } = entrepot;
    expect(await refused(["--data", dataDir])).toEqual(refusal(/^entrepot: .*in use.*another/));
    await readEverything(entrepot, contents);
  });

  test("a port that is taken", async () => {
    const dataDir = join(folder, "taken");
    const args = ["--data", dataDir, "--listen", entrepot.address];
    expect(await refused(args)).toEqual(refusal(/^entrepot: .*in use|taken/));
    expect(postgresOf(dataDir)).toBeNull();
  });

  const cannot = hasSetpriv && isRoot ? "" : " (skipped: needs root and setpriv)";
  test.skipIf(cannot !== "")(`a data folder that cannot be written${cannot}`, async () => {
    const closed = join(folder, "closed");
    await mkdir(closed, { mode: 0o755 });
    const refusals = [
      await refused(["--data", closed], asNobody),
      await refused(["--data", join(closed, "deeper")], asNobody),
    ];
    expect(refusals).toEqual([refusal(/^entrepot: .*closed.*/), refusal(/^entrepot: .*deeper.*/)]);
  });

  test("Ctrl-C stops everything, and the next start finds it all", async () => {
    const { dataDir } = entrepot;
    const postgres = postgresOf(dataDir);
    expect(postgres).not.toBeNull();
    expect(await entrepot.stop("SIGINT")).toBe(0);
    expect(postgresOf(dataDir)).toBeNull();
    await entrepot.start();
    await readEverything(entrepot, contents);
  });

  test("kill -9, and the next start finds it all", async () => {
    entrepot.kill9();
    await entrepot.restart();
    await readEverything(entrepot, contents);
    await pushOnce(entrepot, "library/app", image, "2");
  });

  test("a blob store of a newer version", async () => {
    const { dataDir } = entrepot;
    const layout = join(dataDir, "storage/layout.json");
    const text = await readFile(layout, "utf8");
    await entrepot.stop();
    await writeFile(layout, text.replace('"version":1', '"version":99'));
    expect(await refused(["--data", dataDir])).toEqual(refusal(/^entrepot: .*layout version 99/));
    expect(postgresOf(dataDir)).toBeNull();
    await writeFile(layout, text);
    await entrepot.start();
    await readEverything(entrepot, contents);
  });

  test("a database of a newer version", async () => {
    const { dataDir } = entrepot;
    await change(dataDir, "INSERT INTO schema_version (version, name) VALUES (9999, 'future')");
    // The PostgreSQL of a killed server is as good a place to find it as any.
    entrepot.kill9();
    expect(await refused(["--data", dataDir])).toEqual(refusal(/^entrepot: .*version 9999/));
    expect(postgresOf(dataDir)).toBeNull();
    expect(await refused(["--data", dataDir])).toEqual(refusal(/^entrepot: .*version 9999/));
    await stopPostgres(dataDir);
  });

  const change = (dataDir: string, statement: string) =>
    administer(postgresOf(dataDir)!.url, statement);
});
