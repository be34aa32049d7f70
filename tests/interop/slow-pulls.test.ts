import { createHash } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { digestOf, mediaTypes } from "@entrepot/oci";
import { bytesOf } from "@entrepot/registry";
import { sampleBlob } from "@entrepot/registry/samples";
import { type TestServer, testServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chanceOf, replay } from "../simulation/seed.ts";
import { basic } from "./entrepot-api.ts";

const MIB = 1 << 20;
const NAME = "library/slow";

describe(`pulls at any pace: ${replay("tests/interop/slow-pulls.test.ts")}`, () => {
  const chance = chanceOf();
  let server: TestServer;
  const digests: string[] = [];

  beforeAll(async () => {
    server = await testServer({ workers: 0 });
    const repository = server.content.as({ name: "test", cause: "test" }).repository(NAME);
    for (const size of [300_000, MIB, MIB + 1, 3 * MIB - 1, 5 * MIB]) {
      const bytes = createHash("shake256", { outputLength: size }).update(`${size}`).digest();
      const blob = sampleBlob(bytes, mediaTypes.bytes);
      await repository.push(blob.content, bytesOf(blob.bytes));
      digests.push(blob.content.digest);
    }
  });
  afterAll(() => server?.close());

  async function answer(digest: string): Promise<IncomingMessage> {
    const headers = { authorization: basic(server.credential) };
    const request = get(`${server.url}/v2/${NAME}/blobs/${digest}`, { headers, agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    return response;
  }

  /** Reads with rests in between, so that the server has to wait, and perhaps not to the end. */
  async function pull(): Promise<void> {
    const digest = chance.oneOf(digests);
    const end = chance.random() < 0.3 ? chance.between(1, 4 * MIB) : Infinity;
    const restEvery = chance.between(1, 20);
    const response = await answer(digest);
    const pieces: Buffer[] = [];
    let [bytes, n] = [0, 0];
    for await (const piece of response as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= end) return;
      if (n++ % restEvery === 0) for (let rest = 0; rest < 20; rest++) await turn();
    }
    expect(digestOf(Buffer.concat(pieces))).toBe(digest);
  }

  test("each is whole, though others go slowly or break off", async () => {
    const pulls = async () => {
      for (let n = 0; n < 8; n++) await pull();
    };
    await Promise.all(Array.from({ length: 8 }, pulls));
  });
});
