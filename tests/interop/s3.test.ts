import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { digestOf, mediaTypes } from "@entrepot/oci";
import { sampleBlob } from "@entrepot/registry/samples";
import { newPlace, testS3 } from "@entrepot/storage/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EntrepotProcess, postgresOf, runEntrepot } from "./entrepot-process.ts";
import { makeImage } from "./images.ts";
import * as client from "./push-client.ts";

const s3 = await testS3();
const MIB = 1024 * 1024;

const chunk = (bytes: Buffer, from: number, to: number) =>
  sampleBlob(bytes.subarray(from, to), mediaTypes.bytes);
const range = (from: number, to: number) => ({ "content-range": `${from}-${to - 1}` });
const offsetOf = (answer: Response) => Number(answer.headers.get("range")!.split("-")[1]) + 1;

describe.skipIf(s3 === null)("servers over one bucket", { timeout: 180_000 }, () => {
  let one: EntrepotProcess;
  let two: EntrepotProcess;
  let flags: string[];

  beforeAll(async () => {
    const { accessKey, secretKey } = s3!.keys;
    const keys = ["--s3-access-key", accessKey, "--s3-secret-key", secretKey];
    flags = ["--storage", `${await newPlace(s3!)}&part_mib=5`, ...keys];
    const secretKeyOfNodes = ["--secret-key", randomBytes(32).toString("base64")];
    one = await runEntrepot({ name: "one", flags: [...flags, ...secretKeyOfNodes] });
    const database = ["--database-url", postgresOf(one.dataDir)!.url, "--role", "api"];
    two = await runEntrepot({ name: "two", flags: [...flags, ...secretKeyOfNodes, ...database] });
  }, 180_000);
  afterAll(async () => {
    await two?.close();
    await one?.close();
  });

  const begin = async (name: string) => {
    const started = await client.send(one, "POST", `/v2/${name}/blobs/uploads/`, 202);
    return new URL(started.headers.get("location")!, one.url).pathname;
  };
  const pulled = async (from: EntrepotProcess, name: string, digest: string) => {
    const answer = await client.send(from, "GET", `/v2/${name}/blobs/${digest}`, 200);
    return digestOf(Buffer.from(await answer.arrayBuffer()));
  };

  test("an image pushed to one is pulled from the other", async () => {
    const image = makeImage({ files: { made: randomBytes(3 * MIB) } });
    await client.pushOnce(one, "library/shared", image, "v1");
    for (const { digest } of image.children.map(({ content }) => content)) {
      expect(await pulled(two, "library/shared", digest)).toBe(digest);
    }
  });

  test.each([3, 12, 25])("an upload of %i MiB begun at one is ended at the other", async (size) => {
    const blob = randomBytes(size * MIB + 7);
    const path = await begin("library/handed");
    const cuts = [0, Math.floor(blob.length / 3), Math.floor(blob.length / 2), blob.length];
    for (const [n, node] of [one, two, one].entries()) {
      const [from, to] = [cuts[n]!, cuts[n + 1]!];
      await client.send(node, "PATCH", path, 202, chunk(blob, from, to), range(from, to));
      expect(offsetOf(await client.send(two, "GET", path, 204))).toBe(to);
    }
    const digest = digestOf(blob);
    await client.send(two, "PUT", `${path}?digest=${digest}`, 201);
    expect(await pulled(one, "library/handed", digest)).toBe(digest);
  });

  test("bytes that another node mixed in are found out before anybody sees them", async () => {
    const [blob, other] = [randomBytes(12 * MIB), randomBytes(12 * MIB)];
    const path = await begin("library/mixed");
    await client.send(one, "PATCH", path, 202, chunk(blob, 0, 6 * MIB), range(0, 6 * MIB));
    const rest = range(6 * MIB, blob.length);
    await client.send(two, "PATCH", path, 202, chunk(other, 6 * MIB, blob.length), rest);
    const digest = digestOf(blob);
    await client.send(one, "PUT", `${path}?digest=${digest}`, 400);
    await client.send(one, "HEAD", `/v2/library/mixed/blobs/${digest}`, 404);
  });

  test("kill -9 in the middle of an upload: it goes on at its offset", async () => {
    const blob = randomBytes(40 * MIB);
    const path = await begin("library/killed");
    const first = 11 * MIB;
    await client.send(one, "PATCH", path, 202, chunk(blob, 0, first), range(0, first));
    const sent = client.send(
      one,
      "PATCH",
      path,
      202,
      chunk(blob, first, blob.length),
      range(first, blob.length),
    );
    sent.catch(() => undefined);
    // Another node sees what has become durable; the kill comes when there is some of it.
    for (;;) {
      const offset = offsetOf(await client.send(two, "GET", path, 204));
      if (offset > first) break;
      await pause(5);
    }
    one.kill9();
    await sent.catch(() => undefined);
    await one.restart();

    const offset = offsetOf(await client.send(one, "GET", path, 204));
    expect(offset).toBeGreaterThan(first);
    const rest = chunk(blob, offset, blob.length);
    await client.send(one, "PATCH", path, 202, rest, range(offset, blob.length));
    const digest = digestOf(blob);
    await client.send(one, "PUT", `${path}?digest=${digest}`, 201);
    expect(await pulled(two, "library/killed", digest)).toBe(digest);
  });
});
