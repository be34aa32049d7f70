import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import type { EndpointFetchOptions } from "@entrepot/distribution/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;
const title = `TLS to an endpoint${hasOpenssl ? "" : " (skipped: openssl is not installed)"}`;

describe.skipIf(!hasOpenssl)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), "entrepot-tls-"));
  let server: Server;
  let port: number;
  let ca: string;
  beforeAll(async () => {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const asks =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=me";
    const names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert];
    spawnSync("openssl", [...asks.split(" "), ...names], { stdio: "ignore" });
    ca = readFileSync(cert, "utf8");
    const answer = { key: readFileSync(key), cert: ca };
    server = createServer(answer, (_, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function ping(options: EndpointFetchOptions, url = `https://127.0.0.1:${port}`) {
    const registry = remoteRegistry({ url, fetch: endpointFetch(options) });
    await registry.ping().finally(registry.close);
  }
  const unreachable = (text: string) =>
    expect.objectContaining({ code: "UNREACHABLE", message: expect.stringContaining(text) });

  test("a certificate of an unknown authority is refused, with the remedy", async () => {
    await expect(ping({})).rejects.toEqual(unreachable("give the endpoint its CA"));
  });

  test("it is taken with its authority given", () => ping({ ca }));

  test("it is taken where nothing is checked", () => ping({ insecure: true }));

  test("a name that the certificate does not have is refused", async () => {
    const other = `https://localhost:${port}`;
    await expect(ping({ ca }, other)).rejects.toEqual(unreachable("for another name"));
  });

  test("http to a TLS port", async () => {
    await expect(ping({}, `http://127.0.0.1:${port}`)).rejects.toEqual(unreachable(""));
  });
});
