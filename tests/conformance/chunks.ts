import { connect } from "node:net";
import { once } from "node:events";
import { digestOf } from "@entrepot/oci";
import { expect, test } from "vitest";
import { randomBlob, withDigest } from "./peer.ts";
import type { Answer, Peer } from "./peer.ts";

const bytes = randomBlob(1000);

/** end-5 and end-13: uploads in pieces, and how they recover. */
export function chunkTests(peer: Peer): void {
  test.each(["PATCH", "PUT"])("three chunks, the last one by %s", async (lastMethod) => {
    const name = peer.newRepository();
    let location = await peer.startUpload(name);
    location = accepted(await sendChunk(peer, "PATCH", location, 0, 332), "0-332");
    location = accepted(await sendChunk(peer, "PATCH", location, 333, 665), "0-665");
    const url = (at: string) => withDigest(at, digestOf(bytes));
    if (lastMethod === "PUT") {
      expect((await sendChunk(peer, "PUT", url(location), 666, 999)).status).toBe(201);
    } else {
      location = accepted(await sendChunk(peer, "PATCH", location, 666, 999), "0-999");
      expect((await peer.send("PUT", url(location))).status).toBe(201);
    }
    const got = await peer.send("GET", `/v2/${name}/blobs/${digestOf(bytes)}`);
    expect(Buffer.from(got.bytes).equals(bytes)).toBe(true);
  });

  test.each([
    ["PATCH", 0, 99],
    ["PATCH", 50, 149],
    ["PATCH", 101, 200],
    ["PATCH", 800, 999],
    ["PUT", 200, 999],
    ["PUT", 0, 999],
  ])("after 100 bytes, a %s of %i to %i is out of order", async (method, first, last) => {
    const name = peer.newRepository();
    const location = accepted(
      await sendChunk(peer, "PATCH", await peer.startUpload(name), 0, 99),
      "0-99",
    );
    const at = method === "PUT" ? withDigest(location, digestOf(bytes)) : location;
    const refused = await sendChunk(peer, method, at, first, last);
    expect(refused).toMatchObject({ status: 416, code: "RANGE_INVALID" });
    expect(refused.headers.get("range")).toBe("0-99");
    expect(refused.headers.get("location")).toMatch(/^\/v2\//);

    const status = await peer.send("GET", refused.headers.get("location") ?? "");
    expect(status.status).toBe(204);
    expect(status.headers.get("range")).toBe("0-99");
    const url = withDigest(status.headers.get("location") ?? "", digestOf(bytes));
    expect((await sendChunk(peer, "PUT", url, 100, 999)).status).toBe(201);
  });

  test("a first chunk that does not begin at 0 is out of order", async () => {
    const refused = await sendChunk(
      peer,
      "PATCH",
      await peer.startUpload(peer.newRepository()),
      1,
      9,
    );
    expect(refused).toMatchObject({ status: 416, code: "RANGE_INVALID" });
  });
}

/** Content-Range in its shapes, and none. */
export function chunkRangeTests(peer: Peer): void {
  test("the unit that HTTP wants and this API does not is understood", async () => {
    const location = await peer.startUpload(peer.newRepository());
    accepted(await sendChunk(peer, "PATCH", location, 0, 99, "bytes 0-99/*"), "0-99");
  });

  test.each(["", "abc", "5", "9-5", "-5", "0-99999999999999999999"])(
    "Content-Range %j is malformed",
    async (text) => {
      const location = await peer.startUpload(peer.newRepository());
      const refused = await sendChunk(peer, "PATCH", location, 0, 99, text);
      expect(refused).toMatchObject({ status: 400, code: "BLOB_UPLOAD_INVALID" });
    },
  );

  test("a Content-Range of another length than the body is refused", async () => {
    const location = await peer.startUpload(peer.newRepository());
    const refused = await sendChunk(peer, "PATCH", location, 0, 99, "0-98");
    expect(refused).toMatchObject({ status: 400, code: "SIZE_INVALID" });
    expect((await peer.send("GET", location)).headers.get("range")).toBe("0-0");
  });

  test("streams follow one another without Content-Range", async () => {
    const name = peer.newRepository();
    let location = await peer.startUpload(name);
    const part = (first: number, last: number) =>
      peer.send("PATCH", location, { body: new Blob([bytes.subarray(first, last)]).stream() });
    location = accepted(await part(0, 600), "0-599");
    location = accepted(await part(600, 1000), "0-999");
    expect((await peer.send("PUT", withDigest(location, digestOf(bytes)))).status).toBe(201);
    const got = await peer.send("GET", `/v2/${name}/blobs/${digestOf(bytes)}`);
    expect(Buffer.from(got.bytes).equals(bytes)).toBe(true);
  });

  test("an empty PATCH changes nothing", async () => {
    const location = await peer.startUpload(peer.newRepository());
    accepted(await peer.send("PATCH", location, { body: new Uint8Array() }), "0-0");
  });

  test("what came before the client went is kept, and the upload goes on", async () => {
    const name = peer.newRepository();
    const location = await peer.startUpload(name);
    await cutOff(peer, location, bytes.subarray(0, 400), 1000);
    // What was on its way may be lost; what is told must be there. The server may still be busy
    // with the broken chunk, then it says 416, and asking again is what a client does.
    let answer: Answer;
    do {
      const status = await peer.send("GET", location);
      const last = Number(status.headers.get("range")?.slice(2));
      const offset = last === 0 ? 0 : last + 1;
      expect(offset).toBeLessThanOrEqual(400);
      answer = await sendChunk(peer, "PUT", withDigest(location, digestOf(bytes)), offset, 999);
    } while (answer.status === 416);
    expect(answer.status).toBe(201);
  });
}

/** Sends bytes `first` to `last` to `url`; `range` is what the header says of them. */
function sendChunk(
  peer: Peer,
  method: string,
  url: string,
  first: number,
  last: number,
  range = `${first}-${last}`,
): Promise<Answer> {
  const body = bytes.subarray(first, last + 1);
  return peer.send(method, url, { body, headers: { "Content-Range": range } });
}

function accepted(answer: Answer, range: string): string {
  expect(answer.status).toBe(202);
  expect(answer.headers.get("range")).toBe(range);
  const location = answer.headers.get("location");
  expect(location).toMatch(/^\/v2\//);
  return location ?? "";
}

/** Announces `length` bytes, sends `part`, hears the server begin to wait, and goes. */
async function cutOff(peer: Peer, path: string, part: Uint8Array, length: number): Promise<void> {
  const { hostname, port, host } = new URL(peer.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const auth = Object.entries(peer.headers).map(([key, value]) => `${key}: ${value}\r\n`);
  socket.write(
    `PATCH ${path} HTTP/1.1\r\nHost: ${host}\r\n${auth.join("")}` +
      `Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
  );
  await once(socket, "data");
  await new Promise((done) => socket.write(part, done));
  socket.destroy();
}
