import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { logsOfFailures } from "./entrepot-state.ts";
import { makeImage, writeLayout } from "./images.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";
import { waitUntil } from "./wait-until.ts";

const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;
const missing = [...(hasSkopeo ? [] : ["skopeo"]), ...(hasOpenssl ? [] : ["openssl"])].join(", ");
const title = `HTTPS${missing && ` (skipped: ${missing} not installed)`}`;

describe.skipIf(missing !== "")(title, () => {
  let folder: string;
  let layout: string;
  let entrepot: EntrepotProcess;
  const image = makeImage();
  const at = (...names: string[]) => join(folder, ...names);

  /** A certificate of its own authority for 127.0.0.1, in `folder`/`name`. */
  async function makeCertificate(name: string): Promise<void> {
    await mkdir(at(name));
    const asks = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2`.split(" ");
    const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
    const files = ["-keyout", at(name, "tls.key"), "-out", at(name, "ca.crt")];
    const { status } = spawnSync("openssl", [...asks, ...names, ...files], { stdio: "ignore" });
    expect(status).toBe(0);
  }

  async function install(name: string): Promise<void> {
    await copyFile(at(name, "tls.key"), at("served.key"));
    await copyFile(at(name, "ca.crt"), at("served.crt"));
  }

  /** Whose certificate a new connection is shown. */
  function shown(): Promise<string> {
    const [host, port] = entrepot.address.split(":");
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on("error", reject);
    });
  }

  function push(authority: string, tag: string): Promise<string> {
    const { username, password } = entrepot.credential;
    const login = ["--dest-creds", `${username}:${password}`, "--dest-cert-dir", at(authority)];
    const to = `docker://${entrepot.address}/library/app:${tag}`;
    return skopeo(["copy", ...login, `oci:${layout}:image`, to]);
  }

  logsOfFailures(() => [entrepot]);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-https-"));
    layout = await writeLayout(at("layout"), { image });
    for (const name of ["first", "second"]) await makeCertificate(name);
    // skopeo takes a folder's .key for a client's; it gets the authorities without.
    await install("first");
    for (const name of ["first", "second"]) {
      await mkdir(at(`trusting-${name}`));
      await copyFile(at(name, "ca.crt"), at(`trusting-${name}`, "ca.crt"));
    }
    const flags = ["--tls-cert", at("served.crt"), "--tls-key", at("served.key")];
    entrepot = await runEntrepot({ scheme: "https", flags });
  });
  afterAll(async () => {
    await entrepot?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("skopeo pushes over it, given the authority, and not otherwise", async () => {
    await push("trusting-first", "1");
    await expect(push("trusting-second", "2")).rejects.toThrow(/x509|certificate/);
  });

  test("a certificate that changes is taken without a restart", async () => {
    await install("second");
    await waitUntil("the new certificate is shown", shown, "second");
    await push("trusting-second", "3");
  });
});
