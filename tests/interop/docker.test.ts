import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "./entrepot-api.ts";
import { dockerMissing, type DockerEngine, runDockerEngine } from "./docker-engine.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { logsOfFailures } from "./entrepot-state.ts";
import { makeImage } from "./images.ts";
import { pushOnce } from "./push-client.ts";
import { contentsOf } from "./registry-contents.ts";
import { tar } from "./tar.ts";
import { thisMachine, tinyProgram } from "./tiny-program.ts";

const machine = thisMachine();
const why = dockerMissing ?? (machine === null ? "no program for this machine" : null);

describe.skipIf(why !== null)(`the Docker engine${why ? ` (skipped: ${why})` : ""}`, () => {
  let entrepot: EntrepotProcess;
  let engine: DockerEngine;
  const docker = (...args: string[]) => engine.docker(args);
  const login = () => {
    const { username, password } = entrepot.credential;
    const flags = ["login", "--username", username, "--password-stdin", entrepot.address];
    return engine.docker(flags, Buffer.from(password));
  };
  const run = (image: string) => docker("run", "--rm", "--network", "none", image);

  logsOfFailures(() => [entrepot]);
  beforeAll(async () => {
    [entrepot, engine] = await Promise.all([runEntrepot(), runDockerEngine()]);
  });
  afterAll(async () => {
    await Promise.all([entrepot?.close(), engine?.close()]);
  });

  test("pulls and runs what another client has pushed, without a login", async () => {
    const image = makeImage({
      architecture: machine === "x64" ? "amd64" : "arm64",
      files: { hello: tinyProgram("hello from Entrepot\n", machine!) },
      entrypoint: ["/hello"],
    });
    await pushOnce(entrepot, "library/hello", image, "1");
    const name = `${entrepot.address}/library/hello:1`;
    await docker("pull", name);
    expect(await run(name)).toBe("hello from Entrepot\n");
  });

  test("a push without a login is refused", async () => {
    const name = `${entrepot.address}/library/mine:1`;
    const made = tar({ hello: tinyProgram("made by Docker\n", machine!) });
    await engine.docker(["import", "--change", 'ENTRYPOINT ["/hello"]', "-", name], made);
    await expect(docker("push", name)).rejects.toThrow(/denied|unauthorized|authentication/i);
    expect(await contentsOf(entrepot)).not.toHaveProperty("library/mine:1");
  });

  test("logs in, pushes under two tags, forgets the image, pulls it back and runs it", async () => {
    const name = `${entrepot.address}/library/mine`;
    expect(await login()).toContain("Login Succeeded");
    await docker("tag", `${name}:1`, `${name}:latest`);
    await docker("push", "--all-tags", name);
    const contents = await contentsOf(entrepot);
    expect(contents["library/mine:1"]).toBe(contents["library/mine:latest"]);

    await docker("rmi", `${name}:1`, `${name}:latest`);
    await docker("pull", `${name}@${contents["library/mine:1"]}`);
    await docker("pull", `${name}:latest`);
    expect(await run(`${name}:latest`)).toBe("made by Docker\n");
  });

  test("a wrong password is refused", async () => {
    const flags = ["login", "--username", "admin", "--password-stdin", entrepot.address];
    await expect(engine.docker(flags, Buffer.from("wrong"))).rejects.toThrow(/unauthorized/i);
    await login();
  });

  test("a private project is open to those logged in only", async () => {
    const metadata = { public: "false" };
    await api(entrepot, "POST", "/projects", { project_name: "secret", metadata });
    const name = `${entrepot.address}/secret/mine:1`;
    await docker("tag", `${entrepot.address}/library/mine:latest`, name);
    await docker("push", name);
    await docker("rmi", name);
    await docker("logout", entrepot.address);
    await expect(docker("pull", name)).rejects.toThrow(/denied|unauthorized|authentication/i);
    await login();
    await docker("pull", name);
    expect(await run(name)).toBe("made by Docker\n");
  });
});
