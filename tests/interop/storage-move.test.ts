import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "@entrepot/oci";
import { newPlace, testS3 } from "@entrepot/storage/testing";
import { afterAll, describe, expect, test } from "vitest";
import { basic } from "./entrepot-api.ts";
import { runCli } from "./entrepot-cli.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { makeImage } from "./images.ts";
import * as client from "./push-client.ts";

const s3 = await testS3();
const name = "library/moved";

describe.skipIf(s3 === null)("from a folder into a bucket", { timeout: 180_000 }, () => {
  let server: EntrepotProcess | undefined;
  afterAll(() => server?.close());

  test("moved while it serves, then served from the bucket alone", async () => {
    const flags: string[] = [];
    server = await runEntrepot({ flags });
    const [before, during] = [1, 2].map(() => makeImage({ files: { made: randomBytes(400_000) } }));
    await client.pushOnce(server, name, before!, "before");
    const old = join(server.dataDir, "storage");
    const listed = await readdir(join(old, "blobs/sha256"), { recursive: true });

    await server.stop();
    const { accessKey, secretKey } = s3!.keys;
    const place = ["--storage", await newPlace(s3!), "--s3-access-key", accessKey];
    flags.push(...place, "--s3-secret-key", secretKey, "--s3-redirect", "true");
    flags.push("--storage-old", `file:${old}`);
    await server.start();
    const [root] = before!.children.map(({ content }) => content.digest);
    expect(await pulled(server, root!)).toEqual({ digest: root, redirected: false });
    await client.pushOnce(server, name, during!, "during");

    const said = await runCli(server, ["storage", "migrate", "--wait", "--output", "json"]);
    const { moved, ...run } = JSON.parse(said);
    expect(run).toMatchObject({ configured: true, status: "Success", damaged: 0 });
    expect(moved).toBeGreaterThanOrEqual(before!.children.length + 1);
    expect(await readdir(join(old, "blobs/sha256"), { recursive: true })).toEqual(listed);

    await server.stop();
    flags.splice(-2);
    await server.start();
    for (const { children } of [before!, during!]) {
      for (const { content } of children) {
        const { digest } = content;
        expect(await pulled(server, digest)).toEqual({ digest, redirected: true });
      }
    }
    await expect(runCli(server, ["storage", "migrate"])).rejects.toThrow(/no old storage/);
    expect(server.log()).not.toContain(secretKey);
  });
});

/** What a client gets that follows redirects, without its credentials. */
async function pulled({ url, credential }: EntrepotProcess, digest: string) {
  const headers = { authorization: basic(credential) };
  const blob = `${url}/v2/${name}/blobs/${digest}`;
  const answer = await fetch(blob, { headers, redirect: "manual" });
  const redirected = answer.status === 307;
  const bytes = redirected ? await fetch(answer.headers.get("location")!) : answer;
  return { digest: digestOf(Buffer.from(await bytes.arrayBuffer())), redirected };
}
