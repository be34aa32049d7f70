import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { testServer } from "@entrepot/server/testing";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { expect, onTestFinished, test } from "vitest";
import { runCli } from "./entrepot-cli.ts";

const main = join(import.meta.dirname, "../../apps/server/main.ts");
const ACTOR = { name: "ann", cause: "test" };

test(
  "the command restores a moment between two backups, and not without a yes",
  { timeout: 180_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "entrepot-vault-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await chmod(folder, 0o711);
    const server = await testServer({ backupFolders: [folder] });
    onTestFinished(() => server.close());
    const repository = server.content.as(ACTOR).repository("library/app");
    const push = (tag: string) => pushSample(repository, sampleImage(), [tag]);
    const vault = `file:${join(folder, "vault")}`;
    await runCli(server, ["backup", "target", "create", "vault", "--to", vault]);
    await push("one");
    await runCli(server, ["backup", "run", "vault", "--wait"]);
    await push("two");
    const seq = await server.catalog.head();
    await push("three");
    await repository.delete("one");
    await runCli(server, ["backup", "run", "vault", "--wait"]);

    const restore = (...more: string[]) => {
      const flags = ["--from", vault, "--data", join(folder, "new"), "--seq", `${seq}`, ...more];
      return promisify(execFile)(process.execPath, [main, "restore", ...flags]);
    };
    await expect(restore()).rejects.toMatchObject({ code: 2 });
    const { stdout } = await restore("--yes");
    expect(stdout).toContain(`names go back to journal seq ${seq}`);
    expect(stdout).toMatch(
      new RegExp(`Names are as they were at journal seq ${seq}: \\d went back`),
    );
    await expect(restore("--yes")).rejects.toMatchObject({
      stderr: expect.stringContaining("this registry is not empty"),
    });
  },
);
