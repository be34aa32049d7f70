import { expect, test } from "vitest";
import type { Peer } from "./peer.ts";

/** end-1, and what no endpoint answers. */
export function checkTests(peer: Peer): void {
  test.each(["GET", "HEAD"])("%s /v2/ says that the API is here", async (method) => {
    const answer = await peer.send(method, "/v2/");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
    expect(answer.bytes.byteLength).toBe(method === "HEAD" ? 0 : 2);
  });

  const wrongMethods = [
    ["POST", "/v2/", "GET, HEAD"],
    ["DELETE", "/v2/_catalog", "GET, HEAD"],
    ["POST", "/v2/library/x/tags/list", "GET, HEAD"],
    ["PUT", "/v2/library/x/referrers/sha256:0", "GET, HEAD"],
    ["PATCH", "/v2/library/x/manifests/latest", "GET, HEAD, PUT, DELETE"],
    ["PUT", "/v2/library/x/blobs/sha256:0", "GET, HEAD, DELETE"],
    ["GET", "/v2/library/x/blobs/uploads/", "POST"],
    ["POST", "/v2/library/x/blobs/uploads/1", "GET, PATCH, PUT, DELETE"],
  ] as const;
  test.each(wrongMethods)("%s %s is answered with 405 and %s", async (method, path, allow) => {
    const answer = await peer.send(method, path);
    expect(answer).toMatchObject({ status: 405, code: "UNSUPPORTED" });
    expect(answer.headers.get("allow")).toBe(allow);
  });

  const nowhere = ["/v2/library/x", "/v2/library/x/manifests/", "/v2/library/x/tags/all"];
  test.each(nowhere)("%s is not found, in the envelope", async (path) => {
    const answer = await peer.send("GET", path);
    expect(answer.status).toBe(404);
    expect(answer.json.errors[0].message).toBeTypeOf("string");
  });
}
