import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type Ceph, missingCeph, startCeph } from "./ceph.ts";

/**
 * One real S3 server for a whole test run, which the first test that asks for it starts: others
 * pay nothing. Tests ask by `testS3` of @entrepot/storage/testing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Ceph> | null = null;
  const ends: (() => Promise<unknown>)[] = [];

  async function start(): Promise<Ceph> {
    const folder = await mkdtemp(join(tmpdir(), "entrepot-s3-"));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const ceph = await startCeph(folder);
    ends.push(() => ceph.stop());
    const letGo = cleanUpAfterUs(folder, ceph.pids);
    ends.push(async () => letGo());
    return ceph;
  }

  const asked = createServer(async (_request, response) => {
    const missing = await missingCeph();
    if (missing.length > 0) {
      const how = "apt-get install radosgw ceph-mon ceph-osd";
      response.writeHead(404).end(`no S3 server (${missing.join(", ")} missing; ${how})`);
      return;
    }
    try {
      const { endpoint, keys } = await (starting ??= start());
      response.end(JSON.stringify({ endpoint, keys }));
    } catch (error) {
      response.writeHead(500).end(`the S3 server did not start: ${String(error)}`);
    }
  });
  await new Promise<void>((listening) => asked.listen(0, "127.0.0.1", listening));
  project.provide("testS3", `http://127.0.0.1:${(asked.address() as AddressInfo).port}`);
  return async () => {
    asked.close();
    asked.closeAllConnections();
    await starting?.catch(() => undefined);
    for (const end of ends.toReversed()) await end();
  };
}

/**
 * A shell that outlives us however we end, sees that by the end of its input, and then ends the
 * server and removes its folder. Returns the call that dismisses it.
 */
function cleanUpAfterUs(folder: string, pids: readonly number[]): () => void {
  const script = 'read -r done && exit; rm -rf -- "$1"; shift; kill -KILL "$@"';
  const shell = spawn("/bin/sh", ["-c", script, "sh", folder, ...pids.map(String)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.unref();
  return () => shell.stdin.end("done\n");
}
